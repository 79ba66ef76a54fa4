import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../../test/support/sample-report.ts';
import { renderReport } from './index.ts';
import type { Interval, ReportData, ReportRollout } from './report-data.ts';
import { rolloutSign } from './rollouts.ts';

const EMPTY: ReportData = {
  title: 'empty',
  recipeText: '',
  seed: 0,
  headline: [],
  phases: [],
  gPass: [],
  evaluationTable: [],
  rollouts: [],
  notes: [],
};

const HOSTILE = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '</style><img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '<!--',
  ']]>',
  '{{alert(1)}}',
  '&lt;script&gt;',
  '\u202Egnp.exe',
  '\uD800',
  '\u0000',
];

const NOWHERE: Interval = { value: Number.NaN, low: Number.NaN, high: Number.NaN };

/** The same string in every place that takes text. */
function everywhere(text: string): ReportData {
  const interval = { value: 0.5, low: 0.4, high: 0.6 };
  const points = [
    { step: 0, value: 1 },
    { step: 1, value: 2 },
  ];
  return {
    title: text,
    recipeText: text,
    seed: 1,
    startedAt: text,
    wallSeconds: 1,
    machine: text,
    headline: [{ name: text, before: interval, after: interval }],
    phases: [
      { name: text, series: [{ name: text, unit: text, points }] },
      { name: `${text}2`, series: [{ name: text, unit: text, points }] },
    ],
    gPass: [
      { label: text, k: 4, points: [{ threshold: 0.5, ...interval }] },
      { label: `${text}2`, k: 4, points: [{ threshold: 0.5, ...interval }] },
    ],
    evaluationTable: [
      { group: text, metrics: [text, `${text}2`].map((name) => ({ name, before: interval, after: null })) },
    ],
    rollouts: [
      {
        itemId: text,
        step: 1,
        reward: 1,
        outcome: text,
        prompt: text,
        tokens: [{ text, weight: 0.5, logProb: -1 }],
      },
      { itemId: text, step: 1, reward: null, outcome: text, prompt: text, tokens: [{ text, weight: null }] },
    ],
    notes: [text],
  };
}

/** Tag names and attribute names of a page, with the text between tags dropped. A parser for our own output. */
function skeleton(html: string): string[] {
  const found: string[] = [];
  const body = html.replace(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g, (whole) =>
    whole.slice(0, 7),
  );
  for (const [, tag, attributes] of body.matchAll(
    /<([a-z!][\w:-]*)((?:\s+[\w:-]+(?:="[^"]*"|=[^\s>"]+)?)*)\s*\/?>/gi,
  )) {
    found.push(
      tag,
      ...[...attributes.matchAll(/\s([\w:-]+)(?:="[^"]*"|=[^\s>"]+)?/g)].map(([, name]) => `@${name}`),
    );
  }
  return found;
}

/** Every `<` of the page must belong to a tag that we wrote. */
function strayAngles(html: string): number {
  const body = html.replace(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g, '');
  return (
    body.replace(/<\/?[a-z!][\w-]*(?:\s+[\w:-]+(?:="[^"<>]*"|=[\w-]+)?)*\s*\/?>/gi, '').match(/[<>]/g)
      ?.length ?? 0
  );
}

describe('renderReport', () => {
  const html = renderReport(sampleReport());

  it('is one file that asks nothing of the network', () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:,")/);
    expect(html).not.toMatch(/url\(|@import|fetch\(|XMLHttp|innerHTML|eval\(/);
    expect(html).not.toMatch(/\sstyle="|\son[a-z]+="/);
  });

  it('admits exactly its own script and style sheet', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    for (const tag of ['script', 'style']) {
      const [, text] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html) ?? [];
      const hash = createHash('sha256').update(text).digest('base64');
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
  });

  it('is a function of its data', () => {
    expect(renderReport(sampleReport())).toBe(html);
  });

  it('has every part', () => {
    for (const id of ['headline', 'notes', 'curves', 'g-pass', 'evaluation', 'rollouts', 'recipe']) {
      expect(html).toContain(`<section id="${id}"`);
    }
    expect(html.match(/<article class="tile">/g)).toHaveLength(4);
    expect(html.match(/<article class="rollout"/g)).toHaveLength(4);
    expect(html).toContain('×4.05');
    expect(html).toContain('intervals overlap');
    expect(html).toContain('log scale');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('shows each quantity once and colours it by phase', () => {
    expect(html.match(/<span class="name">throughput/g)).toHaveLength(1);
    expect(html).toMatch(/aria-label="throughput over training steps"[\s\S]{0,200000}?class="line c1"/);
  });

  it('escapes hostile text everywhere', () => {
    const plain = skeleton(renderReport(everywhere('x')));
    for (const text of HOSTILE) {
      const page = renderReport(everywhere(text));
      expect(skeleton(page)).toEqual(plain);
      expect(strayAngles(page)).toBe(0);
      expect(page.isWellFormed()).toBe(true);
    }
  });

  it('has the same tags whatever the text is', () => {
    const plain = skeleton(renderReport(everywhere('x')));
    const words = fc.array(
      fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', minLength: 1 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const visible = words.map((parts) => `x${parts.join('').replaceAll(/[\r\n]/g, ' ')}`);
    fc.assert(
      fc.property(visible, (text) => {
        const page = renderReport(everywhere(text));
        expect(skeleton(page)).toEqual(plain);
        expect(strayAngles(page)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('says what is missing instead of failing', () => {
    const page = renderReport(EMPTY);
    expect(page.match(/class="none"/g)).toHaveLength(6);
    expect(page).not.toContain('id="notes"');
  });

  it('survives degenerate numbers', () => {
    const values = [null, Number.NaN, Number.POSITIVE_INFINITY, 0, 1e-9, -1e308, 5];
    const page = renderReport({
      ...EMPTY,
      wallSeconds: Number.NaN,
      headline: [{ name: 'gone', before: NOWHERE, after: { value: 1, low: 1, high: 1 } }],
      phases: [
        { name: 'none', series: [] },
        {
          name: 'odd',
          series: [
            { name: 'mixed', points: values.map((value, step) => ({ step, value })) },
            { name: 'all gaps', points: [{ step: 1, value: null }] },
            { name: 'one', points: [{ step: 1, value: 3 }] },
            { name: 'nothing', points: [] },
          ],
        },
      ],
      gPass: [{ label: 'after', k: 16, points: [{ threshold: 0.5, ...NOWHERE }] }],
      evaluationTable: [{ group: 'g', metrics: [{ name: 'm', before: NOWHERE, after: null }] }],
      rollouts: [
        { itemId: 'i', step: 0, reward: Number.NaN, outcome: 'error', prompt: '', tokens: [] },
        {
          itemId: 'j',
          step: 0,
          reward: 0,
          outcome: 'correct',
          prompt: '',
          tokens: [{ text: '', weight: Number.NaN }],
        },
      ],
    });
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('keeps a long run small', () => {
    const points = Array.from({ length: 10000 }, (_, step) => ({ step, value: Math.sin(step / 100) }));
    const tokens = Array.from({ length: 9000 }, (_, i) => ({ text: ` t${i}`, weight: 0.5 }));
    const page = renderReport({
      ...EMPTY,
      phases: [{ name: 'p', series: [{ name: 's', points }] }],
      rollouts: [{ itemId: 'i', step: 1, reward: 1, outcome: 'correct', prompt: '', tokens }],
    });
    expect(page.length).toBeLessThan(600_000);
    expect(page).toContain('5,000 tokens left out');
  });
});

describe('the heat map', () => {
  const rollout = (outcome: string, reward: number | null, weights: (number | null)[]): ReportRollout => ({
    itemId: 'i',
    step: 1,
    reward,
    outcome,
    prompt: '',
    tokens: weights.map((weight, i) => ({ text: `t${i}`, weight })),
  });

  it('takes the sign from the verdict, then from the reward', () => {
    expect(rolloutSign(rollout('correct', 0, []))).toBe('positive');
    expect(rolloutSign(rollout('incorrect', null, []))).toBe('negative');
    expect(rolloutSign(rollout('invalid', 0, []))).toBe('negative');
    expect(rolloutSign(rollout('invalid', 0.5, []))).toBe('positive');
    expect(rolloutSign(rollout('timeout', null, []))).toBe('unscored');
  });

  it('shades by weight on one scale for all rollouts', () => {
    const rollouts = [rollout('correct', 1, [1, 0.5, 0.01, 0, null]), rollout('incorrect', 0, [0.5, -0.5])];
    const html = renderReport({ ...EMPTY, rollouts });
    const classes = [...html.matchAll(/<span class="(t[^"]*)"/g)].map(([, name]) => name);
    expect(classes).toEqual(['t wp8', 't wp4', 't wp1', 't', 't', 't wn4', 't wp4']);
    expect(html).toContain('data-tip="no weight"');
  });
});
