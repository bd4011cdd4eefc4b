import {
  BILLED_STEP_BYTES,
  MAX_DOCUMENTS_PER_RECORD,
  MAX_RECORD_BYTES,
} from '../../schema/deliveryLimits.ts';

/** Documents joined by newlines: one Firehose record. */
export interface PackedRecord {
  readonly data: Uint8Array;
  /** Which documents it holds: indexes into what was packed, ascending. */
  readonly documents: readonly number[];
}

/** Every document is in exactly one record, or too large for any. */
export interface PackedDocuments {
  readonly records: readonly PackedRecord[];
  readonly tooLarge: readonly number[];
}

/**
 * Packs JSON documents, which hold no newline, into as few records as order allows. AWS bills every record
 * rounded up to 5 KB, so full records are what makes it cheap. Order is kept.
 */
export function packDocuments(documents: readonly string[]): PackedDocuments {
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

/** Bytes taken from the system at a time: large enough for any record. */
const CHUNK_BYTES = MAX_RECORD_BYTES;

/**
 * UTF-16 units that are encoded at once. Each call into native code costs as much as encoding a small document, but V8
 * copies a text together first, and beyond 128 KiB into memory that the system has to give and clear each time.
 */
const UNITS_AT_ONCE = 32_768;

let chunk = Buffer.allocUnsafeSlow(0);
let used = 0;

/**
 * A record's bytes while documents are added to it. Records share memory as Node's small buffers do: encoding into
 * memory that is there costs a tenth of allocating for each. What was handed out is never written again.
 */
class RecordBytes {
  readonly #start: number;
  #waiting = '';

  /** Bytes that a text takes at most: a UTF-16 unit is at most 3 of UTF-8. */
  static most(text: string): number {
    return text.length * 3;
  }

  /** @param room At least the bytes of all that will be added: one record is written at a time. */
  constructor(room: number) {
    if (used + room > chunk.length) {
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, room));
      used = 0;
    }
    this.#start = used;
  }

  /** @param text More of the record. */
  add(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= UNITS_AT_ONCE) this.#encode();
  }

  /** At least the bytes so far. */
  get most(): number {
    return used - this.#start + RecordBytes.most(this.#waiting);
  }

  /** Bytes so far. */
  get length(): number {
    this.#encode();
    return used - this.#start;
  }

  /** The record: nothing may be added after. */
  take(): Uint8Array {
    this.#encode();
    return chunk.subarray(this.#start, used);
  }

  #encode(): void {
    used += chunk.write(this.#waiting, used, 'utf8');
    this.#waiting = '';
  }
}
