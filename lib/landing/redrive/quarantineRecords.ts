import { isUtf8 } from 'node:buffer';
import { deliverOrSpill, type SpillContext } from '../delivery/deliver.ts';
import type { PutRecordBatch } from '../delivery/putRecords.ts';
import type {
  PutQuarantineLarge,
  QuarantineContext,
  QuarantineWriter,
  RefusedItem,
} from '../quarantineWriter.ts';
import { type FailedRecord, readFailedRow } from './failedRecords.ts';
import type { QuarantineRecords } from './Redrive.ts';

/** Dependencies of {@link quarantineRecords}; `putRecordBatch` is the quarantine stream's. */
export interface QuarantineParts extends Omit<SpillContext, 'deadline'> {
  readonly putRecordBatch: PutRecordBatch;
  readonly write: QuarantineWriter;
  readonly putLarge: PutQuarantineLarge;
}

/**
 * Puts records that Firehose did not deliver into the quarantine table: `received_at` is when Firehose received them,
 * `path` is the key of the error object, which names their table. Rows that the quarantine stream does not accept go to
 * overflow.
 *
 * The identity of such a row is its event's ID, whenever it was received. A row without an event ID is identified by its
 * whole text.
 */
export function quarantineRecords(parts: QuarantineParts): QuarantineRecords {
  const { clock } = parts;
  return async (records, key, deadline) => {
    const documents: string[] = [];
    try {
      for (const { context, refused } of groupByContext(records, key, clock.now())) {
        const rows = parts.write(refused, context);
        // The object first, then the row that points to it.
        for (const large of rows.large) await parts.putLarge(large, Math.max(1, deadline - clock.now()));
        documents.push(...rows.documents);
      }
    } catch {
      return false;
    }
    const { putRecordBatch } = parts;
    const streams = [{ kind: 'quarantine', documents, to: [{ putRecordBatch }] }] as const;
    return (await deliverOrSpill(streams, { ...parts, deadline })).every(({ isSafe }) => isSafe);
  };
}

/** A text gets the content type of JSON if it is too large for a row, because rows are JSON. */
function decodeRaw(raw: Uint8Array): string | Uint8Array {
  return isUtf8(raw) ? Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8') : raw;
}

interface RecordGroup {
  readonly context: QuarantineContext;
  readonly refused: RefusedItem[];
}

/** Groups records by the values that their rows share. */
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
      // A row contains neither key nor sender.
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
