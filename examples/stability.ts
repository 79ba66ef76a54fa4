// Stability: pass@k asks whether one of k samples is right, G-Pass@k at tau whether at least tau k of them are.
// Run with: node examples/stability.ts
import { clusterBootstrap, createRng, gPassAtK, mgPassAtK, passAtK, wilsonInterval } from 'touchstone';

const samples = 32;
const k = 16;
const correctPerItem = [32, 32, 30, 28, 20, 16, 12, 8, 4, 1, 0, 0];

console.log('correct  pass@16  G-Pass@16 at 0.5  at 1.0  mG-Pass@16');
for (const correct of [32, 28, 16, 4]) {
  const row = [
    passAtK(samples, correct, k),
    gPassAtK(samples, correct, k, 0.5),
    gPassAtK(samples, correct, k, 1),
    mgPassAtK(samples, correct, k),
  ];
  console.log(`${String(correct).padStart(7)}  ${row.map((value) => value.toFixed(4)).join('  ')}`);
}

const values = correctPerItem.map((correct) => mgPassAtK(samples, correct, k));
const { mean, low, high } = clusterBootstrap(values, createRng('stability'), { resamples: 2000 });
console.log(
  `mG-Pass@16 of all items ${mean.toFixed(3)}, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`,
);

const total = correctPerItem.reduce((sum, correct) => sum + correct, 0);
const share = wilsonInterval(total, samples * correctPerItem.length);
console.log(`accuracy between ${share.low.toFixed(3)} and ${share.high.toFixed(3)}`);
