export { type Advantages, estimateAdvantages, groupMembers } from './advantages.ts';
export {
  type Count,
  countBatch,
  type Normalisers,
  type ObjectiveBatch,
  prepareBatch,
  takeSequences,
  usesCovariance,
} from './batch.ts';
export {
  type AdvantageConfig,
  type ComponentConfig,
  coefficientsConstant,
  componentsOf,
  type ObjectiveConfig,
  type ObjectiveInput,
  objectiveSchema,
  resolveObjective,
} from './config.ts';
export { type Evaluation, evaluateObjective } from './evaluate.ts';
export { type ExplainLine, explainObjective } from './explain.ts';
export {
  adaptEntropyCoefficient,
  adaptKlCoefficient,
  generalisedAdvantages,
  valueLoss,
  whitenRows,
} from './gae.ts';
export { klEstimate, klPenalties, subtractKl } from './kl.ts';
export {
  ktoLoss,
  ktoReferencePoint,
  type PreferenceConfig,
  type PreferenceLoss,
  type PreferencePair,
  preferenceLoss,
  preferenceSchema,
  spreadOverTokens,
} from './preference.ts';
export { OBJECTIVE_PRESETS } from './presets.ts';
export { type TokenRows, toRows, zeroRows } from './rows.ts';
