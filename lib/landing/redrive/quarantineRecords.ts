import { isUtf8 } from 'node:buffer';
import { deliverOrSpill, type SpillContext } from '../delivery/deliver.ts';
import type {
  PutQuarantineLarge,
  QuarantineContext,
  QuarantineWriter,
  RefusedItem,
} from '../quarantineWriter.ts';
import { type FailedRecord, readFailedRow } from './failedRecords.ts';
import type { QuarantineRecords } from './redriveObject.ts';

/** What {@link quarantineRecords} needs; `putRecordBatch` is the quarantine stream's. */
export interface QuarantineParts extends Omit<SpillContext, 'deadline'> {
  readonly write: QuarantineWriter;
  readonly putLarge: PutQuarantineLarge;
}

/**
 * Puts records that Firehose gave up into the quarantine table: `received_at` is when Firehose took them, `path` the
 * key of the error object, which names their table. What the quarantine stream doesn't take goes into overflow.
 *
 * A row that Firehose gave up is the same thing as any other row of that event, whenever it was received: the event's ID
 * is its identity. What has no such ID is told apart by all of its text.
 */
export function quarantineRecords(parts: QuarantineParts): QuarantineRecords {
  const { clock } = parts;
  return async (records, key, deadline) => {
    const documents: string[] = [];
    try {
      for (const { context, refused } of groupByContext(records, key, clock.now())) {
        const rows = parts.write(refused, context);
        // First what a row points to, then the row.
        for (const large of rows.large) await parts.putLarge(large, Math.max(1, deadline - clock.now()));
        documents.push(...rows.documents);
      }
    } catch {
      return false;
    }
    return (await deliverOrSpill('quarantine', documents, { ...parts, deadline })).kept;
  };
}

/** Text goes with the content type of JSON where it is too large for a row: our rows are JSON. */
function decodeRaw(raw: Uint8Array): string | Uint8Array {
  return isUtf8(raw) ? Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8') : raw;
}

interface RecordGroup {
  readonly context: QuarantineContext;
  readonly refused: RefusedItem[];
}

/** Records by what their rows have in common. */
function groupByContext(records: readonly FailedRecord[], key: string, now: number): Iterable<RecordGroup> {
  const groups = new Map<string, RecordGroup>();
  for (const record of records) {
    const { eventId, sdkType, sdkVersion } = readFailedRow(record.raw);
    const refused: RefusedItem = {
      code: record.reason,
      detail: record.detail,
      raw: decodeRaw(record.raw),
      ...(eventId === null ? null : { identity: eventId, isUnique: true }),
    };
    const receivedAt = record.arrivedAt ?? now;
    const name = JSON.stringify([receivedAt, sdkType, sdkVersion]);
    const group = groups.get(name);
    if (group !== undefined) group.refused.push(refused);
    else {
      // A row tells neither key nor sender.
      const context = {
        keyLabel: null,
        keyHash: '',
        senderId: '',
        path: key,
        receivedAt,
        sdkType,
        sdkVersion,
      };
      groups.set(name, { context, refused: [refused] });
    }
  }
  return groups.values();
}
