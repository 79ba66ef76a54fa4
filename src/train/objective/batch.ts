// What an objective is evaluated on, and everything about it that must come from the whole batch: token and
// sequence counts of every component, and the tokens chosen by a covariance rule,
//   cov_t = (A_t - mean A)(logp_t - mean logp) over all trained tokens                 (arXiv 2505.22617)
// kl-cov takes the max(1, floor(fraction N)) largest, clip-cov a random max(1, floor(fraction N)) of those
// with low < cov < high. Prepared once, split into micro-batches, evaluated with the prepared normalisers:
// the parts add up to the result on the whole.

import { type Rng, TouchstoneError } from '../../core/index.ts';
import { type ComponentConfig, componentsOf, type ObjectiveConfig } from './config.ts';
import { checkSameShape, type TokenRows, trainedTokens, zeroRows } from './rows.ts';

export interface ObjectiveBatch {
  /** Current log-probabilities in nats of the response tokens. */
  logProbs: TokenRows;
  /** Of the policy before this rollout batch's updates; by default the current ones without gradient. */
  oldLogProbs?: TokenRows;
  referenceLogProbs?: TokenRows;
  /** Under the distribution that was really sampled from. */
  behaviourLogProbs?: TokenRows;
  /** Per sequence, or per token. */
  advantages: Float64Array | TokenRows;
  /** null = not scorable: the sequence is left out of loss and normalisers. */
  rewards: readonly (number | null)[];
  /** 1 for trained tokens, 0 for others (tool output); all trained by default. */
  mask?: TokenRows;
  /** Named streams of multiplicative token weights. */
  tokenWeights?: Readonly<Record<string, TokenRows>>;
  /**
   * Entropy in nats of the distribution each token was drawn from; only for the value of entropy components.
   */
  entropies?: TokenRows;
  /** Tokens chosen by a covariance rule; filled by prepareBatch. */
  selected?: TokenRows;
  /** Values held fixed where a formula says so; the current ones by default. For derivative checks. */
  detachedLogProbs?: TokenRows;
}

/** What one component divides by. */
export interface Count {
  tokens: number;
  sequences: number;
  /** Sum of square roots of the sequence lengths. */
  rootTokens: number;
}

/** Counts over the whole batch, and per component. */
export interface Normalisers {
  all: Count;
  components: Readonly<Record<string, Count>>;
}

/** Advantage per token of sequence i. */
export function advantageRow(batch: ObjectiveBatch, i: number): Float64Array {
  if (batch.advantages instanceof Float64Array) {
    return new Float64Array(batch.logProbs[i].length).fill(batch.advantages[i]);
  }
  return batch.advantages[i];
}

/** Whether a component applies to sequence i. Unscorable sequences belong to none. */
export function belongs(
  component: Pick<ComponentConfig, 'on'>,
  batch: ObjectiveBatch,
  i: number,
  config: ObjectiveConfig,
): boolean {
  const reward = batch.rewards[i];
  if (reward === null) return false;
  if (component.on === 'all') return true;
  const row = batch.advantages;
  const advantage = row instanceof Float64Array ? row[i] : row[i].reduce((a, b) => a + b, 0);
  const positive = (config.positive.by === 'reward' ? reward : advantage) > config.positive.threshold;
  return positive === (component.on === 'positives');
}

/**
 * Counts and selections of a whole batch.
 *
 * @param rng needed by `clip-cov` only
 * @returns the batch with its selection, and the normalisers to pass to `evaluateObjective`
 * @throws bad-shape when rows differ in shape, bad-input when a needed field is missing
 */
export function prepareBatch(
  config: ObjectiveConfig,
  batch: ObjectiveBatch,
  rng?: Rng,
): { batch: ObjectiveBatch; normalisers: Normalisers } {
  checkBatch(config, batch);
  const normalisers = countBatch(config, batch);
  const selected = selectByCovariance(config, batch, normalisers.all.tokens, rng);
  return { batch: selected === undefined ? batch : { ...batch, selected }, normalisers };
}

/** Token and sequence counts of all components. */
export function countBatch(config: ObjectiveConfig, batch: ObjectiveBatch): Normalisers {
  const count = (component: Pick<ComponentConfig, 'on'>): Count => {
    const out = { tokens: 0, sequences: 0, rootTokens: 0 };
    batch.logProbs.forEach((row, i) => {
      const tokens = trainedTokens(row.length, batch.mask?.[i]);
      if (tokens === 0 || !belongs(component, batch, i, config)) return;
      out.tokens += tokens;
      out.sequences += 1;
      out.rootTokens += Math.sqrt(tokens);
    });
    return out;
  };
  const all = count({ on: 'all' });
  const components = componentsOf(config).map(
    (component) => [component.name, component.normaliser === 'all' ? all : count(component)] as const,
  );
  return { all, components: Object.fromEntries(components) };
}

/** The rows of a batch at the given indices: a micro-batch. */
export function takeSequences(batch: ObjectiveBatch, indices: readonly number[]): ObjectiveBatch {
  const take = (rows: TokenRows) => indices.map((i) => rows[i]);
  const out: ObjectiveBatch = {
    logProbs: take(batch.logProbs),
    advantages:
      batch.advantages instanceof Float64Array
        ? Float64Array.from(indices, (i) => (batch.advantages as Float64Array)[i])
        : take(batch.advantages),
    rewards: indices.map((i) => batch.rewards[i]),
  };
  for (const field of OPTIONAL_ROWS) {
    const rows = batch[field];
    if (rows !== undefined) out[field] = take(rows);
  }
  if (batch.tokenWeights !== undefined) {
    out.tokenWeights = Object.fromEntries(
      Object.entries(batch.tokenWeights).map(([name, rows]) => [name, take(rows)]),
    );
  }
  return out;
}

const OPTIONAL_ROWS = [
  'oldLogProbs',
  'referenceLogProbs',
  'behaviourLogProbs',
  'mask',
  'entropies',
  'selected',
  'detachedLogProbs',
] as const;

/** Throws bad-shape when rows differ in shape, bad-input when a field the objective needs is missing. */
export function checkBatch(config: ObjectiveConfig, batch: ObjectiveBatch): void {
  for (const field of OPTIONAL_ROWS) {
    const rows = batch[field];
    if (rows !== undefined) checkSameShape(field, rows, batch.logProbs);
  }
  if (!(batch.advantages instanceof Float64Array))
    checkSameShape('advantages', batch.advantages, batch.logProbs);
  if (batch.rewards.length !== batch.logProbs.length || batch.advantages.length !== batch.logProbs.length) {
    throw new TouchstoneError(
      'bad-shape',
      `${batch.logProbs.length} sequences, ${batch.rewards.length} rewards, ${batch.advantages.length} advantages`,
    );
  }
  for (const component of componentsOf(config)) {
    if (
      component.kind === 'kl' &&
      config.kl.target === 'reference' &&
      batch.referenceLogProbs === undefined
    ) {
      throw new TouchstoneError('bad-input', `component ${component.name} needs reference log-probabilities`);
    }
    if (component.weights === null) continue;
    const stream = batch.tokenWeights?.[component.weights];
    if (stream === undefined) {
      throw new TouchstoneError('bad-input', `no token weights named ${component.weights}`, {
        hint: `component ${component.name} asks for them`,
      });
    }
    checkSameShape(component.weights, stream, batch.logProbs);
  }
  if (config.importance.level !== 'none' && batch.behaviourLogProbs === undefined) {
    throw new TouchstoneError('bad-input', 'importance correction needs behaviour log-probabilities');
  }
}

/** Whether an objective treats tokens chosen by a covariance rule in their own way. */
export function usesCovariance(config: ObjectiveConfig): boolean {
  if (config.policy.term === 'clip-cov') return true;
  return componentsOf(config).some((component) => component.kind === 'covariance-penalty');
}

function selectByCovariance(
  config: ObjectiveConfig,
  batch: ObjectiveBatch,
  tokens: number,
  rng: Rng | undefined,
): Float64Array[] | undefined {
  if (!usesCovariance(config)) return undefined;
  const clips = config.policy.term === 'clip-cov';
  const { fraction, low, high } = config.policy.covariance;
  const selected = zeroRows(batch.logProbs);
  if (tokens === 0 || fraction === 0) return selected;
  const budget = Math.max(1, Math.floor(fraction * tokens));
  const ranked = covariances(batch, tokens);
  let chosen = ranked;
  if (clips) {
    if (rng === undefined) throw new TouchstoneError('bad-input', 'clip-cov draws tokens and needs an rng');
    chosen = rng.shuffle(ranked.filter(({ value }) => value > low && value < high));
  } else {
    ranked.sort((a, b) => b.value - a.value);
  }
  for (const { i, t } of chosen.slice(0, budget)) selected[i][t] = 1;
  return selected;
}

/** Covariance of every trained token, in batch order. */
function covariances(batch: ObjectiveBatch, tokens: number): { i: number; t: number; value: number }[] {
  const entries: { i: number; t: number; advantage: number; logProb: number }[] = [];
  batch.logProbs.forEach((row, i) => {
    if (batch.rewards[i] === null) return;
    const advantages = advantageRow(batch, i);
    row.forEach((logProb, t) => {
      if (batch.mask === undefined || batch.mask[i][t] !== 0) {
        entries.push({ i, t, advantage: advantages[t], logProb });
      }
    });
  });
  const meanAdvantage = entries.reduce((sum, e) => sum + e.advantage, 0) / tokens;
  const meanLogProb = entries.reduce((sum, e) => sum + e.logProb, 0) / tokens;
  return entries.map(({ i, t, advantage, logProb }) => ({
    i,
    t,
    value: (advantage - meanAdvantage) * (logProb - meanLogProb),
  }));
}
