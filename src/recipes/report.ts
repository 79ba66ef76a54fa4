// Builds the HTML report of a stored run, finished or not, from its record alone.

import { writeFileSync } from 'node:fs';
import { cpus, platform } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import * as z from 'zod';
import type { Json } from '../core/index.ts';
import { renderReport } from '../evaluate/report/index.ts';
import type { ReportData, ReportPhase, ReportRollout } from '../evaluate/report/report-data.ts';
import type { RunRecord } from '../store/index.ts';
import { PHASES } from './context.ts';
import type { Recipe } from './schema.ts';
import { evaluationTable, gPassCurves, pairedGains } from './summary.ts';

/** Rollout steps from which examples are shown: as many as a reader looks at. */
const EXAMPLE_STEPS = 4;

/** Series whose names a reader expects first; the others follow in the record's order. */
const LEADING = ['loss', 'reward', 'accuracy', 'policy.entropy', 'length', 'truncated', 'invalid'];

const storedRollout = z.looseObject({
  item: z.string(),
  prompt: z.string(),
  text: z.string(),
  outcome: z.string(),
  reward: z.number().nullable(),
  trained: z
    .looseObject({
      advantage: z.number(),
      weights: z.array(z.number()).nullable(),
      logProbs: z.array(z.number()),
      tokens: z.array(z.string()),
    })
    .optional(),
});

/** The report's data from the record of a run. */
export function reportData(run: RunRecord, recipe: Recipe): ReportData {
  const { k } = recipe.evaluation;
  const table = evaluationTable(run, k);
  const headline = (table[0]?.metrics ?? []).flatMap(({ name, before, after }) =>
    before && after ? [{ name, before, after }] : [],
  );
  const seconds = [PHASES.warmUp, PHASES.reinforce].flatMap((phase) => run.timingSeries(phase, 'seconds'));
  return {
    title: recipe.title,
    recipeText: stringify(recipe),
    seed: recipe.seed,
    wallSeconds: seconds.reduce((sum, { value }) => sum + (value ?? 0), 0),
    machine: `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${platform()}, Node ${process.versions.node}`,
    headline,
    phases: [PHASES.warmUp, PHASES.reinforce].map((phase) => curves(run, phase)),
    gPass: gPassCurves(run, k),
    evaluationTable: table,
    rollouts: exampleRollouts(run, recipe),
    notes: notes(run, recipe),
  };
}

/** Renders and writes `report.html` into the run directory. */
export function writeRunReport(run: RunRecord, recipe: Recipe, directory: string): string {
  const path = join(directory, 'report.html');
  writeFileSync(path, renderReport(reportData(run, recipe)));
  return path;
}

function curves(run: RunRecord, phase: string): ReportPhase {
  const names = run.metricNames(phase);
  const ordered = [
    ...LEADING.filter((name) => names.includes(name)),
    ...names.filter((name) => !LEADING.includes(name)),
  ];
  const series = ordered.map((name) => ({
    name,
    points: run.metricsSeries(phase, name).map(({ step, value }) => ({ step, value })),
  }));
  const rate = run.timingSeries(phase, 'tokens-per-second');
  return { name: phase, series: [...series, { name: 'tokens per second', unit: 'tokens/s', points: rate }] };
}

/** A right and a wrong trained rollout from steps spread over the run. */
function exampleRollouts(run: RunRecord, recipe: Recipe): ReportRollout[] {
  const last = run.lastStep(PHASES.reinforce)?.step ?? 0;
  const first = Math.min(last, recipe.reinforce.method === 'oreal' ? 12 : 1);
  const steps = new Set(
    Array.from({ length: EXAMPLE_STEPS }, (_, i) =>
      Math.round(first + ((last - first) * i) / (EXAMPLE_STEPS - 1)),
    ),
  );
  const out: ReportRollout[] = [];
  for (const step of steps) {
    if (step < 1) continue;
    const rollouts = run.rollouts(PHASES.reinforce, step).map(toReportRollout(step));
    for (const right of [true, false]) {
      const example = rollouts.find(
        (rollout) => rollout !== null && (rollout.outcome === 'correct') === right,
      );
      if (example) out.push(example);
    }
  }
  return out;
}

/** A stored rollout as the report shows it; null for rollouts that were not trained on. */
export function toReportRollout(step: number): (stored: Json) => ReportRollout | null {
  return (stored) => {
    const { item, prompt, text: response, outcome, reward, trained } = storedRollout.parse(stored);
    if (!trained) return null;
    const gap = separator(trained.tokens, response);
    const tokens = trained.tokens.map((text, t) => ({
      text: text + gap,
      weight: trained.weights?.[t] ?? null,
      advantage: trained.advantage,
      logProb: trained.logProbs[t] ?? 0,
    }));
    return { itemId: item, step, reward, outcome, prompt, tokens };
  };
}

/** What stands between the tokens of a response: a space where tokens are words. */
function separator(tokens: readonly string[], response: string): string {
  const ordinary = tokens.filter((token) => !(token.startsWith('<') && token.endsWith('>')));
  return ordinary.length > 1 && ordinary.join(' ') === response ? ' ' : '';
}

function notes(run: RunRecord, recipe: Recipe): string[] {
  const out = run.warnings().map(({ text }) => text);
  if (run.getResult('finished') === undefined)
    out.push('The run is not finished; this report shows its state so far.');
  const gains = pairedGains(run, recipe.evaluation.k);
  if (gains.length > 0) out.push(`After minus before on the same items. ${gains.slice(0, 2).join('. ')}.`);
  out.push(
    'Intervals are 95 % bootstrap intervals over held-out items of one training run; they do not contain the ' +
      'variation between training seeds.',
    `Held-out items are the same for every seed: ${recipe.evaluation.items} per task, ` +
      `${recipe.evaluation.samples} samples each. A response cut off at the length limit counts as wrong.`,
  );
  return out;
}
