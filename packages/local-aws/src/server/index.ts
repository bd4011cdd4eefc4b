// Everything at once, from a template.
export type { FlushReport, LocalAwsStatus, PendingDelivery } from '../control/controlApi.ts';
export type { ExistingResources } from './provision.ts';
export {
  type LocalAccount,
  type LocalAws,
  type LocalAwsOptions,
  type StackSource,
  startLocalAws,
} from './startLocalAws.ts';
