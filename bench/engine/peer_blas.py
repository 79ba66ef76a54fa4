"""GFLOP/s of PyTorch on two float32 products. run.ts asks this under several OPENBLAS_CORETYPE values and gives the
peers the fastest, because old BLAS builds do not recognise new processors."""

import json
import time

import torch
from peer_common import size

torch.set_num_threads(size("BENCH_THREADS", 2))
time_spent, work = 0.0, 0.0
for n, k, m in ((2048, 2048, 2048), (8192, 256, 768)):
    a, b = torch.randn(n, k), torch.randn(k, m)
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    time_spent += best
    work += 2 * n * k * m
print(json.dumps({"gflops": work / time_spent / 1e9}))
