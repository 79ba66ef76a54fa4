// The report of a training run as one HTML file: what changed, what to doubt, how it came about, how robust it is,
// where it holds, what training saw, and the recipe to do it again. Pure: the same data give the same bytes.

import { escapeMarkup, legend } from '../plot/index.ts';
import { choice } from './choice.ts';
import { AFTER_COLOUR, BEFORE_COLOUR } from './dumbbell.ts';
import { evaluationTable } from './evaluation-table.ts';
import { gPassCurves } from './g-pass-curves.ts';
import { headlineTiles, masthead } from './headline.ts';
import { learningCurves } from './learning-curves.ts';
import { renderPage } from './page.ts';
import type { ReportData } from './report-data.ts';
import { rolloutSection } from './rollouts.ts';
import { REPORT_SCRIPT } from './script.ts';
import { reportStyles } from './styles.ts';

interface Section {
  id: string;
  title: string;
  lead: string;
  html: string;
}

/**
 * Renders a run as a self-contained HTML document.
 *
 * @example
 * const html = renderReport({ title: 'quickstart', recipeText: '', seed: 1, headline: [], phases: [], gPass: [],
 *   evaluationTable: [], rollouts: [], notes: [] });
 */
export function renderReport(data: ReportData): string {
  const table = evaluationTable(data.evaluationTable);
  const sections: Section[] = [
    {
      id: 'curves',
      title: 'Learning curves',
      lead: 'Faint: every recorded value. Strong: centred moving average. A break is a value that was not measured.',
      html: learningCurves(data.phases),
    },
    {
      id: 'g-pass',
      title: 'How stable the answers are',
      lead:
        'G-Pass@k: the chance that at least the share τ of k samples is right, averaged over questions. ' +
        'A flat curve means that a question once solved stays solved.',
      html: gPassCurves(data.gPass),
    },
    {
      id: 'evaluation',
      title: 'Evaluation per task',
      lead: 'Point estimates with 95 % intervals. A grey change means that the two intervals overlap.',
      html: beforeAfterKey(data.evaluationTable.length > 0) + table.html,
    },
    {
      id: 'rollouts',
      title: 'What training saw',
      lead: 'Example rollouts, coloured by how hard each token was pushed. Point at a token for its numbers.',
      html: rolloutSection(data.rollouts),
    },
    {
      id: 'recipe',
      title: 'Recipe',
      lead: 'The configuration this run was started with.',
      html: recipe(data.recipeText),
    },
  ];
  const body =
    `${navigation(sections)}<main><header>${masthead(data)}</header>` +
    `<section id="headline">${headlineTiles(data.headline)}</section>${notes(data.notes)}` +
    `${sections.map(renderSection).join('')}</main>` +
    '<footer>Made by touchstone. This file holds everything it shows and asks nothing of the network.</footer>';
  return renderPage({ title: data.title, body, styles: reportStyles(table.css), script: REPORT_SCRIPT });
}

function navigation(sections: readonly Section[]): string {
  const links = sections.map(({ id, title }) => `<a href="#${id}">${title}</a>`);
  const theme = choice('theme', '', [
    { value: 'auto', label: 'auto' },
    { value: 'light', label: 'light' },
    { value: 'dark', label: 'dark' },
  ]);
  return `<nav aria-label="Sections">${links.join('')}${theme}</nav>`;
}

function renderSection({ id, title, lead, html }: Section): string {
  return `<section id="${id}"><h2>${title}</h2><p class="lead">${escapeMarkup(lead)}</p>${html}</section>`;
}

function notes(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const items = lines.map((text) => `<li>${escapeMarkup(text)}</li>`);
  return `<section id="notes" class="notes"><h2>Read this first</h2><ul>${items.join('')}</ul></section>`;
}

function beforeAfterKey(shown: boolean): string {
  if (!shown) return '';
  return legend([
    { name: 'before', colour: BEFORE_COLOUR, hollow: true, dot: true },
    { name: 'after', colour: AFTER_COLOUR, dot: true },
  ]);
}

function recipe(text: string): string {
  if (text.trim() === '') return '<p class="none">No recipe was recorded.</p>';
  const lines = text.trimEnd().split('\n').length;
  const count = `${lines} ${lines === 1 ? 'line' : 'lines'}`;
  return `<details><summary>show the recipe (${count})</summary><pre>${escapeMarkup(text)}</pre></details>`;
}
