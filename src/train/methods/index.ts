import { TouchstoneError } from '../../core/index.ts';
import { grpo } from './grpo.ts';
import type { RlMethod } from './method.ts';
import { oreal } from './oreal.ts';
import { reinforce } from './reinforce.ts';
import { rloo } from './rloo.ts';
import { sft } from './sft.ts';

/** Every training method by name. */
export const METHODS = { sft, reinforce, rloo, grpo, oreal } as const;

/**
 * A method for a caller that knows it by name only. Parse its configuration with `schema` before passing it
 * back.
 *
 * @throws not-found naming the methods there are
 *
 * @example
 * const method = methodNamed('grpo');
 * method.explain(method.schema.parse({ clipHigh: 0.28 }));
 */
export function methodNamed(name: string): RlMethod<unknown> {
  const methods: Readonly<Record<string, RlMethod<unknown>>> = METHODS;
  if (!Object.hasOwn(methods, name)) {
    throw new TouchstoneError('not-found', `no training method named ${name}`, {
      hint: `there are ${Object.keys(METHODS).join(', ')}`,
    });
  }
  return methods[name];
}

export { type GrpoConfig, grpo, grpoSchema, overlongPenalty } from './grpo.ts';
export type {
  MethodBatch,
  MethodEvaluation,
  MethodNeeds,
  RlMethod,
  ScoredSequence,
  SelectedSequence,
  Selection,
} from './method.ts';
export { type OrealConfig, oreal, orealLoss, orealSchema, scoreOffset } from './oreal.ts';
export { orealTokenWeights, tokenRewardModelLoss } from './oreal-credit.ts';
export {
  type DifficultyTable,
  difficultyBalance,
  OREAL_DIFFICULTY,
  selectTrajectories,
} from './oreal-selection.ts';
export { type ReinforceConfig, reinforce, reinforceSchema } from './reinforce.ts';
export { type RlooConfig, rloo, rlooSchema } from './rloo.ts';
export { type SftConfig, sft, sftSchema } from './sft.ts';
