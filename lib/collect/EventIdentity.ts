import { hash } from 'node:crypto';
import { murmur128, type Words128 } from './murmur128.ts';

/** Hex digits of an event ID: 128 bits, enough that 10¹⁵ events collide with odds below 10⁻⁸. */
export const EVENT_ID_LENGTH = 32;
const ID_BYTES = EVENT_ID_LENGTH / 2;

/** UTF-8 bytes of texts that are hashed together. */
const MEMORY_BYTES = 65_536;

/** A UTF-16 unit is at most 3 bytes of UTF-8. */
const MAX_TEXT = MEMORY_BYTES / 3;

/** Bits of a number that V8 keeps without allocating, and finds in a set without hashing a text. */
const SMALL_INTEGER = 2 ** 30 - 1;

/** Most events of a group: enough that what a group costs is nothing for each. */
const MAX_GROUP = 64;

// Shared by all batches: nothing waits between writing and reading. Bytes to spare, for hashes are read in 16s.
const memory = Buffer.alloc(MEMORY_BYTES + ID_BYTES);
const memoryView = viewOf(memory);
const ids = Buffer.alloc(MAX_GROUP * ID_BYTES);
const idsView = viewOf(ids);

/**
 * Gives the events of one batch their IDs. No SDK sends any, so an ID is the hash of who sent it (SDK key and
 * device or session), the event's canonical JSON and, for identical events in one batch, how many came
 * before. A resend therefore gets the same IDs, whatever has changed around its events: SDKs change the
 * batch's metadata, encoding and headers between tries.
 *
 * The hash is MurmurHash3, seeded by the SHA-256 of the sender, as SHA-256 of each event took an eighth of all the
 * time that a batch takes. It has to tell events apart, not to keep anybody from making equal ones: whoever has the
 * key can post the same event anyway, and under another sender's seed nobody can without that sender's ID. Nor does it
 * hide the text, which the row has beside it. Where redaction takes something out of the row it has to,
 * and there the IDs are SHA-256 of salted hashes.
 *
 * Events are hashed in groups, since each call into native code costs more than an event's hash.
 */
export class EventIdentity {
  readonly #seed: Words128;
  readonly #secret: string | null;
  readonly #texts: string[] = [];
  #length = 0;
  /** IDs so far. While their first bits are all different, as is usual, there is no need to look at more of them. */
  readonly #ids: string[] = [];
  readonly #firstBits = new Set<number>();
  /** How often each ID was given, once first bits have met. */
  #seen: Map<string, number> | null = null;
  #repeats = 0;

  /**
   * @param keyHash SHA-256 of the SDK key.
   * @param sender What stays the same when the sender tries again: a device's stable ID, for a page that was
   *   closed sends what it had stored in a later session; on servers, which have none, the session.
   * @param secret Makes IDs that tell nothing of the event to who doesn't know it; null when the row tells it all.
   */
  constructor(keyHash: string, sender: string, secret: string | null) {
    const digest = hash('sha256', JSON.stringify([keyHash, sender]));
    const word = (i: number) => Number.parseInt(digest.slice(i * 8, i * 8 + 8), 16) | 0;
    this.#seed = [word(0), word(1), word(2), word(3)];
    this.#secret = secret;
  }

  /** How many events were equal to one before them in the batch. */
  get repeats(): number {
    return this.#repeats;
  }

  /** What stands for a text that many events have in common: theirs are short then. */
  digest(text: string): string {
    return this.#hash(text);
  }

  /**
   * Adds the batch's next event.
   *
   * @param text All that it consists of, as canonical JSON.
   * @returns Whether the group is full: `settle` must then be called before the next.
   */
  add(text: string): boolean {
    this.#texts.push(text);
    this.#length += text.length;
    return this.#texts.length === MAX_GROUP || this.#length > MAX_TEXT / 2;
  }

  /** IDs of the events added since the last time, in that order. */
  settle(): string[] {
    const texts = this.#texts;
    const hashes = this.#hashTogether(texts);
    const settled: string[] = [];
    for (let i = 0; i < texts.length; i += 1) {
      const hashed =
        hashes === null
          ? this.#hash(texts[i] ?? '')
          : hashes.slice(i * EVENT_ID_LENGTH, (i + 1) * EVENT_ID_LENGTH);
      const firstBits = idsView.getInt32(hashes === null ? 0 : i * ID_BYTES) & SMALL_INTEGER;
      settled.push(this.#next(texts[i] ?? '', hashed, firstBits));
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

  /** How often an ID was given before this time. */
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

  /** Hashes one after the other, in hex; null when their bytes are not their characters. */
  #hashTogether(texts: readonly string[]): string | null {
    if (this.#length > MAX_TEXT) return null;
    let all = '';
    for (const text of texts) all += text;
    if (memory.write(all, 0, 'utf8') !== all.length) return null;
    let start = 0;
    for (let i = 0; i < texts.length; i += 1) {
      const end = start + (texts[i]?.length ?? 0);
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
      murmur128(viewOf(bytes), 0, bytes.write(text, 0, 'utf8'), this.#seed, idsView, 0);
    }
    return ids.toString('hex', 0, ID_BYTES);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
