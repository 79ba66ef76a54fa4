// Builds a TailTask from what is particular to one task: its inputs, tape layout, an execution computed from
// arithmetic (the generator), a Turing machine (the judge), and the answer. Generator and machine share only
// the slots of render.ts; `verifyTrace` never calls the generator.

import { TouchstoneError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/hash.ts';
import type { Rng } from '../../core/rng.ts';
import { addressWords, drawOffset } from './addresses.ts';
import { type Program, parseCells, runMachine } from './machine.ts';
import { placed, resolveTraceOptions } from './options.ts';
import { cellWords, executionSlots, STYLED_WORDS } from './render.ts';
import type { Cell, Execution, GenerateOptions, TailInstance, TailTask, TraceOptions } from './types.ts';
import { answerSymbols, answerVerdict, compareRecords } from './verify.ts';

/** A stretch of a prompt: plain words, or tape cells. */
export type PromptPart = string | Cell[];

/** What is particular to one task. */
export interface TaskDefinition
  extends Pick<TailTask, 'id' | 'class' | 'lengthOf' | 'tiers' | 'addressSpace' | 'hasDecimals'> {
  /** Draws a problem of this length. */
  draw(rng: Rng, length: number, decimals: boolean): Record<string, string>;
  /** Cells that each group of tapes uses at most. */
  cellsUsed(input: Record<string, string>): Record<string, number>;
  layout(instance: TailInstance): PromptPart[];
  /** The run, from arithmetic rather than from the machine. */
  execute(instance: TailInstance): Execution;
  program: Program;
  answer(instance: TailInstance): string;
  /** From the answer's symbols to the answer; null when malformed. Absent: joined, any text. */
  readAnswer?: (response: string) => string | null;
  normalise?: (answer: string) => string;
  /** Tape letters that prompt or trace address. */
  tapes: readonly string[];
  registers?: readonly string[];
  symbols: readonly string[];
  states: readonly string[];
  promptWords: readonly string[];
  /** Words that answers need even where addresses are not written. */
  answerWords?: (space: number) => string[];
  /** Whether the answer cells are themselves the trace, so that no records precede them. */
  answerIsTrace?: boolean;
}

function dereference(cells: readonly Cell[], written: readonly Cell[]): (address: string) => string {
  const tape = new Map([...cells, ...written].map((cell) => [cell.at, cell.symbol]));
  return (address) => tape.get(address) ?? address;
}

/** The task's interface, with both verifiers. */
export function defineTailTask(definition: TaskDefinition): TailTask {
  const { id, class: taskClass, lengthOf, tiers, addressSpace, hasDecimals, registers = [] } = definition;
  const normalise = definition.normalise ?? ((answer: string) => answer);

  function requireOwn(instance: TailInstance): void {
    if (instance.task === id) return;
    throw new TouchstoneError('bad-input', `instance of ${instance.task} given to ${id}`);
  }

  function setting(instance: TailInstance, options: Partial<TraceOptions> | undefined) {
    requireOwn(instance);
    const resolved = resolveTraceOptions(options);
    return { resolved, here: placed(instance, resolved) };
  }

  function promptText(instance: TailInstance, options: TraceOptions): string {
    const parts = definition.layout(instance);
    const deref = dereference(
      parts.flatMap((part) => (typeof part === 'string' ? [] : part)),
      [],
    );
    return parts
      .flatMap((part) => (typeof part === 'string' ? [part] : cellWords(part, options, deref)))
      .join(' ');
  }

  function render(execution: Execution, cells: readonly Cell[], options: TraceOptions) {
    const written = execution.steps.flatMap((step) => step.write);
    return executionSlots(execution, options, dereference(cells, written));
  }

  function generate(rng: Rng, length: number, options: GenerateOptions = {}): TailInstance {
    if (!Number.isSafeInteger(length) || length < 1) {
      throw new TouchstoneError('bad-config', `${id} of length ${length}`, {
        hint: 'use a whole number from 1',
      });
    }
    if (options.decimals === true && !hasDecimals) {
      throw new TouchstoneError('bad-config', `${id} has no decimals`, { hint: 'leave decimals off' });
    }
    const input = definition.draw(rng, length, options.decimals ?? false);
    const space = options.addressSpace ?? addressSpace;
    const offsets = Object.fromEntries(
      Object.entries(definition.cellsUsed(input)).map(([group, used]) => [
        group,
        drawOffset(rng, used, space),
      ]),
    );
    return { task: id, length, input, offsets };
  }

  return {
    id,
    class: taskClass,
    lengthOf,
    tiers,
    addressSpace,
    hasDecimals,
    generate,
    prompt(instance, options) {
      const { resolved, here } = setting(instance, options);
      return promptText(here, resolved);
    },
    trace(instance, options) {
      const { resolved, here } = setting(instance, options);
      const cells = definition.layout(here).flatMap((part) => (typeof part === 'string' ? [] : part));
      return render(definition.execute(here), cells, resolved)
        .flat()
        .map((slot) => slot.word)
        .join(' ');
    },
    answer(instance, options) {
      return definition.answer(setting(instance, options).here);
    },
    extractAnswer(response) {
      if (definition.readAnswer) return definition.readAnswer(response);
      return answerSymbols(response)?.join('') ?? null;
    },
    verifyAnswer(instance, response, options) {
      const reference = definition.answer(setting(instance, options).here);
      return answerVerdict(this.extractAnswer(response), reference, normalise);
    },
    verifyTrace(instance, response, options) {
      const { resolved, here } = setting(instance, options);
      const tape = parseCells(promptText(here, { ...resolved, addresses: 'fixed' }), registers);
      return compareRecords(render(runMachine(definition.program, tape), tape, resolved), response);
    },
    vocabulary(options = {}) {
      const resolved = resolveTraceOptions(options);
      const space = options.addressSpace ?? addressSpace;
      const addressed = resolved.addresses !== 'none';
      const traced = resolved.format === 'trace' && definition.answerIsTrace !== true;
      const all = [
        ...definition.promptWords,
        '=',
        ...(traced ? [...definition.states, definition.program.halt] : []),
        ...(traced && resolved.bar && resolved.style === 'symbols' ? ['|'] : []),
        ...(resolved.style === 'styled' ? STYLED_WORDS : []),
        ...registers,
        ...definition.symbols,
        ...(addressed ? addressWords(definition.tapes, space) : []),
        ...(definition.answerWords?.(space) ?? []),
      ];
      return [...new Set(all)];
    },
    canon(instance) {
      requireOwn(instance);
      return `${id} ${canonicalJson(instance.input)}`;
    },
  };
}
