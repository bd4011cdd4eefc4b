import {
  BILLED_STEP_BYTES,
  MAX_DOCUMENTS_PER_RECORD,
  MAX_RECORD_BYTES,
} from '../../schema/deliveryLimits.ts';
import { RecordBytes } from './RecordBytes.ts';

/** Documents joined by newlines: one Firehose record. */
export interface PackedRecord {
  readonly data: Uint8Array;
  /** Which documents it holds: indexes into what was packed, ascending. */
  readonly documents: readonly number[];
}

/** Every document is in exactly one record, or too large for any. */
export interface Packed {
  readonly records: readonly PackedRecord[];
  readonly tooLarge: readonly number[];
}

/**
 * Packs JSON documents, which hold no newline, into as few records as order allows. AWS bills every record
 * rounded up to 5 KB, so full records are what makes it cheap. Order is kept.
 */
export function packDocuments(documents: readonly string[]): Packed {
  const records: PackedRecord[] = [];
  const tooLarge: number[] = [];
  let room = 0;
  for (const document of documents) room += 1 + RecordBytes.most(document);
  let open: number[] = [];
  let bytes: RecordBytes | null = null;
  for (let index = 0; index < documents.length; index += 1) {
    const document = documents[index] ?? '';
    const most = RecordBytes.most(document);
    if (most > MAX_RECORD_BYTES && Buffer.byteLength(document, 'utf8') > MAX_RECORD_BYTES) {
      tooLarge.push(index);
      continue;
    }
    if (bytes !== null && (open.length === MAX_DOCUMENTS_PER_RECORD || !fits(bytes, document))) {
      records.push({ data: bytes.take(), documents: open });
      bytes = null;
      open = [];
    }
    if (bytes === null) bytes = new RecordBytes(Math.min(room, MAX_RECORD_BYTES));
    else bytes.add('\n');
    bytes.add(document);
    open.push(index);
    room -= 1 + most;
  }
  if (bytes !== null) records.push({ data: bytes.take(), documents: open });
  return { records, tooLarge };
}

/** Whether a record can take one more document. Bytes are counted only when there might be too many. */
function fits(record: RecordBytes, document: string): boolean {
  if (record.most + 1 + RecordBytes.most(document) <= MAX_RECORD_BYTES) return true;
  return record.length + 1 + Buffer.byteLength(document) <= MAX_RECORD_BYTES;
}

/** Bytes that AWS bills for a record. */
export function billedBytes(bytes: number): number {
  return Math.ceil(bytes / BILLED_STEP_BYTES) * BILLED_STEP_BYTES;
}
