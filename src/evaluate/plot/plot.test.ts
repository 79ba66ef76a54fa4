import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  band,
  cleanPoints,
  dots,
  downsample,
  escapeMarkup,
  formatChange,
  formatDuration,
  formatInterval,
  formatNumber,
  formatRatio,
  line,
  linearTicks,
  logTicks,
  makeScale,
  movingAverage,
  niceDomain,
  type Point,
  plot,
  showControls,
} from './index.ts';

const anyNumber = fc.double({ noDefaultInfinity: true, noNaN: true });
const anyValue = fc.oneof(fc.double(), fc.constant(null));
const anyPoints = fc.array(fc.record({ x: fc.double(), y: anyValue }), { maxLength: 60 });

/** Attributes and text that a broken computation leaves behind. */
const BROKEN = /NaN|Infinity|undefined|null/;

describe('ticks', () => {
  it('are the round numbers one would choose by hand', () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-3, 12, 4)).toEqual([0, 5, 10]);
    expect(linearTicks(1200, 1800, 3)).toEqual([1200, 1400, 1600, 1800]);
    expect(logTicks(1e-6, 1e-2, 4)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2]);
    expect(niceDomain(0.06, 0.34, 4)).toEqual([0, 0.4]);
  });

  it('ascend strictly and lie inside the domain', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, fc.integer({ min: 1, max: 12 }), (a, b, count) => {
        const scale = makeScale([a, b], { range: [0, 300], count });
        const [low, high] = scale.domain;
        const slack = (high - low) * 1e-6;
        return scale.ticks.every(
          ({ value, position }, i) =>
            value >= low - slack &&
            value <= high + slack &&
            Number.isFinite(position) &&
            (i === 0 || value > scale.ticks[i - 1].value),
        );
      }),
    );
  });

  it('have labels that differ and, side by side, keep apart', () => {
    fc.assert(
      fc.property(anyNumber, anyNumber, fc.integer({ min: 60, max: 600 }), (a, b, width) => {
        const { ticks } = makeScale([a, b], { range: [0, width], count: 8, horizontal: true });
        const labels = ticks.map((tick) => tick.label);
        expect(new Set(labels).size).toBe(labels.length);
        for (let i = 1; i < ticks.length; i++) {
          const room = ticks[i].position - ticks[i - 1].position;
          expect(room).toBeGreaterThan(((labels[i].length + labels[i - 1].length) / 2) * 6);
        }
      }),
    );
  });

  it('use whole numbers for steps', () => {
    const { ticks } = makeScale([0, 2], { range: [0, 600], count: 8, whole: true });
    expect(ticks.map((tick) => tick.label)).toEqual(['0', '1', '2']);
  });

  it.each([
    [
      [0, 2e-9],
      ['0', '1.0×10⁻⁹', '2.0×10⁻⁹'],
    ],
    [
      [0, 12000],
      ['0', '5 k', '10 k', '15 k'],
    ],
    [
      [5, 5],
      ['4.5', '5.0', '5.5'],
    ],
    [
      [0, 0],
      ['0.0', '0.5', '1.0'],
    ],
  ])('labels %j', (values, labels) => {
    const shown = makeScale(values, { range: [0, 300], count: 3 }).ticks.map((tick) => tick.label);
    for (const label of labels) expect(shown).toContain(label);
  });
});

describe('scale', () => {
  it('is logarithmic only for positive values over three decades', () => {
    const kind = (values: number[]) => makeScale(values, { range: [0, 1], kind: 'auto' }).kind;
    expect(kind([1e-6, 1e-2])).toBe('log');
    expect(kind([0.1, 1])).toBe('linear');
    expect(kind([0, 1e6])).toBe('linear');
    expect(kind([])).toBe('linear');
  });

  it('maps the ends of the domain to the ends of the range', () => {
    for (const kind of ['linear', 'log'] as const) {
      const scale = makeScale([1, 1000], { range: [10, 110], kind });
      expect(scale.at(scale.domain[0])).toBeCloseTo(10);
      expect(scale.at(scale.domain[1])).toBeCloseTo(110);
    }
  });
});

describe('series', () => {
  it('averages within a window and never over a gap', () => {
    const points = [1, 2, 6, null, 8].map((y, x) => ({ x, y }));
    expect(movingAverage(points, 3).map((point) => point.y)).toEqual([1.5, 3, 4, null, 8]);
  });

  it('keeps the extremes when thinning', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 3000 }),
        (ys) => {
          const points = ys.map((y, x) => ({ x, y }));
          const kept = downsample(points, 50).map((point) => point.y);
          expect(kept.length).toBeLessThanOrEqual(Math.max(100, 0));
          expect(Math.min(...kept)).toBe(Math.min(...ys));
          expect(Math.max(...kept)).toBe(Math.max(...ys));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps order and gaps wider than a bucket', () => {
    const points: Point[] = Array.from({ length: 10000 }, (_, x) => ({
      x,
      y: x > 4000 && x < 6000 ? null : Math.sin(x),
    }));
    const kept = downsample(points, 300);
    expect(kept.length).toBeLessThanOrEqual(600);
    expect(kept.every((point, i) => i === 0 || point.x >= kept[i - 1].x)).toBe(true);
    expect(kept.some((point) => point.y === null)).toBe(true);
  });
});

describe('plot', () => {
  const draw = (points: readonly Point[], kind: 'linear' | 'auto' = 'auto') =>
    plot({
      description: 'test',
      x: { label: 'step', whole: true },
      y: { kind },
      marks: [line(cleanPoints(points)), dots(cleanPoints(points))],
    });

  it('draws any points without broken coordinates', () => {
    fc.assert(fc.property(anyPoints, (points) => !BROKEN.test(draw(points).svg)));
  });

  it.each<[string, Point[]]>([
    ['no points', []],
    ['all null', [{ x: 1, y: null }]],
    ['not a number', [{ x: 1, y: Number.NaN }]],
    ['a step that is not a number', [{ x: Number.NaN, y: 1 }]],
  ])('says so when there is nothing to draw: %s', (_, points) => {
    const { svg, empty } = draw(points);
    expect(empty).toBe(true);
    expect(svg).toContain('no data');
  });

  it('draws one point as a dot and a constant in the middle', () => {
    expect(draw([{ x: 3, y: 0.5 }]).svg).toContain('<circle');
    const flat = draw([
      { x: 0, y: 7 },
      { x: 9, y: 7 },
    ]).svg;
    const [, y] = /class="line c0" d="M[\d.]+,([\d.]+)L/.exec(flat) ?? [];
    expect(Number(y)).toBeGreaterThan(50);
    expect(Number(y)).toBeLessThan(110);
  });

  it('breaks the line at a gap', () => {
    const { svg } = draw([0, 1, null, 2, 3].map((y, x) => ({ x, y })));
    expect(svg.match(/class="line c0" d="([^"]*)"/)?.[1].match(/M/g)).toHaveLength(2);
  });

  it('keeps a range of 1e-9 and huge numbers drawable', () => {
    for (const ys of [
      [0.5, 0.5 + 1e-9],
      [0, 5e-324],
      [-1e308, 1e308],
      [1e9, 1e9 + 1],
    ]) {
      expect(draw(ys.map((y, x) => ({ x, y }))).svg).not.toMatch(BROKEN);
    }
  });

  it('draws a band only where both ends are known', () => {
    const marks = [
      band([
        { x: 0, low: 0, high: Number.NaN },
        { x: 1, low: 0.2, high: 0.4 },
      ]),
    ];
    expect(plot({ description: '', marks }).svg).toContain('whisker');
  });

  it('escapes what it writes', () => {
    const { svg } = plot({ description: '"><script>', x: { label: '<b>' }, marks: [] });
    expect(svg).not.toMatch(/<script|<b>/);
  });
});

describe('numbers in text', () => {
  it.each([
    [0.8341, '0.834'],
    [0.00012345, '0.000123'],
    [12.345, '12.35'],
    [1250, '1,250'],
    [-0.5, '−0.500'],
    [3.21e-6, '3.2×10⁻⁶'],
    [null, '–'],
    [Number.NaN, '–'],
    [0, '0'],
  ])('writes %s as %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it('writes intervals, ratios, changes and durations', () => {
    const estimate = { value: 0.5, low: 0.42, high: 0.58 };
    expect(formatInterval(estimate)).toBe('0.500 [0.420, 0.580]');
    expect(formatInterval({ value: 3, low: Number.NaN, high: Number.NaN })).toBe('3');
    expect(formatRatio(0.2, 0.8)).toBe('×4.00');
    expect(formatRatio(0, 0.8)).toBe('–');
    expect(formatChange(estimate, { ...estimate, value: 0.52 })).toBe('+0.020');
    expect(formatChange(null, estimate)).toBe('–');
    expect(formatDuration(3912)).toBe('1 h 5 min');
    expect(formatDuration(75.4)).toBe('1 min 15 s');
  });
});

describe('escaping', () => {
  it('leaves no character that could end a text or an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeMarkup(text);
        expect(escaped).not.toMatch(/[<>"'`]/);
        expect(escaped.replace(/&(amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&');
        expect(escaped.isWellFormed()).toBe(true);
      }),
    );
  });

  it('shows control, invisible and direction-changing characters', () => {
    expect(showControls('a\u0000b\u001b[31m\u202Etxt\u200B\r\n\t')).toBe('a␀b␛[31m⟨202E⟩txt⟨200B⟩␍\n\t');
  });
});
