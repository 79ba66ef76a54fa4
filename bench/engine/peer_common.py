"""The same decoder in PyTorch: pre-RMSNorm, rotary positions, grouped-query attention, SwiGLU, untied head.
The size comes from the environment (HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FEED_FORWARD, VOCABULARY, TIME)."""

import json
import math
import os
import statistics

import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "2")))


def size(name, default):
    return int(os.environ.get(name, default))


HIDDEN, LAYERS, FEED_FORWARD = size("HIDDEN", 256), size("LAYERS", 6), size("FEED_FORWARD", 768)
HEADS, KV_HEADS, HEAD_DIM = size("HEADS", 4), size("KV_HEADS", 2), size("HEAD_DIM", 64)
VOCABULARY, TIME = size("VOCABULARY", 128), size("TIME", 256)
GROUP, SCALE = HEADS // KV_HEADS, 1 / math.sqrt(HEAD_DIM)

_angles = torch.arange(TIME)[:, None] * (10000 ** (-torch.arange(0, HEAD_DIM, 2) / HEAD_DIM))[None]
COS, SIN = torch.cat([_angles.cos()] * 2, -1), torch.cat([_angles.sin()] * 2, -1)
CAUSAL = torch.triu(torch.full((TIME, TIME), -1e9), 1)


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def linear(inputs, outputs):
    layer = torch.nn.Linear(inputs, outputs, bias=False)
    torch.nn.init.normal_(layer.weight, std=0.02)
    return layer


class RmsNorm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * self.weight


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.mlp_norm = RmsNorm(), RmsNorm()
        self.q, self.o = linear(HIDDEN, HEADS * HEAD_DIM), linear(HEADS * HEAD_DIM, HIDDEN)
        self.k, self.v = linear(HIDDEN, KV_HEADS * HEAD_DIM), linear(HIDDEN, KV_HEADS * HEAD_DIM)
        self.gate, self.up = linear(HIDDEN, FEED_FORWARD), linear(HIDDEN, FEED_FORWARD)
        self.down = linear(FEED_FORWARD, HIDDEN)

    def attention(self, x):
        """Queries of a group are rows of one product, so keys and values are not repeated."""
        b, t, _ = x.shape
        q = rotate(self.q(x).view(b, t, HEADS, HEAD_DIM).transpose(1, 2), COS[:t], SIN[:t])
        k = rotate(self.k(x).view(b, t, KV_HEADS, HEAD_DIM).transpose(1, 2), COS[:t], SIN[:t])
        v = self.v(x).view(b, t, KV_HEADS, HEAD_DIM).transpose(1, 2)
        scores = (q.reshape(b, KV_HEADS, GROUP * t, HEAD_DIM) * SCALE) @ k.transpose(-1, -2)
        scores = scores.view(b, KV_HEADS, GROUP, t, t) + CAUSAL[:t, :t]
        p = torch.softmax(scores, -1).view(b, KV_HEADS, GROUP * t, t)
        o = (p @ v).view(b, HEADS, t, HEAD_DIM).transpose(1, 2).reshape(b, t, HEADS * HEAD_DIM)
        return self.o(o), k, v

    def mlp(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, HIDDEN)
        torch.nn.init.normal_(self.embedding.weight, std=0.02)
        self.blocks = torch.nn.ModuleList([Block() for _ in range(LAYERS)])
        self.norm, self.head = RmsNorm(), linear(HIDDEN, VOCABULARY)

    def forward(self, tokens, caches=None):
        """Logits of every position; keys and values are written to the start of `caches` when given."""
        x = self.embedding(tokens)
        for i, block in enumerate(self.blocks):
            attended, k, v = block.attention(block.attention_norm(x))
            if caches is not None:
                keys, values = caches[i]
                keys[:, :, : k.shape[2]], values[:, :, : v.shape[2]] = k, v
            x = x + attended
            x = x + block.mlp(block.mlp_norm(x))
        return self.head(self.norm(x))


def report(times, **extra):
    """Prints the result as one line of JSON."""
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"seconds": statistics.median(times), "best": min(times), "peakMegabytes": peak / 1e3, **extra}))
