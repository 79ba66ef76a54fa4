// One-sided Mann–Whitney U test: is x stochastically greater than y? Normal approximation with the tie and
// continuity corrections (Mann and Whitney 1947). Exact tables for small samples are left out: at the 24 draws the
// gate uses at least, the approximation is within a tenth of the exact tail.

/** P-value of "x tends to be greater than y". 1 when all values are equal. */
export function mannWhitneyGreater(x: readonly number[], y: readonly number[]): number {
  const n = x.length;
  const m = y.length;
  const total = n + m;
  const all = [...x.map((value) => ({ value, own: true })), ...y.map((value) => ({ value, own: false }))];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  let ties = 0;
  for (let i = 0; i < total; ) {
    let j = i;
    while (j < total && all[j].value === all[i].value) j++;
    const rank = (i + j + 1) / 2;
    for (let k = i; k < j; k++) if (all[k].own) rankSum += rank;
    ties += (j - i) ** 3 - (j - i);
    i = j;
  }
  const u = rankSum - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance <= 0 ? 1 : upperTail((u - (n * m) / 2 - 0.5) / Math.sqrt(variance));
}

/** P(Z > z) for a standard normal Z (Abramowitz and Stegun 7.1.26, absolute error below 1e-7). */
export function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (poly * Math.exp(-x * x)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.slice().sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
