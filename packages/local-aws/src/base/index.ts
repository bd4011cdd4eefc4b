// Clocks, errors and drawn numbers.
export { type Alarm, type LocalClock, realClock } from './clock.ts';
/** Every error of this package, with the texts that {@link configureErrors} sets. */
export * as errorFamilies from './errors.ts';
export { configureErrors, LocalAwsError } from './errors.ts';
export { ManualClock } from './ManualClock.ts';
export { MovableClock } from './MovableClock.ts';
export { seededBytes, seededRandom } from './seededRandom.ts';
