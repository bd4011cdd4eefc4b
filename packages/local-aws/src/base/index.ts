// Clocks and errors.
export { type Alarm, type LocalClock, realClock } from './clock.ts';
export { configureErrors, LocalAwsError } from './errors.ts';
export { ManualClock } from './ManualClock.ts';
export { MovableClock } from './MovableClock.ts';
