import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TouchstoneError } from '../core/index.ts';
import type { CliIo } from './context.ts';
import { exitCodeOf, faultText } from './fault-text.ts';
import { main } from './main.ts';

let cwd: string;
let out: string;
let err: string;
let exits: number[];
let interrupt: ((code: number) => void) | undefined;
let onOutput: () => void;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'cli-'));
  out = '';
  err = '';
  exits = [];
  onOutput = () => undefined;
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function io(): CliIo {
  return {
    stdout: {
      write(text: string) {
        out += text;
        onOutput();
      },
      columns: 100,
    },
    stderr: {
      write(text: string) {
        err += text;
      },
      columns: 100,
    },
    env: {},
    cwd,
    now: () => performance.now(),
    onInterrupt(listener) {
      interrupt = listener;
      return () => {
        interrupt = undefined;
      };
    },
    exit: (code) => exits.push(code),
  };
}

const run = (...argv: string[]) => main(argv, io());

describe('usage', () => {
  it('shows help and version', async () => {
    expect(await run('--help')).toBe(0);
    for (const name of ['run', 'report', 'compare', 'explain', 'tasks', 'validate', 'doctor']) {
      expect(out).toContain(`  ${name} `);
    }
    expect(await run('--version')).toBe(0);
    expect(out).toMatch(/\n\d+\.\d+\.\d+\n$/);
    expect(await run()).toBe(0);
    expect(err).toBe('');
  });

  it('shows the options of one command', async () => {
    expect(await run('run', '--help')).toBe(0);
    expect(await run('help', 'compare')).toBe(0);
    expect(out).toContain('--dry-run');
    expect(out).toContain('<runB>');
  });

  it.each([['nope'], ['run'], ['run', 'quickstart', '--seed', 'x'], ['explain', '--nope']])(
    'is exit code 2 when wrong: %s',
    async (...argv) => {
      expect(await run(...argv)).toBe(2);
      expect(err).toMatch(/^error: /);
    },
  );
});

describe('faults', () => {
  it('are two lines and exit code 1', async () => {
    expect(await run('compare', 'a', 'b')).toBe(1);
    expect(err).toBe(
      'error[not-found]: no run a in runs\n' +
        '  hint: give the name of a run in --runs-dir, or the path of its directory\n',
    );
  });

  it('of ours show the stack and are exit code 70', () => {
    const fault = new TypeError('x is undefined', { cause: new Error('inner') });
    expect(exitCodeOf(fault)).toBe(70);
    expect(faultText(fault)).toMatch(
      /^internal error: TypeError: x is undefined\n +at .*caused by: Error: inner/s,
    );
    expect(faultText(new TouchstoneError('bad-input', 'no hint here'))).toBe(
      'error[bad-input]: no hint here\n',
    );
    expect(faultText('a thrown text')).toContain('internal error: a thrown text');
  });
});

describe('interrupts', () => {
  it('stop at the next safe place first and at once the second time', async () => {
    onOutput = () => interrupt?.(130);
    expect(await run('validate', 'ar.chain', '--instances', '3', '--json')).toBe(130);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(err).toContain('stopping at the next safe place');
    expect(exits).toEqual([]);
    expect(interrupt).toBeUndefined();

    onOutput = () => {
      interrupt?.(143);
      interrupt?.(143);
    };
    expect(await run('validate', 'ar.chain/times', '--instances', '3')).toBe(143);
    expect(exits.at(0)).toBe(143);
  });
});

describe('commands', () => {
  it('run --dry-run prints the resolved recipe', async () => {
    expect(await run('run', 'quickstart', '--dry-run', '--seed', '7', '--set', 'warmUp.steps=3')).toBe(0);
    expect(out).toContain('seed: 7\n');
    expect(out).toMatch(/warmUp:\n {2}steps: 3\n/);
  });

  it('run refuses a wrong recipe, method configuration and name', async () => {
    writeFileSync(join(cwd, 'mine.yaml'), 'title: mine\ntasks: []\nwarmup: {}\n');
    expect(await run('run', 'mine')).toBe(1);
    expect(err).toContain('mine.yaml:2: tasks is [], expected at least 1 entries');
    expect(err).toContain('mine.yaml:3: warmup is not a known key: did you mean warmUp?');
    expect(await run('run', 'quickstart', '--set', 'reinforce.config.freezeStep=1')).toBe(1);
    expect(err).toContain('reinforce.config.freezeStep is not a known key: did you mean freezeSteps?');
    expect(await run('run', 'quickstart', '--name', '../x')).toBe(1);
    expect(err).toContain('"../x" cannot name a run');
  });

  it('explain lists methods and explains one', async () => {
    expect(await run('explain')).toBe(0);
    expect(out).toContain('grpo ');
    expect(await run('explain', 'grpo', '--preset', 'dapo', '--set', 'clipHigh=0.3')).toBe(0);
    expect(out).toContain('  clipHigh: 0.3\n');
    expect(await run('explain', 'grpo', '--preset', 'none')).toBe(1);
    expect(await run('explain', 'ppoo')).toBe(1);
    expect(err).toContain('error[not-found]');
  });

  it('tasks lists, shows and samples, the same items for the same seed', async () => {
    expect(await run('tasks', 'list', 'tail.*')).toBe(0);
    expect(out).toContain('tail.addition\n');
    expect(await run('tasks', 'show', 'ar.chain/times')).toBe(0);
    expect(out).toContain('level 0 ');
    out = '';
    expect(await run('tasks', 'sample', 'ar.chain/times', '--count', '2', '--json', '--seed', '5')).toBe(0);
    const first = out;
    expect(first.trim().split('\n')).toHaveLength(2);
    out = '';
    await run('tasks', 'sample', 'ar.chain/times', '--count', '2', '--json', '--seed', '5');
    expect(out).toBe(first);
    expect(await run('tasks', 'sample', 'tail.compare', '--level', '2')).toBe(0);
    expect(await run('tasks', 'list', 'zz.*')).toBe(1);
  });

  it('validate passes good tasks', async () => {
    expect(await run('validate', 'ar.chain/times', 'ar.chain/times')).toBe(0);
    expect(out).toContain('1 of 1 tasks passed');
  });

  it('doctor shows the machine and measures it', async () => {
    expect(await run('doctor', '--json')).toBe(0);
    const report = JSON.parse(out) as { node: string; gigaflops: number; runtime: { providers: string[] } };
    expect(report.node).toBe(process.versions.node);
    expect(report.gigaflops).toBeGreaterThan(0);
    expect(report.runtime.providers).toContain('cpu');
  });
});
