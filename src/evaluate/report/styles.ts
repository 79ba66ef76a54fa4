// Style sheet of the report. Two themes from one set of custom properties; the reader's system decides unless a
// button is pressed. One column up to 700 px, small multiples that fill wider screens, and a print form without
// controls. Everything that a filter hides is hidden here by :has(), without a script.

import { DARK_PALETTE, LIGHT_PALETTE, PLOT_STYLES, paletteVariables } from '../plot/index.ts';
import { SHADES } from './rollouts.ts';

const LIGHT =
  `color-scheme:light;--paper:#fff;--raised:#f6f7f9;--ink:#1b1f26;--muted:#5b6472;--grid:#e6e9ee;--axis:#aab2be;` +
  `--edge:#dde1e7;--accent:#0068a8;--up:0 104 168;--down:214 96 0;--hue:107 79 160;--warn:#fff6e0;--warn-edge:#e0b64a;` +
  paletteVariables(LIGHT_PALETTE);

const DARK =
  `color-scheme:dark;--paper:#14171c;--raised:#1c2027;--ink:#e7eaef;--muted:#9da7b5;--grid:#2a303a;--axis:#566070;` +
  `--edge:#2e3541;--accent:#5fb0ec;--up:58 150 224;--down:226 116 36;--hue:150 120 220;--warn:#2b2514;--warn-edge:#8a6d1f;` +
  paletteVariables(DARK_PALETTE);

/** Background of one shade; the deepest still leaves the text readable. */
function shades(prefix: string, channel: string): string {
  return Array.from({ length: SHADES }, (_, i) => {
    const alpha = (0.08 + (0.56 * (i + 1)) / SHADES).toFixed(2);
    return `${prefix}${i + 1}{background:rgb(var(--${channel})/${alpha})}`;
  }).join('');
}

const HEAT =
  shades('.ramp .wp', 'up') +
  shades('.ramp .wn', 'down') +
  shades('.ramp .ap', 'up') +
  shades('.ramp .an', 'down') +
  shades('.ramp .l', 'hue') +
  shades('#rollouts:has(#colour-weight:checked) .wp', 'up') +
  shades('#rollouts:has(#colour-weight:checked) .wn', 'down') +
  shades('#rollouts:has(#colour-advantage:checked) .ap', 'up') +
  shades('#rollouts:has(#colour-advantage:checked) .an', 'down') +
  shades('#rollouts:has(#colour-surprise:checked) .l', 'hue');

/** The whole sheet; `extra` are rules that depend on the data. */
export function reportStyles(extra: string): string {
  return `
:root{--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
:root:has(#theme-light:checked){${LIGHT}}
:root:has(#theme-dark:checked){${DARK}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:15px/1.5 var(--sans);scroll-padding-top:3.2rem;-webkit-text-size-adjust:100%}
body{overflow-wrap:anywhere;margin:0 auto;max-width:1480px;padding:0 clamp(12px,3vw,40px) 4rem}
h1{font-size:clamp(1.4rem,3.2vw,2.1rem);line-height:1.2;margin:1.6rem 0 .5rem;letter-spacing:-.015em}
h2{font-size:1.15rem;margin:0 0 .25rem}
h3{font-size:.95rem;margin:1.2rem 0 .5rem}
section{margin-top:2.4rem}
.lead{color:var(--muted);margin:0 0 1rem;max-width:76ch}
.none{color:var(--muted);font-style:italic}
small{font-size:.8rem;color:var(--muted);font-weight:400}
nav{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;align-items:center;gap:.2rem 1.1rem;padding:.5rem 0;
background:var(--paper);border-bottom:1px solid var(--edge);font-size:.87rem}
nav a{color:var(--muted);text-decoration:none}
nav a:hover,nav a:focus-visible{color:var(--ink);text-decoration:underline}
nav .choice{margin-left:auto}
.facts{display:flex;flex-wrap:wrap;gap:.3rem 1.8rem;margin:0;font-size:.9rem}
.facts div{display:flex;gap:.45rem}
.facts dt{white-space:nowrap;color:var(--muted)}
.facts dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:14px}
.tile{border:1px solid var(--edge);border-radius:10px;padding:14px 16px;background:var(--raised)}
.tile h3{margin:0;font-weight:600;color:var(--muted)}
.move{display:flex;align-items:flex-start;gap:.7rem;margin:.4rem 0 .5rem}
.end b{display:block;font-size:1.75rem;line-height:1.15;font-weight:650;font-variant-numeric:tabular-nums;letter-spacing:-.02em}
.end small{white-space:nowrap;font-variant-numeric:tabular-nums}
.end.before b{color:var(--muted);font-weight:500}
.end.after b{color:var(--accent)}
.arrow{font-size:1.3rem;line-height:1.6;color:var(--muted)}
.scale{display:flex;justify-content:space-between;margin:0;font-size:.72rem;color:var(--muted)}
.change{margin:.4rem 0 0;font-variant-numeric:tabular-nums;color:var(--muted)}
.change b{color:var(--ink);font-size:1.02rem}
.doubt{margin:.2rem 0 0;font-size:.85rem;color:var(--muted);font-style:italic}
.dumbbell{display:block;width:100%;height:auto}
.dumbbell .grid{stroke:var(--grid);fill:none}
.dumbbell .whisker{stroke-width:3}
.notes{background:var(--warn);border-left:4px solid var(--warn-edge);border-radius:4px;padding:.7rem 1rem .7rem 1.1rem}
.notes ul{margin:.2rem 0 0;padding-left:1.1rem;max-width:90ch}
.notes li{overflow-wrap:anywhere;white-space:pre-wrap}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:22px 26px}
.panels.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr))}
.panels.wide .panel{max-width:620px}
.panels.wide figcaption{min-height:4.2rem}
.panel{margin:0;min-width:0;break-inside:avoid}
figcaption{min-height:2.9rem;margin-bottom:.2rem;font-size:.85rem}
figcaption .name{font-weight:600;font-size:.92rem;display:block}
figcaption .name small{margin-left:.45rem}
.readout{display:flex;flex-wrap:wrap;gap:0 .9rem;align-items:center;color:var(--muted);font-variant-numeric:tabular-nums}
.readout b{font-weight:600;color:var(--ink);margin-left:-.5rem}
.readout .value{color:var(--ink);font-weight:600}
.readout .hit{border-left:3px solid var(--c);padding-left:.35rem}
.readout .who{margin-right:.35rem}
.choice{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:4px;align-items:center;min-width:0}
.choice legend{float:left;padding:0;margin-right:.5rem;color:var(--muted);font-size:.85rem}
.choice input{position:absolute;opacity:0;pointer-events:none}
.choice label{font-size:.83rem;padding:.12rem .6rem;border:1px solid var(--edge);border-radius:99px;cursor:pointer}
.choice label:hover{border-color:var(--axis)}
.choice input:checked+label{background:var(--ink);color:var(--paper);border-color:var(--ink)}
.choice input:focus-visible+label{outline:2px solid var(--accent);outline-offset:2px}
.controls{display:flex;flex-wrap:wrap;gap:.6rem 1.8rem;margin-bottom:.7rem}
.scroll{overflow-x:auto;margin-top:.8rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.28rem .7rem;text-align:left;vertical-align:middle}
th:first-child,td:first-child{padding-left:0}
thead th{color:var(--muted);font-weight:500;border-bottom:1px solid var(--axis);vertical-align:bottom}
tbody th{font-weight:600}
tr.first>*{border-top:1px solid var(--edge)}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.unclear{color:var(--muted)}
.drawing{width:210px;min-width:170px}
td.drawing{padding-top:0;padding-bottom:0}
td.metric{color:var(--muted)}
tbody th,td.metric{min-width:11ch}
tr.again th{color:transparent}
#evaluation:has(#metric-all):not(:has(#metric-all:checked)) tr.again th{color:inherit}
.key{display:none;flex-wrap:wrap;align-items:center;gap:.2rem .5rem;margin:0 0 .8rem;font-size:.82rem;color:var(--muted)}
#rollouts:has(#colour-weight:checked) .key-weight,#rollouts:has(#colour-advantage:checked) .key-advantage,
#rollouts:has(#colour-surprise:checked) .key-surprise{display:flex}
.ramp{display:inline-flex}
.ramp i{width:14px;height:14px}
.rollout{border:1px solid var(--edge);border-left:4px solid var(--axis);border-radius:8px;padding:10px 14px;margin:0 0 14px}
.rollout[data-sign=positive]{border-left-color:rgb(var(--up))}
.rollout[data-sign=negative]{border-left-color:rgb(var(--down))}
.rollout header{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:baseline;font-size:.88rem}
.rollout header b{overflow-wrap:anywhere;font-weight:600}
.outcome{font-size:.78rem;padding:0 .5rem;border-radius:99px;border:1px solid var(--axis)}
[data-sign=positive] .outcome{border-color:rgb(var(--up));background:rgb(var(--up)/.14)}
[data-sign=negative] .outcome{border-color:rgb(var(--down));background:rgb(var(--down)/.14)}
.facts-line{color:var(--muted);font-variant-numeric:tabular-nums}
summary{cursor:pointer;color:var(--muted);font-size:.83rem}
pre,.tokens{font:13px/1.65 var(--mono);white-space:pre-wrap;margin:.35rem 0;unicode-bidi:isolate}
pre{background:var(--raised);border-radius:6px;padding:.6rem .8rem;max-height:32rem;overflow:auto}
.prompt{margin:.4rem 0}
.tokens{max-height:26rem;overflow:auto}
.t{border-radius:2px;padding:1px 0;unicode-bidi:isolate}
.t:hover{outline:1.5px solid var(--ink)}
.t i{font-style:normal;opacity:.45;user-select:none}
.cut{display:block;color:var(--muted);margin:.4rem 0}
${HEAT}
${(['positive', 'negative', 'unscored'] as const)
  .map((s) => `#rollouts:has(#show-${s}:checked) .rollout:not([data-sign=${s}]){display:none}`)
  .join('\n')}
#tip{position:fixed;z-index:9;max-width:min(26rem,92vw);padding:.45rem .65rem;border-radius:6px;pointer-events:none;
background:var(--ink);color:var(--paper);font:12.5px/1.45 var(--sans);white-space:pre-line;box-shadow:0 3px 14px rgb(0 0 0/.25)}
#tip .token-text{display:block;font-family:var(--mono);opacity:.75}
footer{margin-top:3rem;color:var(--muted);font-size:.83rem;border-top:1px solid var(--edge);padding-top:.8rem;max-width:none}
${PLOT_STYLES}
${extra}
@media (max-width:700px){
nav{position:static}
table,tbody{display:block}
thead{display:none}
tbody tr{display:grid;grid-template-columns:1fr 1fr auto;gap:0 .8rem;padding:.3rem 0}
tbody tr>*{padding:0;border:0!important}
tbody tr.first{border-top:1px solid var(--edge);margin-top:.4rem}
tbody th,td.metric{grid-column:1/-1}
tr.again th{display:none}
#evaluation:has(#metric-all):not(:has(#metric-all:checked)) tr.again th{display:block}
td.metric{color:var(--muted);font-size:.83rem}
.number{text-align:left}
.number small{display:block}
.drawing{grid-column:1/-1;width:100%;max-width:300px}
}
@media print{
:root,:root:has(#theme-dark:checked){${LIGHT}}
nav,.choice,#tip{display:none!important}
html{font-size:11px}
@page{margin:14mm}
.tiles{grid-template-columns:repeat(3,1fr);gap:8px}
.panels.wide figcaption{min-height:0}
body{max-width:none;padding:0}
section{margin-top:1.4rem}
.tile,.rollout,tr,.t,.ramp i{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.tile,.panel,tr{break-inside:avoid}
h2,h3{break-after:avoid}
.panels{grid-template-columns:repeat(3,1fr);gap:10px}
.panels.wide{grid-template-columns:repeat(2,1fr)}
.tokens,pre{max-height:none;overflow:visible}
}
`;
}
