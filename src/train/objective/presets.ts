// Named objectives of the literature and of the frameworks, each as the fields that differ from the defaults.
// Where frameworks disagree the flavour is in the name of the field's comment in config.ts. Methods with more
// than an objective (selection, token rewards, freezing) are in ../methods.

import type { ObjectiveInput } from './config.ts';

export const OBJECTIVE_PRESETS = {
  /** -A logp with the raw reward, token mean. */
  reinforce: {
    advantage: { estimator: 'reinforce' },
    ratio: { level: 'none' },
    policy: { term: 'reinforce' },
  },
  /** TRL RLOO: sequence ratio of summed log-probabilities, KL in the reward. */
  rloo: {
    advantage: { estimator: 'rloo' },
    ratio: { level: 'sequence', reduce: 'sum' },
    aggregation: { kind: 'sequence-mean-token-mean' },
    kl: { estimator: 'k1', place: 'reward', coefficient: 0.05 },
  },
  /** DeepSeekMath (arXiv 2402.03300): per-sequence means, k3 in the loss. */
  grpo: { aggregation: { kind: 'sequence-mean-token-mean' }, kl: { coefficient: 0.04 } },
  /** arXiv 2503.20783: no deviation, constant length. */
  'dr-grpo': { advantage: { estimator: 'dr-grpo' }, aggregation: { kind: 'constant', length: 1024 } },
  /** arXiv 2503.14476: higher upper clip, token mean, no KL (selection is in methods/grpo.ts). */
  dapo: { policy: { clipHigh: 0.28 } },
  /** arXiv 2507.18071. */
  gspo: {
    ratio: { level: 'sequence' },
    policy: { clipLow: 3e-4, clipHigh: 4e-4 },
    aggregation: { kind: 'sequence-mean-token-mean' },
  },
  /** GSPO times length. */
  luspo: {
    ratio: { level: 'sequence' },
    policy: { clipHigh: 0.28 },
    aggregation: { kind: 'sequence-mean-token-sum' },
  },
  /** MiniMax-M1 (arXiv 2506.13585) with ScaleRL's bound of 5. */
  cispo: { policy: { term: 'cispo', clipLow: 1, clipHigh: 4 } },
  sapo: { policy: { term: 'sapo' }, aggregation: { kind: 'sequence-mean-token-mean' } },
  gmpo: {
    policy: { term: 'gmpo', clipLow: 0.4, clipHigh: 0.4 },
    aggregation: { kind: 'sequence-mean-token-mean' },
  },
  /** arXiv 2503.14286. */
  topr: { advantage: { estimator: 'reinforce', baseline: 'batch' }, policy: { term: 'topr' } },
  'reinforce++': { advantage: { estimator: 'reinforce++' } },
  'reinforce++-baseline': { advantage: { estimator: 'reinforce++-baseline' } },
  opo: { advantage: { estimator: 'opo' }, ratio: { level: 'none' }, policy: { term: 'reinforce' } },
  gpg: { advantage: { estimator: 'gpg' }, ratio: { level: 'none' }, policy: { term: 'reinforce' } },
  maxrl: { advantage: { estimator: 'maxrl' } },
  passk: { advantage: { estimator: 'passk' } },
  /** arXiv 2505.22617; verl's constants. */
  'kl-cov': { policy: { term: 'kl-cov', covariance: { fraction: 0.0002, coefficient: 0.1 } } },
  'clip-cov': { policy: { term: 'clip-cov', covariance: { fraction: 0.0002 } } },
} as const satisfies Record<string, ObjectiveInput>;
