// `touchstone tasks list|show|sample`: the tasks of the environments and the TAIL traces, what they are, and items
// of them as a policy would see them.

import { type Command, Option } from 'commander';
import { type Item, TouchstoneError } from '../core/index.ts';
import {
  defaultLevel,
  findTasks,
  generateItem,
  listTasks,
  loadTask,
  SPLITS,
  type Split,
  type TaskDef,
} from '../environments/index.ts';
import { TAIL_TASKS, type TailTask, tailItem, tailTask } from '../synthesize/tail/index.ts';
import type { CommandContext } from './context.ts';
import { parseCount } from './option-values.ts';

interface SampleOptions {
  level?: number;
  count: number;
  seed: number;
  split: Split;
  json?: boolean;
}

export function register(command: Command, context: CommandContext): void {
  command
    .command('list')
    .description('list task names')
    .argument('[pattern]', 'e.g. "ar.*" or "*/classic"')
    .action((pattern?: string) => list(pattern, context));
  command
    .command('show')
    .description('what a task is')
    .argument('<task>')
    .action(async (id: string) =>
      context.print(isTail(id) ? showTail(tailTask(id)) : showTask(await loadTask(id))),
    );
  command
    .command('sample')
    .description('draw items of a task')
    .argument('<task>')
    .option('--level <n>', 'level, or length for TAIL tasks (default: a middle one)', parseCount)
    .option('--count <n>', 'number of items', parseCount, 1)
    .option('--seed <n>', 'seed', parseCount, 1)
    .addOption(new Option('--split <name>', 'which split').choices(SPLITS).default('test'))
    .option('--json', 'one JSON line per item')
    .action((id: string, options: SampleOptions) => sample(id, options, context));
}

const isTail = (id: string): boolean => id.startsWith('tail.');

function list(pattern: string | undefined, context: CommandContext): void {
  const tail = TAIL_TASKS.map((task) => task.id).filter(
    (id) => pattern === undefined || matches(pattern, id),
  );
  const ids = [...listTasks(pattern), ...tail];
  if (ids.length === 0) {
    throw new TouchstoneError('not-found', `no task matches ${pattern}`, {
      hint: 'touchstone tasks list shows all of them',
    });
  }
  for (const id of ids) context.print(id);
}

function matches(pattern: string, id: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(id);
}

function showTask(task: TaskDef): string {
  const lines = [
    `${task.id} (version ${task.version}, group ${task.group}, kind ${task.kind})`,
    `languages ${task.languages.join(', ')}; ${task.templates} prompt templates; guess rate ${task.guessRate}`,
  ];
  task.levels.forEach(({ name, knobs }, level) => {
    const sizes = Object.entries(knobs).map(([key, value]) => `${key} ${value}`);
    const capacity = task.capacity[level];
    const space = capacity === undefined ? '' : `, at least 2^${Math.round(capacity)} instances`;
    lines.push(`level ${level} ${name}: ${sizes.join(', ')}${space}`);
  });
  return lines.join('\n');
}

function showTail(task: TailTask): string {
  const lines = [`${task.id} (TAIL trace, class ${task.class})`, `length counts ${task.lengthOf}`];
  for (const [name, { range, paper }] of Object.entries(task.tiers)) {
    lines.push(`tier ${name}: length ${range.join(' to ')} (paper ${paper.join(' to ')})`);
  }
  return lines.join('\n');
}

async function sample(id: string, options: SampleOptions, context: CommandContext): Promise<void> {
  const { count, seed, split, level, json } = options;
  const draw = await drawer(id, { seed, split, ...(level === undefined ? {} : { level }) });
  for (let index = 0; index < count; index++) {
    const item = draw(index);
    if (json === true) {
      context.print(JSON.stringify(item));
      continue;
    }
    context.print(`# ${item.id}`);
    for (const { role, content } of item.messages) context.print(`${role}: ${content}`);
    context.print(`reference: ${item.reference ?? 'none'}\n`);
  }
}

async function drawer(
  id: string,
  { seed, split, level }: { seed: number; split: Split; level?: number },
): Promise<(index: number) => Item> {
  if (isTail(id)) {
    const task = tailTask(id);
    const length = level ?? Math.round((task.tiers.S.range[0] + task.tiers.S.range[1]) / 2);
    return (index) => tailItem(task, { seed, split, length, index });
  }
  const [task] = await findTasks(id);
  return (index) => generateItem(task, { seed, split, level: level ?? defaultLevel(task), index });
}
