// Rejection sampling that can be counted: attempt k draws from the stream `attempt/k` of the caller's stream, so
// the quality gate sees how many attempts an instance took, and a changed limit does not move later draws.

import { type Rng, TouchstoneError } from '../../core/index.ts';

/** The name under which attempts split their stream. */
export const ATTEMPT = 'attempt';

/** The first attempt that is not null. Running out is a fault of the generator's settings. */
export function retry<T>(rng: Rng, limit: number, make: (attempt: Rng) => T | null): T {
  for (let i = 0; i < limit; i++) {
    const made = make(rng.split(ATTEMPT, i));
    if (made !== null) return made;
  }
  throw new TouchstoneError('bad-config', `no instance in ${limit} attempts`, {
    hint: 'loosen the sizes of this level',
  });
}
