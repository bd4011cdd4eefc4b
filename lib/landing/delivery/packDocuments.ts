import {
  BILLED_STEP_BYTES,
  MAX_DOCUMENTS_PER_RECORD,
  MAX_RECORD_BYTES,
} from '../../schema/deliveryLimits.ts';

/** One Firehose record: documents joined by newlines. */
export interface PackedRecord {
  readonly data: Uint8Array;
  /** Indexes of its documents, ascending. */
  readonly documents: readonly number[];
}

/** Every document is in exactly one record, or too large for a record. */
export interface PackedDocuments {
  readonly records: readonly PackedRecord[];
  readonly tooLarge: readonly number[];
}

/**
 * Packs JSON documents, which contain no newline, into as few records as possible without changing their order. AWS bills
 * every record rounded up to 5 KB, so full records are cheapest.
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

/** Whether a record has room for one more document. Bytes are only counted when there might be too many. */
function fits(record: RecordBytes, document: string): boolean {
  if (record.most + 1 + RecordBytes.most(document) <= MAX_RECORD_BYTES) return true;
  return record.length + 1 + Buffer.byteLength(document) <= MAX_RECORD_BYTES;
}

/** Bytes that AWS bills for a record. */
export function billedBytes(bytes: number): number {
  return Math.ceil(bytes / BILLED_STEP_BYTES) * BILLED_STEP_BYTES;
}

/** Bytes that are allocated at once: enough for any record. */
const CHUNK_BYTES = MAX_RECORD_BYTES;

/**
 * UTF-16 units that are encoded at once. Each call into native code costs as much as encoding a small document. But V8
 * flattens a text before it encodes it, and beyond 128 KiB it uses memory that the system allocates and clears each time.
 */
const UNITS_AT_ONCE = 32_768;

let chunk = Buffer.allocUnsafeSlow(0);
let used = 0;

/**
 * A record's bytes while documents are added to it. Records share memory like Node's small buffers: encoding into
 * existing memory costs a tenth of allocating. Memory of finished records is never written again.
 */
class RecordBytes {
  readonly #start: number;
  #waiting = '';

  /** Most bytes that a text can need: a UTF-16 unit has at most 3 bytes in UTF-8. */
  static most(text: string): number {
    return text.length * 3;
  }

  /** @param room Upper bound of the bytes that will be added. Only one record is written at a time. */
  constructor(room: number) {
    if (used + room > chunk.length) {
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, room));
      used = 0;
    }
    this.#start = used;
  }

  /** Appends a text to the record. */
  add(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= UNITS_AT_ONCE) this.#encode();
  }

  /** Upper bound of the bytes so far. */
  get most(): number {
    return used - this.#start + RecordBytes.most(this.#waiting);
  }

  /** Bytes so far. */
  get length(): number {
    this.#encode();
    return used - this.#start;
  }

  /** The finished record. Nothing may be added afterwards. */
  take(): Uint8Array {
    this.#encode();
    return chunk.subarray(this.#start, used);
  }

  #encode(): void {
    used += chunk.write(this.#waiting, used, 'utf8');
    this.#waiting = '';
  }
}
