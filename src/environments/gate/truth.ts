// Gate checks on truth: 1 determinism, 2 oracle, 3 independent truth, 4 alternatives, 8 uniqueness, 14 serialisation.
// Each draws instances of every level and reports how many failed, with the first failure in words.

import { extractAnswer } from '../../answers/extract.ts';
import { canonicalJson, contentHash, createRng, type Json } from '../../core/index.ts';
import { defaultLevel, type TaskDef } from '../task.ts';
import { type GateCheck, type GateContext, levelsOf, tally } from './context.ts';

/** Ways a right answer is commonly dressed; each must still score 1. */
export const WRAPPERS: Readonly<Record<string, (answer: string) => string>> = {
  tags: (answer) => `<answer>${answer}</answer>`,
  boxed: (answer) => `So it is \\boxed{${answer}}.`,
  fenced: (answer) => `<answer>\n\`\`\`\n${answer}\n\`\`\`\n</answer>`,
  spaces: (answer) => `<answer>\n  ${answer} \n</answer>`,
  latex: (answer) => `<answer>$${answer}$</answer>`,
  trailing: (answer) =>
    `<think>maybe <answer>0</answer></think>\n<answer>${answer}</answer>\nI hope this helps.`,
};

/** Hash of the instances, prompts and oracles of `count` draws spread over the levels. */
export function goldenHash(task: TaskDef, count = 64): string {
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(bytesOf(task, i % task.levels.length, i));
  return contentHash(texts.join('\n'));
}

function bytesOf(task: TaskDef, level: number, index: number): string {
  const instance = task.generate(createRng('golden', task.id, task.version, level, index), level);
  const language = task.languages[index % task.languages.length];
  const prompt = task
    .prompt(instance, index % task.templates, language)
    .map(({ role, content }) => ({ role, content }));
  return canonicalJson([instance, prompt, task.oracle(instance)]);
}

/** 1: the same stream gives the same bytes in any order, and the golden hash when one is given. */
export function checkDeterminism({ task, instances, golden, rng }: GateContext): GateCheck {
  const places = levelsOf(task).flatMap((level) =>
    Array.from({ length: Math.min(instances, 16) }, (_, index) => ({ level, index })),
  );
  const first = new Map(places.map((place) => [place, bytesOf(task, place.level, place.index)]));
  const failures = rng('determinism')
    .shuffle(places)
    .filter((place) => bytesOf(task, place.level, place.index) !== first.get(place))
    .map(({ level, index }) => `level ${level} draw ${index} differs when drawn again`);
  if (golden !== undefined && goldenHash(task) !== golden)
    failures.push(`golden hash is ${goldenHash(task)}`);
  return tally('determinism', places.length, failures);
}

/** 2: the oracle scores exactly 1, bare and in every wrapper. */
export function checkOracle(context: GateContext): GateCheck {
  const { task } = context;
  const failures: string[] = [];
  let tested = 0;
  for (const level of levelsOf(task)) {
    for (const instance of context.sample(level, context.instances)) {
      const answer = context.oracle(instance);
      const forms = { bare: answer } as Record<string, string | undefined>;
      for (const [name, wrap] of Object.entries(WRAPPERS)) forms[name] = extractAnswer(wrap(answer))?.text;
      for (const [name, form] of Object.entries(forms)) {
        tested++;
        const result = form === undefined ? null : task.check(instance, form);
        if (result?.score !== 1)
          failures.push(`level ${level}, ${name}: ${JSON.stringify(answer)} ${result?.reason}`);
      }
    }
  }
  return tally('oracle', tested, failures);
}

/** 3: a second solver or a second checker agrees with the oracle and the checker. */
export function checkIndependentTruth(context: GateContext): GateCheck {
  const { task } = context;
  if (!task.secondSolver && !task.secondCheck) {
    const enough = task.kind === 'C';
    const detail = enough
      ? 'kind C without a second checker: the checker alone validates'
      : 'no second solver';
    return { check: 'independent-truth', passed: enough, figure: 0, detail };
  }
  const failures: string[] = [];
  let tested = 0;
  for (const level of levelsOf(task)) {
    const sample = context.sample(level, context.instances);
    sample.forEach((instance, i) => {
      const answer = context.oracle(instance);
      const second = task.secondSolver?.(instance);
      if (second !== undefined) {
        tested++;
        const differs = task.kind === 'U' && second !== answer;
        if (differs || task.check(instance, second).score !== 1) {
          failures.push(
            `level ${level}: oracle ${JSON.stringify(answer)}, second solver ${JSON.stringify(second)}`,
          );
        }
      }
      const other = context.oracle(sample[(i + 1) % sample.length]);
      for (const claim of task.secondCheck ? [answer, other] : []) {
        tested++;
        if ((task.check(instance, claim).score === 1) !== task.secondCheck?.(instance, claim)) {
          failures.push(`level ${level}: checkers disagree on ${JSON.stringify(claim)}`);
        }
      }
    });
  }
  return tally('independent-truth', tested, failures);
}

/** 4: other right answers score 1 as well; kinds C and S must know some. */
export function checkAlternatives(context: GateContext): GateCheck {
  const { task } = context;
  if (task.kind !== 'C' && task.kind !== 'S') {
    return { check: 'alternatives', passed: true, figure: 0, detail: `kind ${task.kind}: one answer` };
  }
  const failures: string[] = [];
  let tested = 0;
  let different = 0;
  for (const level of levelsOf(task)) {
    context.sample(level, context.instances).forEach((instance, i) => {
      const answers = new Set(task.alternatives?.(instance, context.rng('alternatives', level, i)) ?? []);
      for (const answer of answers) {
        tested++;
        if (answer !== context.oracle(instance)) different++;
        const result = task.check(instance, answer);
        if (result.score !== 1) failures.push(`level ${level}: ${JSON.stringify(answer)} ${result.reason}`);
      }
    });
  }
  const check = tally('alternatives', tested, failures, `${different} differ from the oracle`);
  return different > 0
    ? check
    : { ...check, passed: false, detail: 'no alternative differs from the oracle' };
}

/** 8: a puzzle with one answer has exactly one solution, counted to 2. */
export function checkUniqueness(context: GateContext): GateCheck {
  const { task } = context;
  if (task.kind !== 'U') return { check: 'uniqueness', passed: true, figure: 0, detail: `kind ${task.kind}` };
  if (!task.countSolutions) {
    const computed = task.secondSolver !== undefined || task.secondCheck !== undefined;
    const detail = computed
      ? 'the answer is computed, not searched for'
      : 'neither a solution count nor a second solver';
    return { check: 'uniqueness', passed: computed, figure: 0, detail };
  }
  const failures: string[] = [];
  let tested = 0;
  for (const level of levelsOf(task)) {
    for (const instance of context.sample(level, context.instances)) {
      tested++;
      const count = task.countSolutions(instance);
      if (count !== 1) failures.push(`level ${level}: ${count === 0 ? 'no solution' : 'several solutions'}`);
    }
  }
  return tally('uniqueness', tested, failures);
}

/** 14: an instance that went through JSON is checked the same. */
export function checkSerialisation(context: GateContext): GateCheck {
  const { task } = context;
  const failures: string[] = [];
  let tested = 0;
  for (const level of levelsOf(task)) {
    const sample = context.sample(level, context.instances);
    sample.forEach((instance, i) => {
      const copy = JSON.parse(JSON.stringify(instance)) as Json;
      const same = task.oracle(copy) === context.oracle(instance);
      for (const answer of [context.oracle(instance), context.oracle(sample[(i + 1) % sample.length]), '']) {
        tested++;
        const before = canonicalJson(JSON.parse(JSON.stringify(task.check(instance, answer))) as Json);
        const after = canonicalJson(JSON.parse(JSON.stringify(task.check(copy, answer))) as Json);
        if (!same || before !== after)
          failures.push(`level ${level}: ${JSON.stringify(answer)} after JSON: ${after}`);
      }
    });
  }
  return tally('serialisation', tested, failures, `default level ${defaultLevel(task)}`);
}
