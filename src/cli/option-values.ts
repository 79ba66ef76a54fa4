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

/** More threads than any machine has cores can only be a slip; creating them would exhaust the system. */
const MOST_THREADS = 1024;

/** A number of threads. */
export function parseThreads(text: string): number {
  const value = parseCount(text);
  if (value < 1 || value > MOST_THREADS) {
    throw new InvalidArgumentError(`Use a whole number from 1 to ${MOST_THREADS}.`);
  }
  return value;
}

/** Collects the values of an option that may be repeated. */
export function collectOption(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
