// A small plot library: pure functions from data to SVG text. Read plot.ts first, then marks.ts.

export { escapeMarkup, showControls } from './escape.ts';
export {
  type Estimate,
  estimateParts,
  formatChange,
  formatDuration,
  formatInterval,
  formatNumber,
  formatRatio,
  formatSigned,
} from './format.ts';
export { type LegendEntry, legend, swatch } from './legend.ts';
export {
  type BandPoint,
  band,
  COLOURS,
  colourClass,
  dots,
  line,
  type Mark,
  type MarkStyle,
  px,
  ruleX,
  spanX,
} from './marks.ts';
export {
  type AxisOptions,
  type Hover,
  type HoverSeries,
  type Plot,
  type PlotOptions,
  plot,
} from './plot.ts';
export { makeScale, type Scale, type ScaleKind, type ScaleOptions, type Tick } from './scale.ts';
export { cleanPoints, downsample, movingAverage, type Point, smoothingWindow } from './series.ts';
export { DARK_PALETTE, LIGHT_PALETTE, PLOT_STYLES, paletteVariables } from './styles.ts';
export { linearTicks, logTicks, niceDomain, plottable } from './ticks.ts';
