// Style sheet of the charts. The palette is Okabe–Ito (2008), distinguishable with every common colour vision,
// lightened for dark backgrounds. Colours are custom properties: the page decides which theme applies.

/** Palette on white. */
export const LIGHT_PALETTE = [
  '#0068a8',
  '#c8500a',
  '#008560',
  '#b0568a',
  '#8a6d00',
  '#2a8fc4',
  '#6b4fa0',
  '#5a6472',
];

/** The same hues on near-black. */
export const DARK_PALETTE = [
  '#5fb0ec',
  '#f28e4b',
  '#3fc79a',
  '#e394c0',
  '#d9b93b',
  '#93d1f5',
  '#b39bea',
  '#a9b3c1',
];

/** Declarations of `--s0`…`--s7` for a palette. */
export function paletteVariables(palette: readonly string[]): string {
  return palette.map((colour, i) => `--s${i}:${colour};`).join('');
}

/** Rules for everything the plot module draws. Expects --ink, --muted, --grid and --paper. */
export const PLOT_STYLES = `
${LIGHT_PALETTE.map((_, i) => `.c${i}{--c:var(--s${i})}`).join('')}
.plot{display:block;width:100%;height:auto;overflow:visible;touch-action:pan-y}
.plot text{font:11px/1 var(--sans);fill:var(--muted);font-variant-numeric:tabular-nums}
.plot .axis-title{font-size:10.5px}
.plot .nothing{font-size:12px}
.plot .grid{stroke:var(--grid);fill:none;stroke-width:1;shape-rendering:crispEdges}
.plot .axis{stroke:var(--axis);fill:none;stroke-width:1;shape-rendering:crispEdges}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.faint{stroke-width:1;opacity:.3}
.line.hollow{stroke-dasharray:5 4}
.dot{fill:var(--c);stroke:none}
.dot.faint{opacity:.3}
.dot.hollow{fill:var(--paper);stroke:var(--c);stroke-width:1.6}
.band{fill:var(--c);opacity:.16}
.whisker{stroke:var(--c);stroke-width:2;opacity:.5}
.rule{stroke:var(--axis);stroke-dasharray:2 3;fill:none}
.span{fill:var(--ink);opacity:.045}
.cursor{stroke:var(--muted);stroke-width:1;fill:none;pointer-events:none}
.cursor-dot{fill:var(--c);stroke:var(--paper);stroke-width:1.5;pointer-events:none}
.swatch{width:22px;height:10px;flex:none}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;margin:0 0 .6rem;padding:0;font-size:.85rem}
.legend li{display:flex;min-width:0;max-width:100%;align-items:center;gap:.4rem}
`;
