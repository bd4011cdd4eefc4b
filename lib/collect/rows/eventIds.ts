import { hash } from 'node:crypto';
import { isJsonObject } from '../../base/json.ts';
import type { UtcDay } from '../../base/time.ts';
import type { LandedRow } from '../../landing/store/encodeLines.ts';
import { MAX_RECORD_BYTES } from '../../schema/deliveryLimits.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { idText } from '../../tables/memberWriter.ts';
import { EventError } from '../../wire/EventError.ts';
import { RequestError } from '../../wire/RequestError.ts';

/** Hex digits of an event ID: 128 of SHA-256's bits, enough that 10¹⁵ events collide with odds below 10⁻⁸. */
const EVENT_ID_LENGTH = 32;

/**
 * Whether a user has a user ID. It then identifies their events together with the rest of the event: js-client sends a batch
 * again with the stable ID and session that it has by then. Other IDs may be those of many, such as a company's.
 */
export function hasUserId(user: unknown): boolean {
  return isJsonObject(user) && idText(user['userID']) !== null;
}

/**
 * Makes the IDs of one batch's events. SDKs send none, so an ID is the hash of the SDK key, a server's session, the
 * event's canonical JSON with its user (and the device or session of a user without a user ID) and, for identical
 * events in one batch, the number of earlier ones. A resend therefore has the same IDs, even though SDKs change the
 * batch's metadata, encoding and headers between tries.
 *
 * The row contains the event, so the hash need not hide it. With redaction it has to: a salted text is then part of it.
 */
export class EventIdentity {
  readonly #prefix: string;
  /** How often each ID occurred. */
  readonly #seen = new Map<string, number>();
  #repeats = 0;

  /**
   * @param keyHash SHA-256 of the SDK key.
   * @param server Different for two servers that log the same event at once, and the same when one of them sends again;
   * '' for clients.
   * @param secret Makes IDs that reveal nothing of the event to people who do not know it; null when the row contains
   * the whole event.
   */
  constructor(keyHash: string, server: string, secret: string | null) {
    this.#prefix = hash('sha256', JSON.stringify([keyHash, server, secret]));
  }

  /** How many events were equal to an earlier one in the batch. */
  get repeats(): number {
    return this.#repeats;
  }

  /** A short representation of a text that many events share. */
  digest(text: string): string {
    return hash('sha256', this.#prefix + text).slice(0, EVENT_ID_LENGTH);
  }

  /**
   * The ID of the batch's next event.
   *
   * @param text The whole event as canonical JSON.
   */
  next(text: string): string {
    const id = this.digest(text);
    const before = this.#seen.get(id) ?? 0;
    this.#seen.set(id, before + 1);
    if (before === 0) return id;
    this.#repeats += 1;
    return this.digest(`${before}:${text}`);
  }
}

/**
 * A row is measured only if its UTF-16 units, at 3 bytes each, might be too many: to measure every row takes 12 %
 * longer.
 */
const SURELY_FITS = Math.floor(MAX_RECORD_BYTES / 3) - 64;

/** The beginning of a row up to its ID, and what follows the ID. */
const OPENING = '{"event_id":"';
const QUOTE = '"';
const END = '}';
/** Units of a row besides its columns: opening, ID, quote, and its end. */
const FRAME_LENGTH = `${OPENING}${QUOTE}${END}`.length + EVENT_ID_LENGTH;

/** The rows of one batch. Each begins with its event's ID. */
export class IdentifiedRows {
  readonly #identity: EventIdentity;
  readonly #mostLength: number;
  readonly #rows: Record<ForwardedKind, LandedRow[]> = { exposures: [], events: [] };
  /** UTF-16 units of all rows. */
  #length = 0;

  /** @param mostLength UTF-16 units of all rows: `maxRowsLength`. */
  constructor(identity: EventIdentity, mostLength: number) {
    this.#identity = identity;
    this.#mostLength = mostLength;
  }

  /**
   * Adds a row. A row that is measured counts towards the length of all, even if it is refused: measuring takes as long
   * as storing.
   *
   * @param identity The text that the event's ID is made from.
   * @param columns The members of the row's other columns, each after a comma.
   * @throws EventError `SLUICE_EVENT_TOO_LARGE`; RequestError `SLUICE_BODY_TOO_MANY_EVENTS` when all rows are too
   *   long in total.
   */
  add(kind: ForwardedKind, identity: string, columns: string, day: UtcDay): void {
    // A unit has a byte at least. V8 puts a text together only to measure it, and thousands of events can share a user
    // of 1 MB.
    if (columns.length > MAX_RECORD_BYTES)
      throw new EventError('SLUICE_EVENT_TOO_LARGE', `More than ${columns.length} bytes.`);
    this.#length += FRAME_LENGTH + columns.length;
    if (this.#length > this.#mostLength) {
      throw new RequestError(
        'SLUICE_BODY_TOO_MANY_EVENTS',
        `Their rows have more than ${this.#mostLength} units.`,
      );
    }
    if (columns.length > SURELY_FITS) {
      const bytes = FRAME_LENGTH + Buffer.byteLength(columns, 'utf8');
      if (bytes > MAX_RECORD_BYTES) throw new EventError('SLUICE_EVENT_TOO_LARGE', `${bytes} bytes.`);
    }
    this.#rows[kind].push({ day, json: OPENING + this.#identity.next(identity) + QUOTE + columns + END });
  }

  /** All rows, by table, in the order in which they were added. */
  get rows(): Readonly<Record<ForwardedKind, readonly LandedRow[]>> {
    return this.#rows;
  }
}
