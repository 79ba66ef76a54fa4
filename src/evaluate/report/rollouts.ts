// Example rollouts with a heat map over their tokens. Colour is signed: blue where training raised a token's
// probability (positive rollouts), orange where it lowered it (negative rollouts), deeper with more weight; one
// scale for all rollouts of the report, so that colours compare. Buttons filter by sign and switch the map to
// advantages or to how unexpected each token was. Colours are classes, never inline styles.

import { escapeMarkup, formatNumber, formatSigned, plottable } from '../plot/index.ts';
import { choice } from './choice.ts';
import type { ReportRollout, RolloutToken } from './report-data.ts';

/** Shades per sign; more cannot be told apart. */
export const SHADES = 8;

/** Longer responses show their beginning and end. */
const SHOWN_TOKENS = 4000;

/** Prompts up to this many characters are shown at once. */
const SHORT_PROMPT = 600;

/** Which way training pushes a rollout. */
export type RolloutSign = 'positive' | 'negative' | 'unscored';

interface Ceilings {
  weight: number;
  advantage: number;
  surprise: number;
}

/** Sign of a rollout: by its verdict, otherwise by its reward; unscored without either. */
export function rolloutSign(rollout: ReportRollout): RolloutSign {
  if (rollout.outcome === 'correct') return 'positive';
  if (rollout.outcome === 'incorrect') return 'negative';
  if (plottable(rollout.reward) === null) return 'unscored';
  return (rollout.reward ?? 0) > 0 ? 'positive' : 'negative';
}

/** Filter, legend and one block per rollout. */
export function rolloutSection(rollouts: readonly ReportRollout[]): string {
  if (rollouts.length === 0) return '<p class="none">No example rollouts were recorded.</p>';
  const signs = rollouts.map(rolloutSign);
  const count = (sign: RolloutSign) => signs.filter((other) => other === sign).length;
  const present = (['positive', 'negative', 'unscored'] as const).filter((sign) => count(sign) > 0);
  const filter =
    present.length < 2
      ? ''
      : choice('show', 'Show', [
          { value: 'all', label: `all ${rollouts.length}` },
          ...present.map((sign) => ({ value: sign, label: `${sign} ${count(sign)}` })),
        ]);
  const tops = ceilings(rollouts);
  const modes = [
    ...(tops.weight > 0 ? [{ value: 'weight', label: 'weight' }] : []),
    ...(tops.advantage > 0 ? [{ value: 'advantage', label: 'advantage' }] : []),
    ...(tops.surprise > 0 ? [{ value: 'surprise', label: 'surprise' }] : []),
  ];
  const colouring = modes.length === 0 ? '' : choice('colour', 'Colour tokens by', modes);
  const blocks = rollouts.map((rollout, i) => block(rollout, signs[i], tops));
  return `<div class="controls">${filter}${colouring}</div>${keys(tops)}${blocks.join('')}`;
}

function ceilings(rollouts: readonly ReportRollout[]): Ceilings {
  const tops = { weight: 0, advantage: 0, surprise: 0 };
  for (const { tokens } of rollouts) {
    for (const token of tokens) {
      tops.weight = Math.max(tops.weight, Math.abs(plottable(token.weight) ?? 0));
      tops.advantage = Math.max(tops.advantage, Math.abs(plottable(token.advantage) ?? 0));
      tops.surprise = Math.max(tops.surprise, -(plottable(token.logProb) ?? 0));
    }
  }
  return tops;
}

function keys(tops: Ceilings): string {
  const ramp = (prefix: string, order: readonly number[]) =>
    `<span class="ramp">${order.map((shade) => `<i class="${prefix}${shade}"></i>`).join('')}</span>`;
  const up = Array.from({ length: SHADES }, (_, i) => i + 1);
  const down = up.toReversed();
  const weight =
    `<p class="key key-weight"><span>lowered (negative) −${formatNumber(tops.weight)}</span>${ramp('wn', down)}` +
    `<span>0</span>${ramp('wp', up)}<span>+${formatNumber(tops.weight)} raised (positive)</span></p>`;
  const advantage =
    `<p class="key key-advantage"><span>−${formatNumber(tops.advantage)}</span>${ramp('an', down)}<span>0</span>` +
    `${ramp('ap', up)}<span>+${formatNumber(tops.advantage)} advantage</span></p>`;
  const surprise =
    `<p class="key key-surprise"><span>expected</span>${ramp('l', up)}` +
    `<span>unexpected: −log p = ${formatNumber(tops.surprise)} nats</span></p>`;
  return (
    (tops.weight > 0 ? weight : '') +
    (tops.advantage > 0 ? advantage : '') +
    (tops.surprise > 0 ? surprise : '')
  );
}

function block(rollout: ReportRollout, sign: RolloutSign, tops: Ceilings): string {
  const facts = [
    `step ${formatNumber(rollout.step)}`,
    `reward ${formatNumber(rollout.reward)}`,
    `${formatNumber(rollout.tokens.length)} ${rollout.tokens.length === 1 ? 'token' : 'tokens'}`,
    meanWeight(rollout.tokens),
  ].filter((fact) => fact !== '');
  const open = rollout.prompt.length <= SHORT_PROMPT ? ' open' : '';
  return (
    `<article class="rollout" data-sign="${sign}"><header><span class="outcome">${escapeMarkup(rollout.outcome)}</span>` +
    `<b>${escapeMarkup(rollout.itemId)}</b><span class="facts-line">${facts.join(' · ')}</span></header>` +
    `<details class="prompt"${open}><summary>prompt</summary><pre>${escapeMarkup(rollout.prompt)}</pre>` +
    `</details><div class="tokens" dir="ltr">${tokenRun(rollout.tokens, sign, tops)}</div></article>`
  );
}

function meanWeight(tokens: readonly RolloutToken[]): string {
  const weights = tokens.map((token) => plottable(token.weight)).filter((weight) => weight !== null);
  if (weights.length === 0) return 'no token weights';
  return `mean weight ${formatNumber(weights.reduce((sum, weight) => sum + weight / weights.length, 0))}`;
}

function tokenRun(tokens: readonly RolloutToken[], sign: RolloutSign, tops: Ceilings): string {
  if (tokens.length === 0) return '<span class="none">empty response</span>';
  const spans = (part: readonly RolloutToken[]) => part.map((token) => tokenSpan(token, sign, tops)).join('');
  if (tokens.length <= SHOWN_TOKENS) return spans(tokens);
  const head = Math.floor(SHOWN_TOKENS * 0.75);
  const tail = SHOWN_TOKENS - head;
  const left = formatNumber(tokens.length - SHOWN_TOKENS);
  return `${spans(tokens.slice(0, head))}<span class="cut">… ${left} tokens left out …</span>${spans(tokens.slice(-tail))}`;
}

function tokenSpan(token: RolloutToken, sign: RolloutSign, tops: Ceilings): string {
  const weight = plottable(token.weight);
  const advantage = plottable(token.advantage);
  const logProb = plottable(token.logProb);
  const signed = weight === null ? null : sign === 'negative' ? -weight : weight;
  const classes = [
    't',
    shade('w', signed, tops.weight),
    shade('a', advantage, tops.advantage),
    logProb !== null && logProb < 0 ? `l${level(-logProb, tops.surprise)}` : '',
  ].filter((name) => name !== '');
  const tip = [
    weight === null ? 'no weight' : `weight ${formatNumber(weight)}`,
    advantage === null ? '' : `advantage ${formatSigned(advantage)}`,
    logProb === null ? '' : `log p ${formatNumber(logProb)} (p ${formatNumber(Math.exp(logProb))})`,
  ].filter((line) => line !== '');
  const shown = token.text === '' ? '<i>∅</i>' : escapeMarkup(token.text).replaceAll('\n', '<i>⏎</i>\n');
  return `<span class="${classes.join(' ')}" data-tip="${escapeMarkup(tip.join('\n'))}">${shown}</span>`;
}

function shade(prefix: string, value: number | null, top: number): string {
  if (value === null || value === 0) return '';
  return `${prefix}${value > 0 ? 'p' : 'n'}${level(Math.abs(value), top)}`;
}

/** 1 for anything above zero, up to SHADES at the ceiling. */
function level(size: number, top: number): number {
  return Math.max(1, Math.min(SHADES, Math.round((size / top) * SHADES)));
}
