// Addresses are single words: a tape letter and an index, `p7`. Each instance starts its tapes at a random
// offset o in [0, P - used], so that short instances train every address and every successor pair (the device
// of Abacus embeddings, arXiv 2405.17399, and position coupling, arXiv 2405.20671, in text). Registers are
// named by a bare letter and are not positional.

import { TouchstoneError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { TailInstance } from './types.ts';

const POSITIONAL = /^[a-z]\d+$/;

/** Whether a word is a tape address, as opposed to a register or a symbol. */
export function isPositional(word: string): boolean {
  return POSITIONAL.test(word);
}

/** The address `by` cells further on the same tape. */
export function shift(address: string, by: number): string {
  return `${address[0]}${Number(address.slice(1)) + by}`;
}

/** The offset of a group of tapes, for instances that came from outside as JSON. */
export function offsetOf(instance: TailInstance, group: string): number {
  const offset = instance.offsets[group];
  if (offset === undefined) {
    throw new TouchstoneError('bad-input', `${instance.task} instance has no offset '${group}'`);
  }
  return offset;
}

/** A named part of an instance's input. */
export function inputOf(instance: TailInstance, name: string): string {
  const value = instance.input[name];
  if (value === undefined) {
    throw new TouchstoneError('bad-input', `${instance.task} instance has no input '${name}'`);
  }
  return value;
}

/** A random first address for `used` cells in an address space of `space`. */
export function drawOffset(rng: Rng, used: number, space: number): number {
  if (used > space) {
    throw new TouchstoneError('bad-config', `instance needs ${used} addresses, address space has ${space}`, {
      hint: `set addressSpace to at least ${used}, or use shorter instances`,
    });
  }
  return rng.int(0, space - used);
}

/** All addresses of the tapes with these letters. */
export function addressWords(letters: readonly string[], space: number): string[] {
  return letters.flatMap((letter) => Array.from({ length: space }, (_, i) => `${letter}${i}`));
}
