import { encodeRecord } from './encodeRecord.ts';
import { BILLED_STEP_BYTES, MAX_DOCUMENTS_PER_RECORD, MAX_RECORD_BYTES } from './limits.ts';

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
  const atMost = surelyOneRecord(documents);
  if (atMost !== null) {
    let text = '';
    const indexes: number[] = [];
    for (let index = 0; index < documents.length; index += 1) {
      text += index === 0 ? documents[index] : `\n${documents[index]}`;
      indexes.push(index);
    }
    return { records: [{ data: encodeRecord(text, atMost), documents: indexes }], tooLarge: [] };
  }
  const records: PackedRecord[] = [];
  const tooLarge: number[] = [];
  let open: number[] = [];
  let openBytes = 0;
  const close = () => {
    if (open.length === 0) return;
    const text = open.map((index) => documents[index]).join('\n');
    records.push({ data: encodeRecord(text, openBytes), documents: open });
    open = [];
    openBytes = 0;
  };
  for (const [index, document] of documents.entries()) {
    const bytes = Buffer.byteLength(document, 'utf8');
    if (bytes > MAX_RECORD_BYTES) {
      tooLarge.push(index);
      continue;
    }
    if (open.length === MAX_DOCUMENTS_PER_RECORD || openBytes + 1 + bytes > MAX_RECORD_BYTES) close();
    openBytes += open.length === 0 ? bytes : 1 + bytes;
    open.push(index);
  }
  close();
  return { records, tooLarge };
}

/**
 * Upper bound of their bytes when all fit into one record however many bytes their characters take, else null:
 * most batches need no measuring.
 */
function surelyOneRecord(documents: readonly string[]): number | null {
  if (documents.length === 0 || documents.length > MAX_DOCUMENTS_PER_RECORD) return null;
  let units = documents.length - 1;
  for (const document of documents) units += document.length;
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  return units * 3 <= MAX_RECORD_BYTES ? units * 3 : null;
}

/** Bytes that AWS bills for a record. */
export function billedBytes(bytes: number): number {
  return Math.ceil(bytes / BILLED_STEP_BYTES) * BILLED_STEP_BYTES;
}
