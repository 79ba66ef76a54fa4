// Supervised fine-tuning on responses, and with `responses: 'correct'` rejection-sampling fine-tuning (RFT,
// RAFT):
//   L = sum over kept responses of a(i) sum_t -logp_t      [times sg(p_t) with `confidence` (DFT)]
// Token mean by default; per-sequence mean and the square-root weighting of Intern-S1 are `weighting`.
// Leaves out packing and prompt masking: rows hold response tokens only.

import * as z from 'zod';
import type { Rng } from '../../core/index.ts';
import { explainObjective, groupMembers, resolveObjective } from '../objective/index.ts';
import { defineMethod, rewardMetrics, type ScoredSequence } from './method.ts';

export const sftSchema = z.strictObject({
  /** Which responses are learned from. `all` is for demonstrations, whose rewards are ignored unless null. */
  responses: z.enum(['all', 'correct']).default('all'),
  /** A response is correct above this reward. */
  threshold: z.number().default(0),
  /** At most this many responses per prompt, drawn at random; null for no limit (RFT commonly 4). */
  perPrompt: z.int().positive().nullable().default(null),
  /** token: 1/N (NeMo-RL, OpenRLHF). sequence: 1/(B l). square-root: l^-0.5 (XTuner, Intern-S1). */
  weighting: z.enum(['token', 'sequence', 'square-root']).default('token'),
  /** Multiply each token's loss by its probability without gradient (DFT). */
  confidence: z.boolean().default(false),
});

export type SftConfig = z.output<typeof sftSchema>;

const AGGREGATIONS = {
  token: 'token-mean',
  sequence: 'sequence-mean-token-mean',
  'square-root': 'square-root',
} as const;

function objective(config: SftConfig) {
  return resolveObjective({
    advantage: { estimator: 'reinforce' },
    aggregation: { kind: AGGREGATIONS[config.weighting] },
    components: [{ name: 'ce', kind: 'ce', byProbability: config.confidence }],
  });
}

/** Keeps the responses to learn from; every advantage is 1. */
function prepare(rollouts: readonly ScoredSequence[], config: SftConfig, rng: Rng) {
  const kept: number[] = [];
  const groups = groupMembers(
    rollouts.map((r) => r.reward),
    rollouts.map((r) => r.group),
  );
  let scored = 0;
  for (const [group, indices] of groups) {
    scored += indices.length;
    const good = indices.filter(
      (i) => config.responses === 'all' || Number(rollouts[i].reward) > config.threshold,
    );
    const limit = config.perPrompt ?? good.length;
    kept.push(...(good.length > limit ? rng.split('sft', group).sample(good, limit) : good));
  }
  kept.sort((a, b) => a - b);
  return {
    sequences: kept.map((source) => ({ source, reward: rollouts[source].reward, advantage: 1 })),
    metrics: {
      ...rewardMetrics(rollouts, {
        groups: groups.size,
        zeroVarianceGroups: 0,
        unscorable: rollouts.length - scored,
      }),
      'selected.sequences': kept.length,
    },
  };
}

export const sft = defineMethod<SftConfig>({
  name: 'sft',
  summary: 'Cross-entropy on given or correct responses.',
  schema: sftSchema,
  presets: { rft: { responses: 'correct', perPrompt: 4 }, dft: { confidence: true } },
  objective,
  prepare,
  explain: (config) => {
    const which =
      config.responses === 'all'
        ? 'all responses with a reward'
        : `responses with reward > ${config.threshold}`;
    const limit =
      config.perPrompt === null ? '' : `, at most ${config.perPrompt} per prompt, drawn at random`;
    return explainObjective(objective(config), [['data', `${which}${limit}`]], ['advantage']);
  },
});
