// Generator switches: defaults and the combinations that have no meaning. The direct format holds no trace,
// so a trace switch beside it is a mistake of the caller rather than something to ignore. All other
// combinations are defined: records are first left out (no linear transition), then merged (no atomic state),
// then stripped of their fetch blocks (no memory fetcher).

import { TouchstoneError } from '../../core/errors.ts';
import type { TailInstance, TraceOptions } from './types.ts';

/** All three modules on, addresses with a random offset, symbols. */
export const DEFAULT_TRACE_OPTIONS: TraceOptions = {
  format: 'trace',
  linearTransition: true,
  atomicState: true,
  memoryFetcher: true,
  addresses: 'random-offset',
  style: 'symbols',
  bar: true,
};

const CHOICES: { [K in 'format' | 'addresses' | 'style']: readonly TraceOptions[K][] } = {
  format: ['trace', 'direct'],
  addresses: ['random-offset', 'fixed', 'none'],
  style: ['symbols', 'styled'],
};

function requireChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new TouchstoneError('bad-config', `trace option ${name} is '${value}'`, {
    hint: `use one of ${choices.join(', ')}`,
  });
}

/** Fills in defaults and refuses combinations without a meaning. */
export function resolveTraceOptions(options: Partial<TraceOptions> = {}): TraceOptions {
  const resolved: TraceOptions = { ...DEFAULT_TRACE_OPTIONS, ...options };
  requireChoice('format', resolved.format, CHOICES.format);
  requireChoice('addresses', resolved.addresses, CHOICES.addresses);
  requireChoice('style', resolved.style, CHOICES.style);
  if (resolved.format === 'direct') {
    for (const name of ['linearTransition', 'atomicState', 'memoryFetcher', 'bar'] as const) {
      if (resolved[name]) continue;
      throw new TouchstoneError('bad-config', `format 'direct' with ${name}: false`, {
        hint: 'a direct answer has no trace to ablate; leave the trace switches at their defaults',
      });
    }
    if (resolved.style === 'styled') {
      throw new TouchstoneError('bad-config', "format 'direct' with style 'styled'", {
        hint: "a direct answer has no trace to style; use style 'symbols'",
      });
    }
  }
  return resolved;
}

/** The instance as these options place it: with every offset at 0 unless addresses are random. */
export function placed(instance: TailInstance, options: TraceOptions): TailInstance {
  if (options.addresses === 'random-offset') return instance;
  const offsets = Object.fromEntries(Object.keys(instance.offsets).map((name) => [name, 0]));
  return { ...instance, offsets };
}
