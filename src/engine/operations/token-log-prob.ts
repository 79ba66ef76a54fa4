// tokenLogProb: what every loss here sees of a model. For logits z [n, V] and targets y [n]:
//   logProb = log softmax(z / temperature)[y],   entropy = -sum_v p_v log p_v   (nats).
// Gradient, with incoming c = dL/dlogProb and e = dL/dentropy per token:
//   dz = (c (onehot(y) - p) - e p (log p + entropy)) / temperature.

import type { Value } from '../graph/value.ts';
import { expectShape, float, type Operation } from './operation.ts';

export interface TokenLogProbAttributes {
  temperature: number;
}

export const tokenLogProb: Operation<TokenLogProbAttributes> = {
  infer(inputs) {
    const [logits, targets] = inputs;
    expectShape(
      logits?.shape.length === 2 && targets?.dtype === 'int' && targets.shape[0] === logits.shape[0],
      'tokenLogProb',
      inputs,
      'needs logits [n, V] and int targets [n]',
    );
    const n = logits?.shape[0] as number;
    return [float(n), float(n)];
  },
  gradient(graph, inputs, _outputs, attributes, [dLogProb, dEntropy]) {
    const [logits, targets] = inputs as [Value, Value];
    if (!dLogProb) throw new Error('tokenLogProb: the gradient of the log-probability is needed');
    const coefficients = dEntropy ? [dLogProb, dEntropy] : [dLogProb];
    return graph.apply('tokenLogProbGradient', [logits, targets, ...coefficients], attributes);
  },
  reference([logits, targets], [logProb, entropy], { temperature }) {
    if (!logits || !targets || !logProb || !entropy) return;
    const [n, vocabulary] = logits.shape as [number, number];
    for (let i = 0; i < n; i++) {
      const row = logSoftmax(logits.data, i * vocabulary, vocabulary, temperature);
      logProb.data[i] = row[targets.data[i] as number] as number;
      entropy.data[i] = row.reduce((sum, l) => sum - (l === -Infinity ? 0 : Math.exp(l) * l), 0);
    }
  },
};

export const tokenLogProbGradient: Operation<TokenLogProbAttributes> = {
  infer(inputs) {
    const [logits, targets, dLogProb, dEntropy] = inputs;
    expectShape(
      logits?.shape.length === 2 &&
        targets?.shape[0] === logits.shape[0] &&
        dLogProb?.shape[0] === logits.shape[0] &&
        (dEntropy === undefined || dEntropy.shape[0] === logits.shape[0]),
      'tokenLogProbGradient',
      inputs,
      'needs logits [n, V], targets [n], dLogProb [n] and optionally dEntropy [n]',
    );
    return [float(...((logits?.shape ?? []) as number[]))];
  },
  reference([logits, targets, dLogProb, dEntropy], [dLogits], { temperature }) {
    if (!logits || !targets || !dLogProb || !dLogits) return;
    const [n, vocabulary] = logits.shape as [number, number];
    for (let i = 0; i < n; i++) {
      const row = logSoftmax(logits.data, i * vocabulary, vocabulary, temperature);
      const entropy = row.reduce((sum, l) => sum - Math.exp(l) * l, 0);
      const c = dLogProb.data[i] as number;
      const e = dEntropy ? (dEntropy.data[i] as number) : 0;
      for (let v = 0; v < vocabulary; v++) {
        const l = row[v] as number;
        const p = Math.exp(l);
        const onehot = v === targets.data[i] ? 1 : 0;
        dLogits.data[i * vocabulary + v] = (c * (onehot - p) - e * p * (l + entropy)) / temperature;
      }
    }
  },
};

function logSoftmax(z: ArrayLike<number>, start: number, size: number, temperature: number): Float64Array {
  const row = new Float64Array(size);
  let max = -Infinity;
  for (let v = 0; v < size; v++) {
    row[v] = (z[start + v] as number) / temperature;
    max = Math.max(max, row[v] as number);
  }
  let sum = 0;
  for (let v = 0; v < size; v++) sum += Math.exp((row[v] as number) - max);
  const shift = max + Math.log(sum);
  for (let v = 0; v < size; v++) row[v] = (row[v] as number) - shift;
  return row;
}
