// `touchstone explain [method]`: the loss of a training method as a formula with every constant, and its
// configuration as YAML. Without a method: which there are.

import type { Command } from 'commander';
import { stringify } from 'yaml';
import { type Json, TouchstoneError } from '../core/index.ts';
import type { CommandContext } from './context.ts';
import { collectOption } from './option-values.ts';
import { applyOverride, parseOverride } from './recipe-overrides.ts';
import { describeIssues } from './schema-text.ts';

export function register(command: Command, context: CommandContext): void {
  command
    .argument('[method]', 'name of a training method')
    .option('--preset <name>', 'a named configuration', 'default')
    .option('--set <key=value>', 'override a value of the configuration; may be repeated', collectOption)
    .action(async (name: string | undefined, options: { preset: string; set?: string[] }) => {
      const { METHODS, methodNamed } = await import('../train/methods/index.ts');
      if (name === undefined) {
        const width = Math.max(...Object.keys(METHODS).map((each) => each.length));
        for (const { name: each, summary } of Object.values(METHODS)) {
          context.print(`${each.padEnd(width)}  ${summary}`);
        }
        return;
      }
      const method = methodNamed(name);
      if (!Object.hasOwn(method.presets, options.preset)) {
        throw new TouchstoneError('not-found', `method ${name} has no preset ${options.preset}`, {
          hint: `there are ${Object.keys(method.presets).join(', ')}`,
        });
      }
      const start = JSON.parse(JSON.stringify(method.presets[options.preset])) as Json;
      const value = (options.set ?? []).map(parseOverride).reduce(applyOverride, start);
      const result = method.schema.safeParse(value);
      if (!result.success) {
        const problems = describeIssues(result.error.issues, method.schema, value).map(({ text }) => text);
        throw new TouchstoneError('bad-config', problems.join('\n  '), {
          hint: `touchstone explain ${name} shows the configuration`,
        });
      }
      const presets = Object.keys(method.presets).join(', ');
      context.print(`${method.name}: ${method.summary}`);
      context.print();
      context.print(method.explain(result.data).trimEnd());
      context.print();
      context.print(`configuration (preset ${options.preset}; there are ${presets})`);
      context.print(stringify(result.data).trimEnd().replace(/^/gm, '  '));
    });
}
