import { MAX_RECORD_BYTES } from '../../schema/deliveryLimits.ts';

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
export class RecordBytes {
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
