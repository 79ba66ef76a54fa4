// Losses on pairs (w preferred to l) and on single labelled responses (KTO). All are functions of summed
// log-probabilities, so the derivative is one number per response, spread evenly over its tokens. sigma =
// logistic, h = logp - logp_ref summed over the response, z = beta (h_w - h_l):
//   dpo  -log s(z) (arXiv 2305.18290)    cdpo  -(1-e) log s(z) - e log s(-z)    hinge  max(0, 1 - z)
//   robust  [-(1-e) log s(z) + e log s(-z)]/(1-2e)
//   ipo-sum  (h_w - h_l - 1/(2 beta))^2 (2310.12036)    ipo-mean  the same with h divided by length (TRL)
//   simpo -log s(beta (avg_w - avg_l) - gamma) (2405.14734)
//   orpo  -avg_w - lambda log s(o_w - o_l), o = avg - log(1 - exp(avg)) (2403.07691)
//   kto   desirable w_d (1 - s(beta (h - z0))), undesirable w_u (1 - s(beta (z0 - h))), z0 fixed (2402.01306)
// Not here: f-divergence and other rare TRL variants, and the NLL term of CPO (add a `ce` component).

import * as z from 'zod';
import { TouchstoneError } from '../../core/index.ts';

export const preferenceSchema = z.strictObject({
  loss: z.enum(['dpo', 'cdpo', 'robust', 'hinge', 'ipo-sum', 'ipo-mean', 'simpo', 'orpo']).default('dpo'),
  /** TRL 0.1, NeMo-RL 0.05; SimPO is used with about 2. */
  beta: z.number().positive().default(0.1),
  /** Label noise of cdpo and robust, below one half. */
  epsilon: z.number().min(0).max(0.499).default(0.1),
  /** Margin of simpo (TRL 0.5). */
  gamma: z.number().default(0.5),
  /** Weight of orpo's odds term. */
  lambda: z.number().nonnegative().default(0.1),
});

export type PreferenceConfig = z.output<typeof preferenceSchema>;

/** Sums over the response tokens of one pair; the reference is needed by all but simpo and orpo. */
export interface PreferencePair {
  chosen: { logProb: number; reference?: number; tokens: number };
  rejected: { logProb: number; reference?: number; tokens: number };
}

/** Loss of one pair and its derivative with respect to the two summed log-probabilities. */
export interface PreferenceLoss {
  loss: number;
  chosen: number;
  rejected: number;
  /** beta (h_w - h_l), or the loss's own margin. Positive when the pair is ranked right. */
  margin: number;
}

/**
 * The configured loss of one pair. The mean over pairs is the caller's.
 *
 * @throws bad-input when a needed reference log-probability is missing
 *
 * @example
 * const chosen = { logProb: -10, reference: -11, tokens: 5 };
 * const rejected = { logProb: -12, reference: -11.5, tokens: 6 };
 * preferenceLoss(preferenceSchema.parse({}), { chosen, rejected }).loss; // 0.62095...
 */
export function preferenceLoss(config: PreferenceConfig, pair: PreferencePair): PreferenceLoss {
  const { chosen, rejected } = pair;
  const { beta, epsilon } = config;
  if (config.loss === 'simpo') {
    const margin =
      beta * (chosen.logProb / chosen.tokens - rejected.logProb / rejected.tokens) - config.gamma;
    const slope = -sigmoid(-margin) * beta;
    return {
      loss: -logSigmoid(margin),
      chosen: slope / chosen.tokens,
      rejected: -slope / rejected.tokens,
      margin,
    };
  }
  if (config.loss === 'orpo') return oddsRatio(config, pair);
  const lengths = config.loss === 'ipo-mean' ? [chosen.tokens, rejected.tokens] : [1, 1];
  const gap = advantageOf(chosen) / lengths[0] - advantageOf(rejected) / lengths[1];
  const margin = beta * gap;
  const spread = (loss: number, slope: number): PreferenceLoss => ({
    loss,
    chosen: slope / lengths[0],
    rejected: -slope / lengths[1],
    margin,
  });
  const good = logSigmoid(margin);
  const bad = logSigmoid(-margin);
  const goodSlope = beta * sigmoid(-margin);
  const badSlope = -beta * sigmoid(margin);
  switch (config.loss) {
    case 'dpo':
      return spread(-good, -goodSlope);
    case 'cdpo':
      return spread(-(1 - epsilon) * good - epsilon * bad, -(1 - epsilon) * goodSlope - epsilon * badSlope);
    case 'robust':
      return spread(
        (-(1 - epsilon) * good + epsilon * bad) / (1 - 2 * epsilon),
        (-(1 - epsilon) * goodSlope + epsilon * badSlope) / (1 - 2 * epsilon),
      );
    case 'hinge':
      return spread(Math.max(0, 1 - margin), margin < 1 ? -beta : 0);
    case 'ipo-sum':
    case 'ipo-mean': {
      const miss = gap - 1 / (2 * beta);
      return spread(miss * miss, 2 * miss);
    }
  }
}

/** The log odds ratio of ORPO: o_w - o_l from length-averaged log-probabilities. */
export function logOddsRatio(chosenMean: number, rejectedMean: number): number {
  return logOdds(chosenMean) - logOdds(rejectedMean);
}

function oddsRatio(config: PreferenceConfig, pair: PreferencePair): PreferenceLoss {
  const averageChosen = pair.chosen.logProb / pair.chosen.tokens;
  const averageRejected = pair.rejected.logProb / pair.rejected.tokens;
  const margin = logOddsRatio(averageChosen, averageRejected);
  const slope = -config.lambda * sigmoid(-margin);
  return {
    loss: -averageChosen - config.lambda * logSigmoid(margin),
    chosen: (-1 + slope * oddsSlope(averageChosen)) / pair.chosen.tokens,
    rejected: (-slope * oddsSlope(averageRejected)) / pair.rejected.tokens,
    margin,
  };
}

/**
 * KTO of one response: loss and derivative with respect to its summed log-probability; z0 >= 0 has no
 * gradient.
 */
export function ktoLoss(
  response: { logProb: number; reference: number; desirable: boolean },
  config: { beta: number; z0: number; desirableWeight?: number; undesirableWeight?: number },
): { loss: number; coefficient: number } {
  const h = response.logProb - response.reference;
  const sign = response.desirable ? 1 : -1;
  const weight = (response.desirable ? config.desirableWeight : config.undesirableWeight) ?? 1;
  const value = sigmoid(sign * config.beta * (h - config.z0));
  return { loss: weight * (1 - value), coefficient: -weight * sign * config.beta * value * (1 - value) };
}

/** The KL point of KTO: max(0, mean of logp - ref over mismatched prompt-response pairs). */
export function ktoReferencePoint(mismatched: readonly { logProb: number; reference: number }[]): number {
  if (mismatched.length === 0) return 0;
  const mean = mismatched.reduce((sum, pair) => sum + pair.logProb - pair.reference, 0) / mismatched.length;
  return Math.max(0, mean);
}

/** dL/dlogp per token of a response from the derivative of its sum. */
export function spreadOverTokens(coefficient: number, tokens: number): Float64Array {
  return new Float64Array(tokens).fill(coefficient);
}

/** log(1 / (1 + exp(-x))) without overflow. */
export function logSigmoid(x: number): number {
  return Math.min(0, x) - Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + exp(-x)) without overflow. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

function advantageOf(side: { logProb: number; reference?: number }): number {
  if (side.reference === undefined) {
    throw new TouchstoneError('bad-input', 'this preference loss needs reference log-probabilities');
  }
  return side.logProb - side.reference;
}

function logOdds(mean: number): number {
  return mean - Math.log(-Math.expm1(mean));
}

function oddsSlope(mean: number): number {
  return -1 / Math.expm1(mean);
}
