import type { Config } from '../schema/config.ts';
import { type Column, glueComment } from './Table.ts';

// This file has the columns that both forwarded tables have, in runs that come from one source and are filled together.

/** The column that `lib/collect/rows/eventIds.ts` fills. */
export const identityColumn = {
  name: 'event_id',
  type: 'string',
  comment:
    'Identity of the event: equal for every resend (exceptions: docs/answers.md), different for repeats within one batch',
} as const;

/** The unit of a row. The configured unit IDs follow. */
export const unitColumns = [
  { name: 'user_id', type: 'string', comment: 'userID of the SDK user; null when empty' },
  {
    name: 'stable_id',
    type: 'string',
    comment: "Device identity: customIDs.stableID, else the stableID of the batch's sender; null without one",
  },
] as const;

/** All custom IDs, whether or not they are configured. */
export const customIdsColumn = {
  name: 'custom_ids',
  type: 'string',
  comment: 'All customIDs of the user as a JSON object',
} as const;

/** The times of the event. */
export const timeColumns = [
  {
    name: 'timestamp',
    type: 'timestamp',
    comment: "When it happened, UTC; the sender's clock is corrected when off by more than 5 minutes",
  },
  { name: 'client_timestamp', type: 'timestamp', comment: "When it happened by the sender's own clock, UTC" },
] as const;

/** The receipt, and the tier of the user. */
export const receiptColumns = [
  { name: 'received_at', type: 'timestamp', comment: 'When the collector received it, UTC' },
  {
    name: 'environment',
    type: 'string',
    comment: 'Tier the SDK ran in; production when it sent none',
  },
] as const;

/** The sender's metadata. */
export const senderMetadataColumn = {
  name: 'statsig_metadata',
  type: 'string',
  comment: "The SDK's own metadata as a JSON object: the batch's, overridden by the event's",
} as const;

/** The session and the SDK of the sender. */
export const sdkColumns = [
  {
    name: 'session_id',
    type: 'string',
    comment: "The SDK's session; on servers it lives as long as the process",
  },
  { name: 'sdk_type', type: 'string', comment: 'Which SDK sent it, e.g. javascript-client' },
  { name: 'sdk_version', type: 'string', comment: 'Version of that SDK' },
] as const;

/**
 * One string column for each configured unit ID, in the order of the configuration.
 *
 * @param origin Origin of the values, for the column's comment. Default: the user that SDKs send.
 */
export function unitIdColumns(
  config: Pick<Config, 'unitIds'>,
  origin: (unitId: string) => string = (unitId) => `customIDs.${unitId} of the SDK user`,
): Column[] {
  return Object.entries(config.unitIds).map(([unitId, name]) => ({
    name,
    type: 'string',
    comment: glueComment(`${origin(unitId)}; null when empty`),
  }));
}

/** The partition key of every delivered table. The folders are named after the day, without `ds=`. */
export const partitionKey = {
  name: 'ds',
  type: 'date',
  comment:
    "UTC day of the event's own time; the day received when that time is outside the configured window",
} as const;
