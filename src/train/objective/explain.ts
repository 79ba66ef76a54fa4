// An objective in plain text, every constant resolved: what `touchstone explain` prints. One line per part, in the
// order in which a batch meets them. Says nothing about where the data comes from; methods add that.

import { type ComponentConfig, componentsOf, type ObjectiveConfig } from './config.ts';

/** Lines of `name  formula`, without a trailing newline. */
export function explainObjective(config: ObjectiveConfig): string {
  const components = componentsOf(config);
  const lines: [string, string][] = [];
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
      `on the ${fraction} N tokens (at least 1) with the largest (A - mean A)(logp - mean logp): ${coefficient} |logp - old|`,
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
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}

function advantageFormula({ advantage }: ObjectiveConfig): string {
  const { estimator, epsilon, ddof, scale } = advantage;
  const spread = `(std_${scale}${ddof === 1 ? ', unbiased' : ', biased'} + ${epsilon})`;
  const formulas: Record<typeof estimator, string> = {
    grpo: scale === 'none' ? 'A = R - mean_group' : `A = (R - mean_group) / ${spread}`,
    'dr-grpo': 'A = R - mean_group',
    rloo: 'A = R - mean of the other samples of the group',
    reinforce: advantage.baseline === 'batch' ? 'A = R - mean_batch' : 'A = R',
    'reinforce++': `A_t = whitened over all tokens: sum_u>=t ${advantage.gamma}^(u-t) r_u, r = R on the last token - KL cost`,
    'reinforce++-baseline': `as reinforce++ (gamma ${advantage.gamma}) on R - mean_group`,
    opo: 'A = R - sum(l R) / sum(l) over the group, l = length',
    gpg: 'A = (batch size / number of nonzero rewards) (R - mean_group)',
    maxrl: 'A = (R - mean_group) / mean_group, 0 if the mean is not positive',
    'best-of-group': `A = (best - second best)${scale === 'none' ? '' : ` / ${spread}`} for the best of the group, 0 for the others`,
    passk: `analytic advantage of pass@${advantage.k}, divided by its deviation + ${epsilon}`,
  };
  const ending = advantage.normalise ? `; then (A - mean_batch) / (std_batch + ${epsilon})` : '';
  return `${formulas[estimator]}${ending}; null rewards excluded`;
}

function ratioFormula({ ratio }: ObjectiveConfig): string {
  const clamp = ratio.logClamp === null ? '' : `, |log r| <= ${ratio.logClamp}`;
  if (ratio.level === 'none') return 'r = 1 with its gradient: one optimiser step per rollout batch';
  if (ratio.level === 'token') return `r_t = exp(logp_t - old_t)${clamp}`;
  return `r = exp(${ratio.reduce === 'mean' ? 'mean' : 'sum'}_t(logp_t - old_t))${clamp}, the same for all tokens of a sequence`;
}

function policyFormula({ policy }: ObjectiveConfig): string {
  const low = round(1 - policy.clipLow);
  const high = round(1 + policy.clipHigh);
  const dual = policy.dualClip === null ? '' : `, at most -${policy.dualClip} A for A < 0`;
  const clip = `l = -min(r A, clip(r, ${low}, ${high}) A)${dual}`;
  const formulas: Record<typeof policy.term, string> = {
    'ppo-clip': clip,
    ratio: 'l = -r A',
    reinforce: 'l = -A logp',
    'log-ratio': 'l = -A (logp - old)',
    cispo: `l = -sg(clip(r, ${low}, ${high})) A logp`,
    sapo: `l = -A sigmoid(tau (r - 1)) 4/tau, tau = ${policy.tauPositive} for A > 0, ${policy.tauNegative} otherwise`,
    gmpo: `l = -A exp(mean_t log r_t), log r_t at most ${policy.clipHigh} for A > 0, at least -${policy.clipLow} for A < 0`,
    topr: 'l = -A logp for A > 0, -sg(min(r, 1)) A logp otherwise',
    'kl-cov': 'l = -r A',
    'clip-cov': `${clip}; 0 on ${policy.covariance.fraction} N random tokens with covariance in (${policy.covariance.low}, ${policy.covariance.high})`,
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
  return `${place}${kl.coefficient} ${over}(${formulas[kl.estimator]})${corrected}, d = logp - ${kl.target}${clamps}`;
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
    ce: `-logp${component.byAdvantage ? ' A' : ''}${component.byProbability ? ' sg(p)' : ''}`,
    policy: 'policy',
    kl: 'kl',
    entropy: `-${config.entropy.coefficient} H`,
    'covariance-penalty': 'covariance',
  };
  const stream = component.weights === null ? '' : `${component.weights}_t `;
  const counted = component.normaliser === 'all' || component.on === 'all' ? 'all sequences' : component.on;
  const { kind, length, perSequence, lengthEpsilon } = config.aggregation;
  const plus = lengthEpsilon === 0 ? '' : ` + ${lengthEpsilon}`;
  const scales: Record<typeof kind, string> = {
    'token-mean': `1/N sum_i sum_t, N = tokens of ${counted}`,
    'sequence-mean-token-mean': `1/B sum_i 1/(l_i${plus}) sum_t, B = number of ${counted}`,
    'sequence-mean-token-sum': `1/B sum_i sum_t, B = number of ${counted}`,
    'square-root': `1/sum_j l_j^0.5 sum_i l_i^-0.5 sum_t, lengths l of ${counted}`,
    constant: `1/${perSequence ? `(${length} B)` : length} sum_i sum_t${perSequence ? `, B = number of ${counted}` : ''}`,
  };
  const [sum, legend] = scales[kind].split(/, (.*)/s);
  return `${component.coefficient} ${sum} ${stream}(${terms[component.kind]}) over ${component.on}${legend ? `; ${legend}` : ''}`;
}

function round(x: number): number {
  return Number(x.toFixed(12));
}
