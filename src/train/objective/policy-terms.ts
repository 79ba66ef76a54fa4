// Policy terms per token, as values to minimise and their derivative with respect to the token's logp. A is
// the advantage, r the ratio to the old policy, sg() a copy without gradient:
//   ratio       -A r                        ppo-clip   -min(r A, clip(r) A), at most -c A for A < 0
//   reinforce   -A logp                     log-ratio  -A (logp - old)
//   cispo       -sg(clip(r)) A logp         topr       A > 0: -A logp;  A < 0: -sg(clip(r, 0, 1)) A logp
//   sapo        -A sigmoid(tau (r-1)) 4/tau bc         A > 0: -logp;  otherwise 0
//   gmpo        -A exp(mean of one-sidedly clipped log-ratios), spread over the sequence's tokens
//   kl-cov      -A r (its penalty is a component of its own)   clip-cov  ppo-clip, 0 on the selected tokens
// r = 1 with its gradient (level none), exp(logp - old) (token), or exp of the sequence's mean or sum (GSPO's
// token form). Sequence ratios assume equal token weights within a sequence, as all aggregations have.

import type { PolicyConfig, RatioConfig } from './config.ts';
import { trainedTokens } from './rows.ts';

/** One sequence as a policy term sees it. Rows have one number per response token. */
export interface SequenceView {
  logProbs: Float64Array;
  /** The same numbers, held fixed when the derivative is taken. */
  detached: Float64Array;
  old: Float64Array;
  advantages: Float64Array;
  mask: Float64Array | undefined;
  /** Tokens chosen by a covariance rule. */
  selected: Float64Array | undefined;
}

export interface TermRow {
  values: Float64Array;
  slopes: Float64Array;
  ratios: Float64Array;
  /** Trained tokens whose gradient was clipped away below and above. */
  clippedLow: number;
  clippedHigh: number;
}

/** Ratios of one sequence and their derivative with respect to the token's own logp. */
export function ratioRow(
  view: SequenceView,
  config: RatioConfig,
  logProbs = view.logProbs,
): { ratios: Float64Array; slopes: Float64Array } {
  const length = logProbs.length;
  const ratios = new Float64Array(length);
  const slopes = new Float64Array(length);
  const bound = config.logClamp ?? Number.POSITIVE_INFINITY;
  const fill = (t: number, logRatio: number, factor: number) => {
    const clamped = Math.max(-bound, Math.min(bound, logRatio));
    ratios[t] = Math.exp(clamped);
    slopes[t] = clamped === logRatio ? ratios[t] * factor : 0;
  };
  if (config.level === 'sequence') {
    const count = Math.max(1, trainedTokens(length, view.mask));
    let sum = 0;
    for (let t = 0; t < length; t++) {
      if (view.mask === undefined || view.mask[t] !== 0) sum += logProbs[t] - view.old[t];
    }
    const byMean = config.reduce === 'mean';
    for (let t = 0; t < length; t++) fill(t, byMean ? sum / count : sum, byMean ? 1 : count);
  } else {
    const base = config.level === 'none' ? view.detached : view.old;
    for (let t = 0; t < length; t++) fill(t, logProbs[t] - base[t], 1);
  }
  return { ratios, slopes };
}

/** The configured policy term along one sequence. Masked tokens are filled too and must be ignored. */
export function policyTerm(view: SequenceView, policy: PolicyConfig, ratio: RatioConfig): TermRow {
  if (policy.term === 'gmpo') return geometricMean(view, policy);
  const length = view.logProbs.length;
  const row = emptyRow(length);
  const { ratios, slopes } = ratioRow(view, ratio);
  const fixed =
    policy.term === 'cispo' || policy.term === 'topr' ? ratioRow(view, ratio, view.detached).ratios : ratios;
  row.ratios = ratios;
  const low = 1 - policy.clipLow;
  const high = 1 + policy.clipHigh;
  for (let t = 0; t < length; t++) {
    if (view.mask !== undefined && view.mask[t] === 0) continue;
    const a = view.advantages[t];
    const logProb = view.logProbs[t];
    const r = ratios[t];
    const slope = slopes[t];
    switch (policy.term) {
      case 'ratio':
      case 'kl-cov':
        set(row, t, -a * r, -a * slope);
        break;
      case 'reinforce':
        set(row, t, -a * logProb, -a);
        break;
      case 'log-ratio':
        set(row, t, -a * (logProb - view.old[t]), -a);
        break;
      case 'bc':
        if (a > 0) set(row, t, -logProb, -1);
        break;
      case 'topr': {
        const weight = a > 0 ? 1 : Math.min(1, fixed[t]);
        set(row, t, -weight * a * logProb, -weight * a);
        break;
      }
      case 'cispo': {
        const weight = Math.max(low, Math.min(high, fixed[t]));
        if (fixed[t] < low) row.clippedLow++;
        if (fixed[t] > high) row.clippedHigh++;
        set(row, t, -weight * a * logProb, -weight * a);
        break;
      }
      case 'sapo': {
        const tau = a > 0 ? policy.tauPositive : policy.tauNegative;
        const gate = 1 / (1 + Math.exp(-tau * (r - 1)));
        set(row, t, (-a * gate * 4) / tau, -a * 4 * gate * (1 - gate) * slope);
        break;
      }
      case 'clip-cov':
        if (view.selected === undefined || view.selected[t] === 0) clipped(row, t, a, r, slope, policy);
        break;
      case 'ppo-clip':
        clipped(row, t, a, r, slope, policy);
        break;
    }
  }
  return row;
}

function clipped(row: TermRow, t: number, a: number, r: number, slope: number, policy: PolicyConfig): void {
  const bounded = Math.max(1 - policy.clipLow, Math.min(1 + policy.clipHigh, r));
  const free = -a * r;
  const held = -a * bounded;
  if (held > free) {
    set(row, t, held, 0);
    if (bounded > r) row.clippedLow++;
    else row.clippedHigh++;
  } else if (a < 0 && policy.dualClip !== null && free > -a * policy.dualClip) {
    set(row, t, -a * policy.dualClip, 0);
    row.clippedHigh++;
  } else {
    set(row, t, free, -a * slope);
  }
}

function geometricMean(view: SequenceView, policy: PolicyConfig): TermRow {
  const length = view.logProbs.length;
  const row = emptyRow(length);
  const count = Math.max(1, trainedTokens(length, view.mask));
  const passes = new Uint8Array(length);
  let sum = 0;
  let advantage = 0;
  for (let t = 0; t < length; t++) {
    if (view.mask !== undefined && view.mask[t] === 0) continue;
    const a = view.advantages[t];
    const d = view.logProbs[t] - view.old[t];
    const held = a > 0 ? Math.min(d, policy.clipHigh) : a < 0 ? Math.max(d, -policy.clipLow) : d;
    passes[t] = held === d ? 1 : 0;
    if (held < d) row.clippedHigh++;
    if (held > d) row.clippedLow++;
    sum += held;
    advantage += a / count;
  }
  const ratio = Math.exp(sum / count);
  row.ratios.fill(ratio);
  for (let t = 0; t < length; t++) set(row, t, -advantage * ratio, passes[t] === 1 ? -advantage * ratio : 0);
  return row;
}

function emptyRow(length: number): TermRow {
  return {
    values: new Float64Array(length),
    slopes: new Float64Array(length),
    ratios: new Float64Array(length).fill(1),
    clippedLow: 0,
    clippedHigh: 0,
  };
}

function set(row: TermRow, t: number, value: number, slope: number): void {
  row.values[t] = value;
  row.slopes[t] = slope;
}
