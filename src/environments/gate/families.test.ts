import { beforeAll, describe, expect, it } from 'vitest';
import { findTasks, listTasks } from '../registry.ts';
import type { TaskDef } from '../task.ts';
import { runGate } from './run-gate.ts';

// Small sizes keep the whole file under half a minute on a loaded machine; the full gate uses the defaults of
// runGate (200 instances per level, 2,000 draws, 1,000 fuzz strings). TOUCHSTONE_GATE_INSTANCES raises them,
// TOUCHSTONE_GATE_CLOCK judges times too, TOUCHSTONE_GATE_PRINT shows every figure.
const INSTANCES = Number(process.env.TOUCHSTONE_GATE_INSTANCES ?? 6);

describe('the quality gate', () => {
  const tasks = new Map<string, TaskDef>();
  beforeAll(async () => {
    for (const task of await findTasks('*')) tasks.set(task.id, task);
  });

  it.each(listTasks())('passes %s', (id) => {
    const report = runGate(tasks.get(id) as TaskDef, {
      instances: INSTANCES,
      draws: 10 * INSTANCES,
      fuzz: 10 * INSTANCES,
      ...(process.env.TOUCHSTONE_GATE_CLOCK ? { now: () => performance.now() } : {}),
    });
    if (process.env.TOUCHSTONE_GATE_PRINT) {
      for (const c of report.checks) console.log(`${id} ${c.check} ${c.passed} ${c.figure} ${c.detail}`);
    }
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
    expect(report.passed).toBe(true);
  });
});
