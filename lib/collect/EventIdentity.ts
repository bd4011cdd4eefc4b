import { hash } from 'node:crypto';
import type { CostMeter } from '../base/jsonCost.ts';
import { MAX_RECORD_BYTES } from '../schema/deliveryLimits.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { EventError } from '../wire/EventError.ts';
import { RequestError } from '../wire/RequestError.ts';

/** Hex digits of an event ID: 128 bits, enough that 10¹⁵ events collide with odds below 10⁻⁸. */
const EVENT_ID_LENGTH = 32;
const ID_BYTES = EVENT_ID_LENGTH / 2;

/** Size of the buffer for texts that are hashed together, in UTF-8 bytes. */
const MEMORY_BYTES = 65_536;

/** A UTF-16 unit is at most 3 bytes of UTF-8. */
const MAX_TEXT = MEMORY_BYTES / 3;

/** Bits of an integer that V8 stores without allocating and looks up without hashing a text. */
const SMALL_INTEGER = 2 ** 30 - 1;

/** Most events of a group: enough to make the cost of a group negligible for each event. */
const MAX_GROUP = 64;

// Shared by all batches: writing and reading are synchronous. There are spare bytes, because hashes read 16 at a time.
const memory = Buffer.alloc(MEMORY_BYTES + ID_BYTES);
const memoryView = dataView(memory);
const ids = Buffer.alloc(MAX_GROUP * ID_BYTES);
const idsView = dataView(ids);

/**
 * Makes the IDs of one batch's events. SDKs send none, so an ID is the hash of the SDK key, a server's session, the
 * event's canonical JSON with its user (and the device or session of a user without an ID: `UserParts`) and, for identical
 * events in one batch, the number of earlier ones. A resend therefore has the same IDs, even though SDKs change the batch's
 * metadata, encoding and headers between tries.
 *
 * The hash is MurmurHash3, seeded with the SHA-256 of key and session: SHA-256 of each event took an eighth of a batch's
 * total time. The hash has to distinguish events; it need not resist forgery. The owner of a key can send the same event
 * anyway, and has to know its user or sender for that. The hash need not hide the text either, because the row contains
 * it. With redaction it has to, and the IDs are then SHA-256 of salted hashes.
 *
 * Events are hashed in groups, because each call into native code costs more than the hash of an event.
 */
export class EventIdentity {
  readonly #seed: Words128;
  readonly #secret: string | null;
  readonly #texts: string[] = [];
  #length = 0;
  /** IDs so far. While their first bits are all different, as is usual, only those are compared. */
  readonly #ids: string[] = [];
  readonly #firstBits = new Set<number>();
  /** How often each ID occurred; used after two IDs had the same first bits. */
  #seen: Map<string, number> | null = null;
  #repeats = 0;

  /**
   * @param keyHash SHA-256 of the SDK key.
   * @param server What is different for two servers that log the same at once, and the same when one sends again; '' for
   *   clients.
   * @param secret Makes IDs that reveal nothing of the event without it; null when the row contains the whole event.
   */
  constructor(keyHash: string, server: string, secret: string | null) {
    const digest = hash('sha256', JSON.stringify([keyHash, server]));
    const word = (i: number) => Number.parseInt(digest.slice(i * 8, i * 8 + 8), 16) | 0;
    this.#seed = [word(0), word(1), word(2), word(3)];
    this.#secret = secret;
  }

  /** How many events were equal to an earlier one in the batch. */
  get repeats(): number {
    return this.#repeats;
  }

  /** A short representation of a text that many events share. */
  digest(text: string): string {
    return this.#hash(text);
  }

  /**
   * Adds the batch's next event.
   *
   * @param text The whole event as canonical JSON.
   * @returns Whether the group is full: `settle` must be called before the next `add`.
   */
  add(text: string): boolean {
    this.#texts.push(text);
    this.#length += text.length;
    return this.#texts.length === MAX_GROUP || this.#length > MAX_TEXT / 2;
  }

  /** IDs of the events added since the last call, in order. */
  settle(): string[] {
    const texts = this.#texts;
    const hashes = this.#hashTogether(texts);
    const settled: string[] = [];
    for (const [i, text] of texts.entries()) {
      const hashed =
        hashes === null ? this.#hash(text) : hashes.slice(i * EVENT_ID_LENGTH, (i + 1) * EVENT_ID_LENGTH);
      const firstBits = idsView.getInt32(hashes === null ? 0 : i * ID_BYTES) & SMALL_INTEGER;
      settled.push(this.#next(text, hashed, firstBits));
    }
    this.#texts.length = 0;
    this.#length = 0;
    return settled;
  }

  #next(text: string, hashed: string, firstBits: number): string {
    const id = this.#sealed(hashed);
    this.#ids.push(id);
    if (this.#seen === null && !this.#firstBits.has(firstBits)) {
      this.#firstBits.add(firstBits);
      return id;
    }
    const before = this.#countSeen(id);
    if (before === 0) return id;
    this.#repeats += 1;
    return this.#sealed(this.#hash(`${before}:${text}`));
  }

  /** How often an ID occurred before. */
  #countSeen(id: string): number {
    if (this.#seen === null) {
      this.#seen = new Map();
      for (const other of this.#ids.splice(0, this.#ids.length - 1)) this.#countSeen(other);
    }
    const before = this.#seen.get(id) ?? 0;
    this.#seen.set(id, before + 1);
    return before;
  }

  #sealed(hashed: string): string {
    return this.#secret === null ? hashed : hash('sha256', this.#secret + hashed).slice(0, EVENT_ID_LENGTH);
  }

  /** The concatenated hashes in hex; null for texts that are not ASCII or too long. */
  #hashTogether(texts: readonly string[]): string | null {
    if (this.#length > MAX_TEXT) return null;
    let all = '';
    for (const text of texts) all += text;
    if (memory.write(all, 0, 'utf8') !== all.length) return null;
    let start = 0;
    for (const [i, text] of texts.entries()) {
      const end = start + text.length;
      murmur128(memoryView, start, end, this.#seed, idsView, i * ID_BYTES);
      start = end;
    }
    return ids.toString('hex', 0, texts.length * ID_BYTES);
  }

  #hash(text: string): string {
    if (text.length <= MAX_TEXT) {
      murmur128(memoryView, 0, memory.write(text, 0, 'utf8'), this.#seed, idsView, 0);
    } else {
      const bytes = Buffer.alloc(Buffer.byteLength(text) + ID_BYTES);
      murmur128(dataView(bytes), 0, bytes.write(text, 0, 'utf8'), this.#seed, idsView, 0);
    }
    return ids.toString('hex', 0, ID_BYTES);
  }
}

/** A document is measured exactly only when its UTF-16 units, at 3 bytes each, might be too many. */
const SURELY_FITS = Math.floor(MAX_RECORD_BYTES / 3) - 64;

/** How a document begins. */
const ID_OPENING = '{"event_id":"';

/** The documents of one batch. Each begins with its event's ID, which is made for a group of events at a time. */
export class BatchDocuments {
  readonly #identity: EventIdentity;
  readonly #meter: CostMeter;
  readonly #mostLength: number;
  /** Documents without IDs yet, in order. */
  readonly #unsettled: { readonly kind: ForwardedKind; readonly rest: string }[] = [];
  readonly #documents: Record<ForwardedKind, string[]> = { exposures: [], events: [] };
  #length = 0;

  /**
   * @param meter Counts the work of measuring large documents.
   * @param mostLength UTF-16 units of all documents: `maxRowsLength`.
   */
  constructor(identity: EventIdentity, meter: CostMeter, mostLength: number) {
    this.#identity = identity;
    this.#meter = meter;
    this.#mostLength = mostLength;
  }

  /** UTF-16 units of all documents. */
  get length(): number {
    return this.#length;
  }

  /**
   * @param identity The text that the event's ID is made from.
   * @param rest The document after the ID.
   * @throws EventError `SLUICE_EVENT_TOO_LARGE`; RequestError `SLUICE_BODY_TOO_MANY_EVENTS` when all documents are too long in total.
   */
  add(kind: ForwardedKind, identity: string, rest: string): void {
    if (rest.length > SURELY_FITS) {
      this.#meter.spend(rest.length >> 2);
      const bytes = ID_OPENING.length + EVENT_ID_LENGTH + Buffer.byteLength(rest, 'utf8');
      if (bytes > MAX_RECORD_BYTES) throw new EventError('SLUICE_EVENT_TOO_LARGE', `${bytes} bytes.`);
    }
    this.#length += ID_OPENING.length + EVENT_ID_LENGTH + rest.length;
    if (this.#length > this.#mostLength) {
      throw new RequestError(
        'SLUICE_BODY_TOO_MANY_EVENTS',
        `Their rows have more than ${this.#mostLength} units.`,
      );
    }
    this.#unsettled.push({ kind, rest });
    if (this.#identity.add(identity)) this.#settle();
  }

  /** All documents, by table, in the order in which they were added. */
  settled(): Record<ForwardedKind, string[]> {
    this.#settle();
    return this.#documents;
  }

  /** Adds the IDs to the documents without one. */
  #settle(): void {
    const ids = this.#identity.settle();
    for (const [i, { kind, rest }] of this.#unsettled.entries()) {
      this.#documents[kind].push(ID_OPENING + ids[i] + rest);
    }
    this.#unsettled.length = 0;
  }
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 128 bits as four 32-bit words, in the order in which MurmurHash3 writes them out. */
export type Words128 = readonly [number, number, number, number];

const { imul } = Math;

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * MurmurHash3_x86_128 of some bytes, in the public domain:
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp. The original starts all four lanes from one
 * 32-bit seed; here each has its own, so that a seed is as wide as the hash.
 *
 * @param bytes Readable up to the multiple of 16 at or after `end`, counted from `start`: what stands there does not matter.
 * @param start First byte.
 * @param end Byte after the last.
 * @param out Gets the 16 bytes of the hash at `at`, in the order of the original's on a little-endian machine.
 */
export function murmur128(
  bytes: DataView,
  start: number,
  end: number,
  seed: Words128,
  out: DataView,
  at: number,
): void {
  let [h1, h2, h3, h4] = seed;
  const length = end - start;
  const tail = start + (length & ~15);
  for (let i = start; i < tail; i += 16) {
    h1 ^= lane(bytes.getInt32(i, true), C1, 15, C2);
    h1 = (imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= lane(bytes.getInt32(i + 4, true), C2, 16, C3);
    h2 = (imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= lane(bytes.getInt32(i + 8, true), C3, 17, C4);
    h3 = (imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= lane(bytes.getInt32(i + 12, true), C4, 18, C1);
    h4 = (imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  // A word without bytes is 0 and changes nothing.
  h1 ^= lane(tailWord(bytes, tail, end), C1, 15, C2);
  h2 ^= lane(tailWord(bytes, tail + 4, end), C2, 16, C3);
  h3 ^= lane(tailWord(bytes, tail + 8, end), C3, 17, C4);
  h4 ^= lane(tailWord(bytes, tail + 12, end), C4, 18, C1);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = avalanche((h2 + h1) | 0);
  h3 = avalanche((h3 + h1) | 0);
  h4 = avalanche((h4 + h1) | 0);
  h1 = avalanche(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  out.setInt32(at, h1, true);
  out.setInt32(at + 4, (h2 + h1) | 0, true);
  out.setInt32(at + 8, (h3 + h1) | 0, true);
  out.setInt32(at + 12, (h4 + h1) | 0, true);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function lane(word: number, before: number, bits: number, after: number): number {
  return imul(rotate(imul(word, before), bits), after);
}

/** The word at an offset without what lies beyond the end. */
function tailWord(bytes: DataView, at: number, end: number): number {
  const left = end - at;
  if (left <= 0) return 0;
  const word = bytes.getInt32(at, true);
  return left >= 4 ? word : word & ((1 << (left * 8)) - 1);
}

function avalanche(word: number): number {
  let h = imul(word ^ (word >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
