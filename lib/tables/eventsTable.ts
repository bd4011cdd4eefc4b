import type { Config } from '../schema/config.ts';
import {
  customIdsColumn,
  identityColumn,
  partitionKey,
  receiptColumns,
  sdkColumns,
  senderMetadataColumn,
  timeColumns,
  unitColumns,
  unitIdColumns,
} from './sharedColumns.ts';
import { distinctColumns, type Table } from './Table.ts';

/** What is logged. */
export const eventColumns = [
  { name: 'event_name', type: 'string', comment: 'Name the event was logged under' },
  { name: 'event_value', type: 'string', comment: 'Value logged with it, numbers as text; null when none' },
] as const;

/** The user of an event. */
export const userObjectColumn = {
  name: 'user_object',
  type: 'string',
  comment: 'The whole SDK user as a JSON object, without private attributes',
} as const;

/** What is logged with an event. */
export const eventDetailColumns = [
  { name: 'company_metadata', type: 'string', comment: "The event's metadata as a JSON object" },
] as const;

/** The columns before and after the configured unit IDs. */
export const eventsColumns = {
  before: distinctColumns([identityColumn, ...eventColumns, ...unitColumns]),
  after: distinctColumns([
    customIdsColumn,
    ...timeColumns,
    ...receiptColumns,
    userObjectColumn,
    ...eventDetailColumns,
    senderMetadataColumn,
    ...sdkColumns,
  ]),
};

/** The table of custom and auto-captured events, one row each. */
export function eventsTable(config: Pick<Config, 'tables' | 'unitIds'>): Table {
  return {
    kind: 'events',
    name: config.tables.events,
    comment: 'Raw events as Statsig SDKs sent them, one row each; may hold resends (same event_id)',
    columns: [...eventsColumns.before, ...unitIdColumns(config), ...eventsColumns.after],
    partitionKey,
  };
}
