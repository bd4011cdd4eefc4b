// The whole local cloud, started from a template.
export type { FlushReport, LocalAwsStatus, PendingDelivery } from '../control/status.ts';
export type { LocalAccount, LocalAws, LocalAwsOptions, StackSource } from './LocalAws.ts';
export type { ExistingResources } from './provision.ts';
export { startLocalAws } from './startLocalAws.ts';
