import type { Config } from '../schema/config.ts';
import { partitionKey } from './sharedColumns.ts';
import { distinctColumns, type RowOf, type Table } from './Table.ts';

/** The columns of the quarantine table. */
export const quarantineColumns = distinctColumns([
  {
    name: 'quarantine_id',
    type: 'string',
    comment: 'Identity of what was refused: equal for every resend, different for repeats within one batch',
  },
  { name: 'received_at', type: 'timestamp', comment: 'When the collector received it, UTC' },
  {
    name: 'reason',
    type: 'string',
    comment: 'Why it was refused: a stable code (docs/quarantine.md)',
  },
  {
    name: 'detail',
    type: 'string',
    comment: 'Details of the refusal, if there are any',
  },
  {
    name: 'key_label',
    type: 'string',
    comment: 'Label of the SDK key it came with; any for an unlisted key',
  },
  {
    name: 'key_environment',
    type: 'string',
    comment:
      'Environment of that key: its events without a tier have it when they are redriven; null for none',
  },
  { name: 'sdk_type', type: 'string', comment: 'Which SDK sent it, e.g. javascript-client' },
  { name: 'sdk_version', type: 'string', comment: 'Version of that SDK' },
  {
    name: 'path',
    type: 'string',
    comment: 'Path of the request, or object that had the row',
  },
  {
    name: 'raw',
    type: 'string',
    comment:
      'The event or body as it came, an event without private attributes; null when raw_location has it',
  },
  {
    name: 'raw_encoding',
    type: 'string',
    comment: 'text, or base64 when it is not UTF-8; null with raw_location',
  },
  {
    name: 'raw_location',
    type: 'string',
    comment: 'S3 location of what is too large for a row, else null',
  },
]);

/** A row of the quarantine table. */
export type QuarantineRow = RowOf<typeof quarantineColumns>;

/** The table of refused data from senders with a valid key: one row per event, or per body that can't be read. */
export function quarantineTable(config: Pick<Config, 'tables'>): Table {
  return {
    kind: 'quarantine',
    name: config.tables.quarantine,
    comment: 'Events and bodies that were refused, one row each; may hold resends (same quarantine_id)',
    columns: quarantineColumns,
    partitionKey: { ...partitionKey, comment: 'UTC day it was received' },
  };
}
