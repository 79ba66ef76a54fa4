// The one evaluator of all objectives: loss, derivative per token, metrics.
//   L = sum_c coefficient_c sum_{i in S_c} a_c(i) sum_t mask_it weight_c,it l_c(i,t)
// with a_c(i) from the aggregation: 1/N, 1/(B (l_i + eps)), 1/B, l_i^-0.5 / sum l^0.5, or 1/(length [B]),
// where N, B count the component's sequences over the whole batch. A component without sequences contributes
// 0. The backward program takes `coefficients` = dL/dlogp and, where entropy is rewarded,
// `entropyCoefficients` = dL/dH. Loss and all metrics except those ending in `.max` add up over micro-batches
// of one prepared batch.

import { TouchstoneError } from '../../core/index.ts';
import {
  advantageRow,
  belongs,
  type Count,
  checkBatch,
  countBatch,
  type Normalisers,
  type ObjectiveBatch,
  usesCovariance,
} from './batch.ts';
import {
  type AggregationConfig,
  type ComponentConfig,
  componentsOf,
  type ObjectiveConfig,
} from './config.ts';
import { importanceRow, isTooFarOffPolicy } from './importance.ts';
import { klEstimate, klTerm } from './kl.ts';
import { policyTerm, type SequenceView, type TermRow } from './policy-terms.ts';
import { trainedTokens, zeroRows } from './rows.ts';

export interface Evaluation {
  /** The number that is minimised. */
  loss: number;
  /** dL/dlogp per response token. */
  coefficients: Float64Array[];
  /** dL/dH per response token, when a component rewards entropy. */
  entropyCoefficients?: Float64Array[];
  /** Part of the loss by component name. */
  componentLosses: Record<string, number>;
  metrics: Record<string, number>;
}

/**
 * Evaluates an objective on a batch or, with the normalisers of the whole batch, on a part of it.
 *
 * @throws bad-shape when rows differ in shape, bad-input when a needed field is missing
 *
 * @example
 * const { batch, normalisers } = prepareBatch(config, whole);
 * evaluateObjective(config, takeSequences(batch, [0, 1]), normalisers).coefficients;
 */
export function evaluateObjective(
  config: ObjectiveConfig,
  batch: ObjectiveBatch,
  normalisers: Normalisers = countBatch(config, batch),
): Evaluation {
  checkBatch(config, batch);
  if (usesCovariance(config) && batch.selected === undefined) {
    throw new TouchstoneError('bad-input', 'tokens of the covariance rule are not chosen yet', {
      hint: 'pass the batch through prepareBatch first',
    });
  }
  const components = componentsOf(config);
  const out: Evaluation = {
    loss: 0,
    coefficients: zeroRows(batch.logProbs),
    componentLosses: Object.fromEntries(components.map((component) => [component.name, 0])),
    metrics: {},
  };
  if (components.some((component) => component.kind === 'entropy')) {
    out.entropyCoefficients = zeroRows(batch.logProbs);
  }
  const policyTokens = components
    .filter((component) => component.kind === 'policy')
    .reduce((sum, component) => sum + normalisers.components[component.name].tokens, 0);
  const tally = new Tally(out.metrics, normalisers.all, policyTokens);
  batch.logProbs.forEach((logProbs, i) => {
    const tokens = trainedTokens(logProbs.length, batch.mask?.[i]);
    if (tokens === 0 || batch.rewards[i] === null) return;
    const view = viewOf(batch, i);
    tally.sequence(view, batch, i, tokens);
    for (const component of components) {
      if (!belongs(component, batch, i, config)) continue;
      const scale =
        component.coefficient *
        sequenceScale(config.aggregation, normalisers.components[component.name], tokens);
      const loss = addComponent(component, config, batch, i, view, scale, out, tally);
      out.componentLosses[component.name] += loss;
      out.loss += loss;
    }
  });
  return out;
}

/** a_c(i): what each token of a sequence of `tokens` trained tokens is multiplied by. */
export function sequenceScale(config: AggregationConfig, count: Count, tokens: number): number {
  switch (config.kind) {
    case 'token-mean':
      return 1 / Math.max(1, count.tokens);
    case 'sequence-mean-token-mean':
      return 1 / (Math.max(1, count.sequences) * (tokens + config.lengthEpsilon));
    case 'sequence-mean-token-sum':
      return 1 / Math.max(1, count.sequences);
    case 'square-root':
      return 1 / (Math.sqrt(tokens) * Math.max(1, count.rootTokens));
    case 'constant':
      return 1 / (config.length * (config.perSequence ? Math.max(1, count.sequences) : 1));
  }
}

function viewOf(batch: ObjectiveBatch, i: number): SequenceView {
  const detached = batch.detachedLogProbs?.[i] ?? batch.logProbs[i];
  return {
    logProbs: batch.logProbs[i],
    detached,
    old: batch.oldLogProbs?.[i] ?? detached,
    advantages: advantageRow(batch, i),
    mask: batch.mask?.[i],
    selected: batch.selected?.[i],
  };
}

/** Adds one component of one sequence to the derivatives; returns its part of the loss. */
function addComponent(
  component: ComponentConfig,
  config: ObjectiveConfig,
  batch: ObjectiveBatch,
  i: number,
  view: SequenceView,
  scale: number,
  out: Evaluation,
  tally: Tally,
): number {
  const { logProbs, mask, old } = view;
  const stream = component.weights === null ? undefined : batch.tokenWeights?.[component.weights]?.[i];
  const coefficients = out.coefficients[i];
  let loss = 0;
  const add = (t: number, value: number, slope: number) => {
    const weight = stream === undefined ? scale : scale * stream[t];
    loss += weight * value;
    coefficients[t] += weight * slope;
  };
  const trained = (t: number) => mask === undefined || mask[t] !== 0;
  switch (component.kind) {
    case 'ce':
      for (let t = 0; t < logProbs.length; t++) {
        if (!trained(t)) continue;
        let factor = component.byAdvantage ? view.advantages[t] : 1;
        if (component.byProbability) factor *= Math.exp(view.detached[t]);
        add(t, -logProbs[t] * factor, -factor);
      }
      break;
    case 'policy': {
      if (isTooFarOffPolicy(config.importance, view.advantages, old, view.detached, mask)) {
        tally.dropped();
        break;
      }
      const row = policyTerm(view, config.policy, config.ratio);
      const weights = importanceRow(config.importance, old, batch.behaviourLogProbs?.[i], mask);
      for (let t = 0; t < logProbs.length; t++) {
        if (trained(t)) add(t, row.values[t] * weights[t], row.slopes[t] * weights[t]);
      }
      tally.policy(row, weights, mask);
      break;
    }
    case 'kl': {
      const target = config.kl.target === 'old' ? old : (batch.referenceLogProbs?.[i] ?? old);
      for (let t = 0; t < logProbs.length; t++) {
        if (!trained(t)) continue;
        const { value, slope } = klTerm(config.kl, logProbs[t], target[t], old[t]);
        add(t, config.kl.coefficient * value, config.kl.coefficient * slope);
      }
      break;
    }
    case 'covariance-penalty':
      for (let t = 0; t < logProbs.length; t++) {
        if (!trained(t) || view.selected === undefined || view.selected[t] === 0) continue;
        const d = logProbs[t] - old[t];
        const { coefficient } = config.policy.covariance;
        add(t, coefficient * Math.abs(d), coefficient * Math.sign(d));
        tally.selected();
      }
      break;
    case 'entropy': {
      const slopes = out.entropyCoefficients?.[i];
      for (let t = 0; t < logProbs.length; t++) {
        if (!trained(t) || slopes === undefined) continue;
        const weight = scale * (stream === undefined ? 1 : stream[t]) * config.entropy.coefficient;
        slopes[t] -= weight;
        loss -= weight * (batch.entropies?.[i]?.[t] ?? 0);
      }
      break;
    }
  }
  return loss;
}

/** Metrics, each a share of the whole batch (of its policy terms) so that micro-batches add up. */
class Tally {
  readonly #metrics: Record<string, number>;
  readonly #tokens: number;
  readonly #sequences: number;
  readonly #policyTokens: number;

  constructor(metrics: Record<string, number>, all: Count, policyTokens: number) {
    this.#metrics = metrics;
    this.#tokens = Math.max(1, all.tokens);
    this.#sequences = Math.max(1, all.sequences);
    this.#policyTokens = Math.max(1, policyTokens);
  }

  #add(name: string, amount: number): void {
    this.#metrics[name] = (this.#metrics[name] ?? 0) + amount;
  }

  #top(name: string, value: number): void {
    this.#metrics[name] = Math.max(this.#metrics[name] ?? Number.NEGATIVE_INFINITY, value);
  }

  sequence(view: SequenceView, batch: ObjectiveBatch, i: number, tokens: number): void {
    this.#add('tokens', tokens);
    this.#add('sequences', 1);
    this.#add('reward.mean', (batch.rewards[i] ?? 0) / this.#sequences);
    const { logProbs, mask, advantages, old } = view;
    this.#mean('advantage.mean', mask, (t) => advantages[t], logProbs.length);
    this.#mean('sampled-entropy.mean', mask, (t) => -logProbs[t], logProbs.length);
    const reference = batch.referenceLogProbs?.[i];
    if (reference !== undefined) this.#divergence('kl-reference', mask, logProbs, reference);
    const behaviour = batch.behaviourLogProbs?.[i];
    if (behaviour !== undefined) this.#divergence('mismatch', mask, behaviour, old);
  }

  /** k1 and k3 of p against q on tokens drawn from p. */
  #divergence(name: string, mask: Float64Array | undefined, p: Float64Array, q: Float64Array): void {
    this.#mean(`${name}.k1`, mask, (t) => klEstimate('k1', p[t] - q[t]).value, p.length);
    this.#mean(`${name}.k3`, mask, (t) => klEstimate('k3', p[t] - q[t]).value, p.length);
  }

  /** Adds the sum over trained tokens, as a share of `tokens`: by default all of the batch. */
  #mean(
    name: string,
    mask: Float64Array | undefined,
    value: (t: number) => number,
    length: number,
    tokens = this.#tokens,
  ): void {
    let sum = 0;
    for (let t = 0; t < length; t++) if (mask === undefined || mask[t] !== 0) sum += value(t);
    this.#add(name, sum / tokens);
  }

  policy(row: TermRow, weights: Float64Array, mask: Float64Array | undefined): void {
    const { ratios } = row;
    const share = this.#policyTokens;
    this.#add('clip.low', row.clippedLow / share);
    this.#add('clip.high', row.clippedHigh / share);
    this.#mean('ratio.mean', mask, (t) => ratios[t], ratios.length, share);
    this.#mean('importance.mean', mask, (t) => weights[t], ratios.length, share);
    this.#mean('importance.mean-square', mask, (t) => weights[t] ** 2, ratios.length, share);
    for (let t = 0; t < ratios.length; t++) {
      if (mask !== undefined && mask[t] === 0) continue;
      this.#top('ratio.max', ratios[t]);
      this.#top('importance.max', weights[t]);
    }
  }

  selected(): void {
    this.#add('covariance.tokens', 1);
  }

  dropped(): void {
    this.#add('off-policy.dropped', 1 / this.#sequences);
  }
}
