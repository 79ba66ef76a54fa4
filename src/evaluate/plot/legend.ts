// A legend as an HTML list of swatches that wraps with the page: a legend inside the drawing would either cover
// data or be cut off on a narrow screen. Swatches repeat the line style, so that a legend works without colour.

import { escapeMarkup } from './escape.ts';
import { colourClass } from './marks.ts';

export interface LegendEntry {
  name: string;
  colour: number;
  /** As in the marks: dashed line, hollow point. */
  hollow?: boolean;
  /** Shows the point on the line. */
  dot?: boolean;
}

/** The swatch of one series. */
export function swatch(entry: Omit<LegendEntry, 'name'>): string {
  const hollow = entry.hollow === true ? ' hollow' : '';
  const colour = colourClass(entry.colour);
  const point = entry.dot === true ? `<circle class="dot ${colour}${hollow}" cx="11" cy="5" r="3"/>` : '';
  return (
    '<svg class="swatch" viewBox="0 0 22 10" aria-hidden="true">' +
    `<path class="line ${colour}${hollow}" d="M1,5H21"/>${point}</svg>`
  );
}

/** All entries in a row; nothing for fewer than two, since one series needs no key. */
export function legend(entries: readonly LegendEntry[]): string {
  if (entries.length < 2) return '';
  const items = entries.map((entry) => `<li>${swatch(entry)}${escapeMarkup(entry.name)}</li>`);
  return `<ul class="legend">${items.join('')}</ul>`;
}
