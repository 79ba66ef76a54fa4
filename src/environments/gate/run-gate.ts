// The quality gate for one task: fifteen mechanical checks in order. A task is counted only when all pass. A check
// that throws has failed; the gate itself never throws on a task. Distinctness between tasks and human review are
// separate, since they look at more than one task.

import type { TaskDef } from '../task.ts';
import { checkConstantAttack, checkDumpAttack, checkRobustness, checkZeroSet } from './attacks.ts';
import { createContext, type GateCheck, type GateContext, type GateOptions } from './context.ts';
import { checkBounded, checkDifficulty, checkDiversity, checkLeak, checkSize } from './sizes.ts';
import {
  checkAlternatives,
  checkDeterminism,
  checkIndependentTruth,
  checkOracle,
  checkSerialisation,
  checkUniqueness,
} from './truth.ts';

/** The checks by name, in the order they run. */
export const GATE_CHECKS: Readonly<Record<string, (context: GateContext) => GateCheck>> = {
  determinism: checkDeterminism,
  oracle: checkOracle,
  'independent-truth': checkIndependentTruth,
  alternatives: checkAlternatives,
  'zero-set': checkZeroSet,
  'constant-attack': checkConstantAttack,
  'dump-attack': checkDumpAttack,
  uniqueness: checkUniqueness,
  bounded: checkBounded,
  leak: checkLeak,
  diversity: checkDiversity,
  difficulty: checkDifficulty,
  robustness: checkRobustness,
  serialisation: checkSerialisation,
  size: checkSize,
};

export interface GateReport {
  task: string;
  version: number;
  passed: boolean;
  checks: GateCheck[];
}

/**
 * Runs every check on a task.
 *
 * @example
 * const report = runGate(await loadTask('ar.chain/times'), { instances: 20, draws: 200 });
 * report.checks.filter((check) => !check.passed);
 */
export function runGate(task: TaskDef, options: GateOptions = {}): GateReport {
  const context = createContext(task, options);
  const checks = Object.entries(GATE_CHECKS).map(([check, run]): GateCheck => {
    try {
      return run(context);
    } catch (thrown) {
      // Generators, oracles and checkers are under test here: whatever they throw is the finding.
      return { check, passed: false, figure: 0, detail: `threw ${String(thrown)}`.slice(0, 300) };
    }
  });
  return { task: task.id, version: task.version, passed: checks.every((check) => check.passed), checks };
}
