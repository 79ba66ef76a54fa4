export { embeddedPolicy, type Policy, type SampleOptions } from './embedded-policy.ts';
