// The page's only script: read-outs under a pointer on charts, and tooltips on tokens. It reads data attributes
// and writes text nodes; it never parses markup, so text from a model stays text. Filters and themes do not need
// it (see choice.ts). Its hash is in the page's content security policy (see page.ts).

/** Browser code, ES2020, no dependencies. */
export const REPORT_SCRIPT = `'use strict';
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const charts = [...document.querySelectorAll('svg[data-hover]')].map((svg) => {
    const figure = svg.closest('figure');
    const readout = figure && figure.querySelector('.readout');
    return { svg, readout, rest: readout ? [...readout.childNodes] : [], data: JSON.parse(svg.dataset.hover) };
  });

  const nearest = (points, x) => {
    let low = 0;
    let high = points.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (points[middle][0] < x) low = middle;
      else high = middle;
    }
    const a = points[low];
    const b = points[high];
    return !b || Math.abs(a[0] - x) <= Math.abs(b[0] - x) ? a : b;
  };

  const drawn = (tag, className, attributes) => {
    const node = document.createElementNS(SVG, tag);
    node.setAttribute('class', className);
    for (const name of Object.keys(attributes)) node.setAttribute(name, String(attributes[name]));
    return node;
  };

  const text = (className, content) => {
    const node = document.createElement('span');
    if (className) node.className = className;
    node.textContent = content;
    return node;
  };

  const clear = (chart) => {
    for (const node of [...chart.svg.querySelectorAll('.pointer')]) node.remove();
    if (chart.readout) chart.readout.replaceChildren(...chart.rest);
  };

  const point = (chart, x) => {
    clear(chart);
    const { data } = chart;
    const reach = (data.domain[1] - data.domain[0]) * 0.06;
    const hits = data.series
      .filter((series) => series.points.length > 0)
      .map((series) => ({ series, at: nearest(series.points, x) }));
    if (hits.length === 0) return;
    const best = hits.reduce((a, b) => (Math.abs(b.at[0] - x) < Math.abs(a.at[0] - x) ? b : a));
    if (Math.abs(best.at[0] - x) > reach) return;
    const shown = hits.filter((hit) => Math.abs(hit.at[0] - best.at[0]) <= reach / 6);
    const layer = drawn('g', 'pointer', {});
    layer.append(drawn('path', 'cursor', { d: 'M' + best.at[1] + ',' + data.top + 'V' + data.bottom }));
    for (const hit of shown) {
      const c = hit.series.colour;
      layer.append(drawn('circle', 'cursor-dot ' + c, { cx: hit.at[1], cy: hit.at[2], r: 4 }));
    }
    chart.svg.append(layer);
    if (!chart.readout) return;
    const number = Number(best.at[0].toPrecision(6)).toLocaleString('en-GB', { maximumFractionDigits: 4 });
    const parts = [text('at', data.name + ' ' + number)];
    for (const hit of shown) {
      const item = text('hit ' + hit.series.colour, '');
      if (data.series.length > 1) item.append(text('who', hit.series.name));
      item.append(text('value', hit.at[3]));
      parts.push(item);
    }
    chart.readout.replaceChildren(...parts);
  };

  for (const chart of charts) {
    const { svg, data } = chart;
    const same = charts.filter((other) => other.data.group === data.group);
    const move = (event) => {
      const matrix = svg.getScreenCTM();
      if (!matrix) return;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()).x;
      const share = (at - data.range[0]) / (data.range[1] - data.range[0]);
      const x = data.domain[0] + Math.max(0, Math.min(1, share)) * (data.domain[1] - data.domain[0]);
      for (const other of same) point(other, x);
    };
    svg.addEventListener('pointermove', move);
    svg.addEventListener('pointerdown', move);
    svg.addEventListener('pointerleave', () => same.forEach(clear));
  }

  const tip = document.createElement('div');
  tip.id = 'tip';
  tip.hidden = true;
  document.body.append(tip);
  const hide = () => {
    tip.hidden = true;
  };
  const show = (event) => {
    const token = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
    if (!token) return hide();
    tip.replaceChildren(text('token-text', JSON.stringify(token.textContent)), text('', token.dataset.tip));
    tip.hidden = false;
    const box = token.getClientRects()[0] || token.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(innerWidth - size.width - 8, box.left));
    const above = box.top - size.height - 6;
    tip.style.left = left + 'px';
    tip.style.top = (above < 8 ? box.bottom + 6 : above) + 'px';
  };
  for (const box of document.querySelectorAll('.tokens')) {
    box.addEventListener('pointerover', show);
    box.addEventListener('click', show);
    box.addEventListener('pointerleave', hide);
  }
  addEventListener('scroll', hide, { passive: true, capture: true });
  addEventListener('keydown', (event) => event.key === 'Escape' && hide());
  addEventListener('beforeprint', () => {
    for (const node of document.querySelectorAll('details')) node.open = true;
  });
})();
`;
