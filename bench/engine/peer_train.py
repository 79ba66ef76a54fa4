"""PyTorch float32 training steps of the size in the environment; MICRO_BATCH splits a step as ours does."""

import sys
import time

import torch
import torch.nn.functional as F
from peer_common import TIME, VOCABULARY, Decoder, report, size

BATCH = size("BATCH", 32)
MICRO_BATCH = size("MICRO_BATCH", BATCH)

model = Decoder()
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), foreach=True)
tokens = torch.randint(0, VOCABULARY, (BATCH, TIME))
targets = torch.randint(0, VOCABULARY, (BATCH, TIME))
times = []
for step in range(int(sys.argv[1]) + 1):
    start = time.perf_counter()
    optimiser.zero_grad()
    for x, y in zip(tokens.split(MICRO_BATCH), targets.split(MICRO_BATCH)):
        loss = F.cross_entropy(model(x).view(-1, VOCABULARY), y.reshape(-1), reduction="sum")
        (loss / (BATCH * TIME)).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    if step > 0:
        times.append(time.perf_counter() - start)
report(times)
