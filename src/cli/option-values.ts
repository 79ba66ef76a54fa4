// Readers of option values, for commander.

import { InvalidArgumentError } from 'commander';

/** A whole number of at least 0. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Use a whole number of at least 0.');
  }
  return value;
}

/** Collects the values of an option that may be repeated. */
export function collectOption(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
