"""PyTorch float32 batched sampling with a key-value cache: 256 sequences, a short prompt, 128 new tokens each, with
the log-probability of every token."""

import sys
import time

import torch
import torch.nn.functional as F
from peer_common import COS, GROUP, HEAD_DIM, HEADS, KV_HEADS, LAYERS, SCALE, SIN, VOCABULARY, Decoder, report, rotate

SEQUENCES, PROMPT, NEW_TOKENS = 256, 8, 128
model = Decoder().eval()


def draw(logits):
    log_probs = F.log_softmax(logits, -1)
    tokens = torch.multinomial(log_probs.exp(), 1)
    return tokens[:, 0], log_probs.gather(1, tokens)[:, 0]


def decode(tokens, position, caches):
    x = model.embedding(tokens)
    cos, sin = COS[position], SIN[position]
    for block, (keys, values) in zip(model.blocks, caches):
        h = block.attention_norm(x)
        q = rotate(block.q(h).view(SEQUENCES, KV_HEADS, GROUP, HEAD_DIM), cos, sin)
        keys[:, :, position] = rotate(block.k(h).view(SEQUENCES, KV_HEADS, HEAD_DIM), cos, sin)
        values[:, :, position] = block.v(h).view(SEQUENCES, KV_HEADS, HEAD_DIM)
        known = slice(0, position + 1)
        p = torch.softmax((q * SCALE) @ keys[:, :, known].transpose(-1, -2), -1)
        x = x + block.o((p @ values[:, :, known]).reshape(SEQUENCES, HEADS * HEAD_DIM))
        x = x + block.mlp(block.mlp_norm(x))
    return model.head(model.norm(x))


@torch.no_grad()
def generate():
    shape = (SEQUENCES, KV_HEADS, PROMPT + NEW_TOKENS, HEAD_DIM)
    caches = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(LAYERS)]
    prompts = torch.randint(0, VOCABULARY, (SEQUENCES, PROMPT))
    tokens, log_probs = draw(model(prompts, caches)[:, -1])
    drawn = [(tokens.tolist(), log_probs.tolist())]
    for position in range(PROMPT, PROMPT + NEW_TOKENS - 1):
        tokens, log_probs = draw(decode(tokens, position, caches))
        drawn.append((tokens.tolist(), log_probs.tolist()))
    return drawn


times = []
for run in range(int(sys.argv[1]) + 1):
    start = time.perf_counter()
    generate()
    if run > 0:
        times.append(time.perf_counter() - start)
report(times, tokens=SEQUENCES * NEW_TOKENS)
