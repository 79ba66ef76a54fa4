// An objective in plain text, every constant resolved: what `touchstone explain` prints. One line per part,
// in the order in which a batch meets them. Says nothing about where the data comes from; methods add that.

import { type ComponentConfig, componentsOf, type ObjectiveConfig } from './config.ts';

/** One line of an explanation: a short name and what it says. */
export type ExplainLine = readonly [name: string, text: string];

/**
 * Lines of `name  formula`, without a trailing newline.
 *
 * @param leading lines to print first, aligned with the rest
 * @param skip names of lines to leave out
 */
export function explainObjective(
  config: ObjectiveConfig,
  leading: readonly ExplainLine[] = [],
  skip: readonly string[] = [],
): string {
  const components = componentsOf(config);
  const lines: ExplainLine[] = [...leading];
  lines.push(['advantage', advantageFormula(config)]);
  if (components.some((c) => c.kind === 'policy')) {
    lines.push(['ratio', ratioFormula(config)], ['policy', policyFormula(config)]);
  }
  if (components.some((c) => c.kind === 'kl') || config.kl.place === 'reward') {
    if (config.kl.coefficient !== 0) lines.push(['kl', klFormula(config)]);
  }
  if (components.some((c) => c.kind === 'covariance-penalty')) {
    const { fraction, coefficient } = config.policy.covariance;
    lines.push([
      'covariance',
      `${coefficient} |logp - old| on the ${fraction} N tokens (at least 1) of largest (A - mean A)(logp - mean logp)`,
    ]);
  }
  if (config.importance.level !== 'none') lines.push(['importance', importanceFormula(config)]);
  if (config.importance.offPolicyLimit !== null) {
    lines.push(['filter', `drop A < 0 with mean(old - logp) > ${config.importance.offPolicyLimit}`]);
  }
  if (components.some((c) => c.on !== 'all')) {
    lines.push(['positive', `${config.positive.by} > ${config.positive.threshold}`]);
  }
  components.forEach((component, i) => {
    lines.push([i === 0 ? 'loss =' : '  +', componentFormula(component, config)]);
  });
  const shown = lines.filter(([name]) => !skip.includes(name));
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

function advantageFormula({ advantage }: ObjectiveConfig): string {
  const { estimator, epsilon, ddof, scale } = advantage;
  const spread = `(std_${scale} + ${number(epsilon)}), std ${ddof === 1 ? 'unbiased' : 'biased'}`;
  const discount = advantage.gamma === 1 ? '' : `${advantage.gamma}^(u-t) `;
  const over = scale === 'none' ? '' : ` / ${spread}`;
  const formulas: Record<typeof estimator, string> = {
    grpo: scale === 'none' ? 'A = R - mean_group' : `A = (R - mean_group) / ${spread}`,
    'dr-grpo': 'A = R - mean_group',
    rloo: 'A = R - mean of the other samples of the group',
    reinforce: advantage.baseline === 'batch' ? 'A = R - mean_batch' : 'A = R',
    'reinforce++': `A_t = sum_{u>=t} ${discount}r_u, whitened over all tokens; r = R at the last token minus KL cost`,
    'reinforce++-baseline': `as reinforce++ (gamma ${advantage.gamma}) on R - mean_group`,
    opo: 'A = R - sum(l R) / sum(l) over the group, l = length',
    gpg: 'A = (batch size / number of nonzero rewards) (R - mean_group)',
    maxrl: 'A = (R - mean_group) / mean_group, 0 if the mean is not positive',
    'best-of-group': `A = (best - second best)${over} for the best of the group, else 0`,
    passk: `analytic advantage of pass@${advantage.k}, divided by its deviation + ${number(epsilon)}`,
  };
  const ending = advantage.normalise ? `; then (A - mean_batch) / (std_batch + ${number(epsilon)})` : '';
  return `${formulas[estimator]}${ending}; rewards of null excluded`;
}

function ratioFormula({ ratio }: ObjectiveConfig): string {
  const clamp = ratio.logClamp === null ? '' : `, |log r| <= ${ratio.logClamp}`;
  if (ratio.level === 'none')
    return 'r = 1 with the gradient of exp(logp): one optimiser step per rollout batch';
  if (ratio.level === 'token') return `r_t = exp(logp_t - old_t)${clamp}`;
  return `r = exp(${ratio.reduce}_t(logp_t - old_t))${clamp}, the same for all tokens of a sequence`;
}

function policyFormula({ policy }: ObjectiveConfig): string {
  const low = round(1 - policy.clipLow);
  const high = round(1 + policy.clipHigh);
  const dual = policy.dualClip === null ? '' : `, at most -${policy.dualClip} A for A < 0`;
  const { fraction, low: least, high: most } = policy.covariance;
  const clip = `l = -min(r A, clip(r, ${low}, ${high}) A)${dual}`;
  const formulas: Record<typeof policy.term, string> = {
    'ppo-clip': clip,
    ratio: 'l = -r A',
    reinforce: 'l = -A logp',
    'log-ratio': 'l = -A (logp - old)',
    cispo: `l = -sg(clip(r, ${low}, ${high})) A logp`,
    sapo: `l = -A sigmoid(tau (r - 1)) 4/tau, tau = ${policy.tauPositive} for A > 0, else ${policy.tauNegative}`,
    gmpo: `l = -A exp(mean_t log r_t), log r_t <= ${policy.clipHigh} for A > 0, >= -${policy.clipLow} for A < 0`,
    topr: 'l = -A logp for A > 0, -sg(min(r, 1)) A logp otherwise',
    'kl-cov': 'l = -r A',
    'clip-cov': `${clip}; 0 on ${fraction} N random tokens with covariance in (${least}, ${most})`,
    bc: 'l = -logp for A > 0, 0 otherwise',
  };
  return formulas[policy.term];
}

function klFormula({ kl }: ObjectiveConfig): string {
  const formulas: Record<typeof kl.estimator, string> = {
    k1: 'd',
    k2: 'd^2/2',
    k3: 'exp(-d) - 1 + d',
    abs: '|d|',
    'k3-k2': 'exp(-d) - 1 + d with the gradient of d^2/2',
  };
  const clamps = [
    kl.inputClamp === null ? '' : `, |d| <= ${kl.inputClamp}`,
    kl.outputClamp === null ? '' : `, |k| <= ${kl.outputClamp}`,
  ].join('');
  const corrected = kl.ratioCorrected ? ' times r_t' : '';
  const place = kl.place === 'reward' ? 'R <- R - ' : 'l = ';
  const over = kl.place === 'reward' ? 'sum_t ' : '';
  const still =
    kl.target === 'old' && kl.estimator !== 'k1'
      ? '; no gradient at the first step of a batch, where d = 0'
      : '';
  const estimate = `${kl.coefficient} ${over}(${formulas[kl.estimator]})${corrected}`;
  return `${place}${estimate}, d = logp - ${kl.target}${clamps}${still}`;
}

function importanceFormula({ importance }: ObjectiveConfig): string {
  const what = importance.level === 'token' ? 'exp(old_t - behaviour_t)' : 'exp(sum_t(old_t - behaviour_t))';
  const bound =
    importance.mode === 'truncate'
      ? `min(w, ${importance.cap})`
      : `w inside [${importance.floor}, ${importance.cap}], else 0`;
  return `policy term times ${bound}, w = ${what}`;
}

function componentFormula(component: ComponentConfig, config: ObjectiveConfig): string {
  const terms = {
    ce: `(-logp${component.byAdvantage ? ' A' : ''}${component.byProbability ? ' sg(p)' : ''})`,
    policy: 'policy',
    kl: 'kl',
    entropy: `(-${config.entropy.coefficient} H)`,
    'covariance-penalty': 'covariance',
  };
  const stream = component.weights === null ? '' : `${component.weights}_t `;
  const counted = component.normaliser === 'all' || component.on === 'all' ? 'all' : component.on;
  const { kind, length, perSequence, lengthEpsilon } = config.aggregation;
  const perLength = lengthEpsilon === 0 ? '1/l_i' : `1/(l_i + ${number(lengthEpsilon)})`;
  const over = `sum_{i in ${component.on}}`;
  const tokens = counted === 'all' ? 'N = all tokens' : `N = tokens of ${counted}`;
  const sequences = counted === 'all' ? 'B = all sequences' : `B = number of ${counted}`;
  const scales: Record<typeof kind, readonly [string, string]> = {
    'token-mean': [`1/N ${over} sum_t`, tokens],
    'sequence-mean-token-mean': [`1/B ${over} ${perLength} sum_t`, `${sequences}, l = length`],
    'sequence-mean-token-sum': [`1/B ${over} sum_t`, sequences],
    'square-root': [`1/S ${over} l_i^-0.5 sum_t`, `S = sum of l^0.5 over ${counted}, l = length`],
    constant: perSequence
      ? [`1/(${length} B) ${over} sum_t`, sequences]
      : [`1/${length} ${over} sum_t`, 'no division by the number of sequences'],
  };
  const factor = component.coefficient === 1 ? '' : `${component.coefficient} * `;
  const [sum, legend] = scales[kind];
  return `${factor}${sum} ${stream}${terms[component.kind]};  ${legend}`;
}

/** Shortest readable form: 1e-6 rather than 0.000001. */
function number(x: number): string {
  return x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential().replace('e-0', 'e-') : String(x);
}

function round(x: number): number {
  return Number(x.toFixed(12));
}
