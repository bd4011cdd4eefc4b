// The package's main door: a whole cloud from a template. `exports` in package.json lists the doors of single services.
export { configureErrors, LocalAwsError, MovableClock } from './base/index.ts';
export type { FaultsInput } from './faults/index.ts';
export {
  type ExistingResources,
  type FlushReport,
  type LocalAccount,
  type LocalAws,
  type LocalAwsOptions,
  type LocalAwsStatus,
  type PendingDelivery,
  type StackSource,
  startLocalAws,
} from './server/index.ts';
