import { beforeEach, describe, expect, it } from 'vitest';
import { createProgress, type ProgressOptions } from './progress.ts';
import { bar, clip, duration, figure, sparkline } from './progress-text.ts';

let written: string;
let time: number;
const stream = {
  write(text: string) {
    written += text;
  },
};
beforeEach(() => {
  written = '';
  time = 0;
});
const start = (options: Partial<ProgressOptions> = {}) =>
  createProgress(stream, { isTTY: true, columns: 60, now: () => time, ...options });

/** Stands for the escape character, which a pattern literal may not hold. */
const mark = (text: string) => text.replaceAll('\x1b', '\uE000');
const SEQUENCE = /\uE000\[\d*[A-Za-z]/g;
const SEQUENCE_OR_CHARACTER = /\uE000\[\d*[A-Za-z]|[\s\S]/gu;
const CURSOR_UP = /^\uE000\[(\d+)A$/;

/** What a terminal shows after the text: the only control sequences are "up n lines" and "clear below". */
function screen(text: string): string[] {
  const lines = [''];
  for (const [part] of mark(text).matchAll(SEQUENCE_OR_CHARACTER)) {
    const up = CURSOR_UP.exec(part);
    if (up) lines.splice(lines.length - 1 - Number(up[1]), Number.POSITIVE_INFINITY, '');
    else if (part === '\n') lines.push('');
    else if (part !== '\r' && !part.startsWith('\uE000')) lines[lines.length - 1] += part;
  }
  return lines.slice(0, -1);
}

describe('on a terminal', () => {
  it('redraws a dashboard in place and leaves a summary of each phase', () => {
    const progress = start();
    progress.phase('warm-up', 2);
    time = 1000;
    progress.step(1, { loss: 2.5, 'learning-rate': 0.1 });
    expect(screen(written)).toEqual(['warm-up ███████████████░░░░░░░░░░░░░░░ 1/2  1 s left', 'loss 2.500']);
    time = 2000;
    progress.step(2, { loss: 1.5 });
    progress.phase('reinforce', 100);
    for (let step = 1; step <= 4; step++) {
      time += 2000;
      progress.step(step, {
        reward: step / 10,
        accuracy: step / 8,
        'policy.entropy': 1.25,
        length: 80,
        'tokens-per-second': 5712.3,
      });
    }
    expect(screen(written)).toEqual([
      'warm-up 2/2 done in 2 s  loss 1.500',
      'reinforce █▏░░░░░░░░░░░░░░░░░░░░░░░░░ 4/100  3 m 12 s left',
      'reward 0.400  accuracy 0.500  entropy 1.250  length 80.0  …',
      'accuracy ▁▃▆█',
    ]);
    progress.finish();
    progress.finish();
    expect(screen(written)).toEqual([
      'warm-up 2/2 done in 2 s  loss 1.500',
      'reinforce stopped at 4/100 in 8 s  reward 0.400  accuracy …',
    ]);
  });

  it('limits redraws but shows the last step', () => {
    const progress = start();
    progress.phase('fast', 1000);
    const before = written.length;
    for (let step = 1; step < 1000; step++) progress.step(step, { loss: 1 });
    expect(written.slice(before).split('left').length).toBeLessThan(4);
    progress.step(1000, { loss: 0.5 });
    expect(screen(written)[1]).toBe('loss 0.500');
  });

  it('keeps notes above the dashboard and makes their control characters visible', () => {
    const progress = start();
    progress.phase('rl', 10);
    progress.note('watch\x1b[2J out');
    expect(screen(written)).toEqual(['watch␛[2J out', expect.stringContaining('rl ░'), 'running for 0 s']);
  });

  it.each([10, 14, 24, 40, 200])('never writes into the last of %i columns', (columns) => {
    const progress = start({ columns });
    progress.phase('a phase with a long name', 12345);
    time = 5000;
    progress.step(1, { reward: 1, accuracy: 0.5, kl: 0.01 });
    time = 9000;
    progress.step(2, { reward: 1, accuracy: 0.7, kl: 0.01 });
    progress.finish();
    for (const line of mark(written).replaceAll(SEQUENCE, '').split('\n')) {
      expect([...line.replaceAll('\r', '')].length).toBeLessThan(columns);
    }
  });

  it('takes a terminal that does not know its width for one of 80 columns', () => {
    start({ columns: () => 0 }).phase('rl', 10);
    expect(screen(written)[0]).toHaveLength('rl '.length + 30 + ' 0/10'.length);
  });

  it('colours only when asked to', () => {
    for (const color of [true, false]) {
      written = '';
      const progress = start({ color });
      progress.phase('rl', 10);
      progress.step(1, { reward: 1 });
      expect(written.includes('\x1b[1m')).toBe(color);
    }
  });
});

describe('elsewhere', () => {
  it('writes plain lines, not more than one in two seconds besides the last', () => {
    const progress = start({ isTTY: false, color: true });
    progress.phase('rl', 100, 40);
    for (let step = 41; step <= 100; step++) {
      time += 500;
      progress.step(step, { reward: 0.5, 'kl.mean': 0.0123 });
    }
    progress.finish();
    const lines = written.trimEnd().split('\n');
    expect(lines).toHaveLength(17);
    expect(lines[0]).toBe('rl 41/100  reward 0.500  KL 0.012  30 s left');
    expect(lines.at(-2)).toBe('rl 100/100  reward 0.500  KL 0.012  after 30 s');
    expect(lines.at(-1)).toBe('rl 100/100 done in 30 s  reward 0.500  KL 0.012');
    expect(written).not.toContain('\x1b');
  });

  it('estimates the time left from the last steps, not from the first ones', () => {
    const progress = start({ isTTY: false });
    progress.phase('rl', 100);
    for (let step = 1; step <= 40; step++) {
      time += step <= 10 ? 60_000 : 3000;
      progress.step(step, {});
    }
    expect(written.trimEnd().split('\n').at(-1)).toBe('rl 40/100  3 m 00 s left');
  });

  it('shows the newest step when a phase is left early', () => {
    const progress = start({ isTTY: false });
    progress.phase('rl', 9);
    progress.step(1, { reward: 0 });
    progress.step(2, { reward: 1 });
    progress.finish();
    expect(written).toContain('rl 2/9  reward 1.000');
    expect(written).toContain('rl stopped at 2/9 in 0 s');
  });

  it('shows what is not a number', () => {
    const progress = start({ isTTY: false });
    progress.phase('rl', 2);
    progress.step(1, { loss: Number.NaN });
    expect(written).toContain('loss NaN');
  });
});

describe('figures', () => {
  it('have the width they promise', () => {
    for (let share = -0.5; share <= 1.5; share += 0.01) expect([...bar(share, 7)]).toHaveLength(7);
    expect(bar(0, 4)).toBe('░░░░');
    expect(bar(1, 4)).toBe('████');
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 20)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([1, 1, 5, 5], 2)).toBe('▁█');
    expect(sparkline([2, 2], 5)).toBe('▄▄');
    expect(sparkline([1, Number.NaN, 3], 5)).toBe('▁·█');
    expect(clip('abcdef', 4)).toBe('abc…');
  });

  it('read naturally', () => {
    expect([0, 59_400, 125_000, 11_220_000].map(duration)).toEqual(['0 s', '59 s', '2 m 05 s', '3 h 07 m']);
    expect([0, 0.5, -12.345, 1234.5, 0.00001, 3e12, -Infinity].map(figure)).toEqual([
      '0.000',
      '0.500',
      '-12.3',
      '1,235',
      '1.0e-5',
      '3.0e+12',
      '-∞',
    ]);
  });
});
