// Every example runs to its end, offline, as a user would start it, and prints what it is about.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const run = promisify(execFile);

/** A line each example must print. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'compare-runs.ts': /oreal .*better|better.* oreal/i,
  'environments.ts':
    /right +correct +reward 1\nwrong +incorrect +reward 0\nsilent +invalid +reward 0\ngate: 15 checks/,
  'oreal-objective.ts': /response 0: dL\/dlogp -.* made likelier/,
  'sample-policy.ts': /the same sample alone: identical/,
  'stability.ts': /mG-Pass@16 of all items 0\.\d+, 95 % interval/,
  'tail-trace.ts': /answer correct, (\d+) of \1 steps right\nwith a slip: valid false/,
  'train-tiny-model.ts': /\n5 → 6 7 8 9 10 11 1 \(stop\)\n9 → 10 11 1 \(stop\)/,
};

describe('examples', () => {
  it('are all expected here', () => {
    expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.entries(EXPECTED))(
    '%s runs',
    async (name, expected) => {
      // The condition makes `touchstone` mean the sources; without it, it is the compiled package.
      const { stdout, stderr } = await run(
        process.execPath,
        ['--conditions=touchstone-source', join('examples', name)],
        { cwd: ROOT, timeout: 110_000 },
      );
      expect(stdout).toMatch(expected);
      expect(stderr).toBe('');
    },
    120_000,
  );
});
