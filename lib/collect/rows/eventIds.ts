import { hash } from 'node:crypto';
import { isJsonObject } from '../../base/json.ts';
import { murmur128, type Words128 } from '../../base/murmur128.ts';
import type { UtcDay } from '../../base/time.ts';
import type { LandedRow } from '../../landing/store/encodeLines.ts';
import { MAX_RECORD_BYTES } from '../../schema/deliveryLimits.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { idText } from '../../tables/memberWriter.ts';
import { EventError } from '../../wire/EventError.ts';
import { RequestError } from '../../wire/RequestError.ts';

/** Hex digits of an event ID: 128 bits, enough that 10¹⁵ events collide with odds below 10⁻⁸. */
const EVENT_ID_LENGTH = 32;
const ID_BYTES = EVENT_ID_LENGTH / 2;

/** Size of the buffer for texts that are hashed together, in UTF-8 bytes. */
const MEMORY_BYTES = 65_536;

/** A UTF-16 unit is at most 3 bytes of UTF-8. */
const MAX_TEXT = MEMORY_BYTES / 3;

/** Most events of a group: enough to make the cost of a group negligible for each event. */
const MAX_GROUP = 64;

// Shared by all batches: writing and reading are synchronous. There are spare bytes, because hashes read 16 at a time.
const memory = Buffer.alloc(MEMORY_BYTES + ID_BYTES);
const memoryView = dataView(memory);
const ids = Buffer.alloc(MAX_GROUP * ID_BYTES);
const idsView = dataView(ids);

/**
 * Whether a user has a user ID. It then identifies their events together with the rest of the event: js-client sends a batch
 * again with the stable ID and session that it has by then. Other IDs may be those of many, such as a company's.
 */
export function hasUserId(user: unknown): boolean {
  return isJsonObject(user) && idText(user['userID']) !== null;
}

/**
 * Makes the IDs of one batch's events. SDKs send none, so an ID is the hash of the SDK key, a server's session, the
 * event's canonical JSON with its user (and the device or session of a user without a user ID) and, for identical events in one
 * batch, the number of earlier ones. A resend therefore has the same IDs, even though SDKs change the batch's metadata,
 * encoding and headers between tries.
 *
 * The hash is MurmurHash3, seeded with the SHA-256 of key and session: SHA-256 of each event took an eighth of a batch's
 * total time. The hash has to distinguish events; it need not resist forgery. The owner of a key can send the same event
 * anyway, and has to know its user or sender for that. The hash need not hide the text either, because the row contains
 * it. With redaction it has to, and the IDs are then SHA-256 of salted hashes.
 *
 * Events are hashed in groups, because each call into native code costs more than the hash of an event: one by one, 100
 * events take 9 % longer.
 */
export class EventIdentity {
  readonly #seed: Words128;
  readonly #secret: string | null;
  readonly #texts: string[] = [];
  #length = 0;
  /** How often each ID occurred. */
  readonly #seen = new Map<string, number>();
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
    const settled = texts.map((text, i) =>
      this.#next(
        text,
        hashes === null ? this.#hash(text) : hashes.slice(i * EVENT_ID_LENGTH, (i + 1) * EVENT_ID_LENGTH),
      ),
    );
    this.#texts.length = 0;
    this.#length = 0;
    return settled;
  }

  #next(text: string, hashed: string): string {
    const id = this.#sealed(hashed);
    const before = this.#seen.get(id) ?? 0;
    this.#seen.set(id, before + 1);
    if (before === 0) return id;
    this.#repeats += 1;
    return this.#sealed(this.#hash(`${before}:${text}`));
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

/** A row is measured only when its UTF-16 units, at 3 bytes each, might be too many: to measure each takes 12 % longer. */
const SURELY_FITS = Math.floor(MAX_RECORD_BYTES / 3) - 64;

/** How a row begins, and goes on behind its ID. */
const OPENING = '{"event_id":"';
const QUOTE = '"';
/** Units of a row besides its columns: opening, ID, quote, and its end. */
const FRAME_LENGTH = `${OPENING}${QUOTE}}`.length + EVENT_ID_LENGTH;

/** The rows of one batch. Each begins with its event's ID, which is made for a group of events at a time. */
export class IdentifiedRows {
  readonly #identity: EventIdentity;
  readonly #mostLength: number;
  /** Rows without IDs yet, in order. */
  readonly #unsettled: { readonly kind: ForwardedKind; readonly columns: string; readonly day: UtcDay }[] =
    [];
  readonly #rows: Record<ForwardedKind, LandedRow[]> = { exposures: [], events: [] };
  #length = 0;

  /** @param mostLength UTF-16 units of all rows: `maxRowsLength`. */
  constructor(identity: EventIdentity, mostLength: number) {
    this.#identity = identity;
    this.#mostLength = mostLength;
  }

  /** UTF-16 units of all rows. */
  get length(): number {
    return this.#length;
  }

  /**
   * @param identity The text that the event's ID is made from.
   * @param columns The members of the row's other columns, each after a comma.
   * @throws EventError `SLUICE_EVENT_TOO_LARGE`; RequestError `SLUICE_BODY_TOO_MANY_EVENTS` when all rows are too long in total.
   */
  add(kind: ForwardedKind, identity: string, columns: string, day: UtcDay): void {
    if (columns.length > SURELY_FITS) {
      const bytes = FRAME_LENGTH + Buffer.byteLength(columns, 'utf8');
      if (bytes > MAX_RECORD_BYTES) throw new EventError('SLUICE_EVENT_TOO_LARGE', `${bytes} bytes.`);
    }
    this.#length += FRAME_LENGTH + columns.length;
    if (this.#length > this.#mostLength) {
      throw new RequestError(
        'SLUICE_BODY_TOO_MANY_EVENTS',
        `Their rows have more than ${this.#mostLength} units.`,
      );
    }
    this.#unsettled.push({ kind, columns, day });
    if (this.#identity.add(identity)) this.#settle();
  }

  /** All rows, by table, in the order in which they were added. */
  settled(): Readonly<Record<ForwardedKind, readonly LandedRow[]>> {
    this.#settle();
    return this.#rows;
  }

  /** Adds the IDs to the rows without one. */
  #settle(): void {
    const ids = this.#identity.settle();
    for (const [i, { kind, columns, day }] of this.#unsettled.entries()) {
      this.#rows[kind].push({ day, json: `${OPENING}${ids[i]}${QUOTE}${columns}}` });
    }
    this.#unsettled.length = 0;
  }
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
