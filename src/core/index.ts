export { type ErrorCode, type ErrorDetails, TouchstoneError } from './errors.ts';
export { canonicalJson, contentHash } from './hash.ts';
export type { FinishReason, Item, Json, Rollout, Sample } from './item.ts';
export type { Message, Role } from './message.ts';
export type { Reward } from './reward.ts';
export { createRng, philox, type Rng } from './rng.ts';
export { type Evidence, isClaim, VERDICT_OUTCOMES, type Verdict, type VerdictOutcome } from './verdict.ts';
