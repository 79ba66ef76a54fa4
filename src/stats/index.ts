export { type BootstrapOptions, type BootstrapResult, clusterBootstrap } from './bootstrap.ts';
export { requiredCorrect } from './counts.ts';
export { gPassAtK, jackknifeVariance, mgPassAtK, posteriorGPass } from './g-pass-at-k.ts';
export { hypergeometricTail } from './hypergeometric.ts';
export { majorityAtK } from './majority.ts';
export { comparePaired, type PairedResult, signFlip } from './paired.ts';
export { avgAtK, passAtK, passHatK } from './pass-at-k.ts';
export { type Interval, normalQuantile, wilsonInterval } from './wilson.ts';
