export { outcomeReward } from './outcome.ts';
