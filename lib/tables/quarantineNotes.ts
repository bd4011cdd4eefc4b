import type { ColumnNote } from './ColumnNote.ts';
import type { QuarantineRow } from './quarantineTable.ts';

const THE_COLLECTOR = 'the collector';
const WHOLE_BODY = 'a body was refused that says none';

const quarantineNote = (example: string, filledBy: string, nullWhen: string): ColumnNote => ({
  example,
  filledBy,
  nullWhen,
});

/** What is to be said of each column of the quarantine table. */
export const quarantineNotes: Readonly<Record<keyof QuarantineRow | 'ds', ColumnNote>> = {
  quarantine_id: quarantineNote('0c44e0ebdbbed7723f319e2df40ef79f', THE_COLLECTOR, 'never'),
  received_at: quarantineNote('2026-11-20 10:15:31.004', THE_COLLECTOR, 'never'),
  reason: quarantineNote('SLUICE_EVENT_BAD_TIME', THE_COLLECTOR, 'never'),
  detail: quarantineNote('The time is no instant.', THE_COLLECTOR, 'the reason says it all'),
  key_label: quarantineNote('web', 'the configuration, or `sluice keys`', 'never'),
  key_environment: quarantineNote('staging', 'the configuration, or `sluice keys`', 'the key has none'),
  sdk_type: quarantineNote('javascript-client', 'the SDK', WHOLE_BODY),
  sdk_version: quarantineNote('3.33.5', 'the SDK', WHOLE_BODY),
  path: quarantineNote('/v1/rgstr', THE_COLLECTOR, 'never'),
  raw: quarantineNote('{"eventName":"purchase","time":"soon"}', THE_COLLECTOR, 'raw_location has it'),
  raw_encoding: quarantineNote('text', THE_COLLECTOR, 'raw_location has it'),
  raw_location: quarantineNote('s3://acme-experiments/quarantine-large/…', THE_COLLECTOR, 'it fits the row'),
  ds: quarantineNote('2026-11-20', THE_COLLECTOR, 'never'),
};
