import type { ColumnNote } from './ColumnNote.ts';
import type { QuarantineRow } from './quarantineTable.ts';

const COLLECTOR = 'the collector';
const WHOLE_BODY = 'a body was refused that says none';

const note = (example: string, filledBy: string, nullWhen: string): ColumnNote => ({
  example,
  filledBy,
  nullWhen,
});

/** What is to be said of each column of the quarantine table. */
export const quarantineNotes: Readonly<Record<keyof QuarantineRow | 'ds', ColumnNote>> = {
  quarantine_id: note('0c44e0ebdbbed7723f319e2df40ef79f', COLLECTOR, 'never'),
  received_at: note('2026-11-20 10:15:31.004', COLLECTOR, 'never'),
  reason: note('SLUICE_EVENT_BAD_TIME', COLLECTOR, 'never'),
  detail: note('The time is no instant.', COLLECTOR, 'the reason says it all'),
  key_label: note('web', 'the configuration, or `sluice keys`', 'never'),
  key_environment: note('staging', 'the configuration, or `sluice keys`', 'the key has none'),
  sdk_type: note('javascript-client', 'the SDK', WHOLE_BODY),
  sdk_version: note('3.33.5', 'the SDK', WHOLE_BODY),
  path: note('/v1/rgstr', COLLECTOR, 'never'),
  raw: note('{"eventName":"purchase","time":"soon"}', COLLECTOR, 'raw_location has it'),
  raw_encoding: note('text', COLLECTOR, 'raw_location has it'),
  raw_location: note('s3://acme-experiments/quarantine-large/…', COLLECTOR, 'it fits the row'),
  ds: note('2026-11-20', COLLECTOR, 'never'),
};
