import { isUtf8 } from 'node:buffer';
import { createHash, hash } from 'node:crypto';
import { quoteEmbedded } from '../base/canonicalJson.ts';
import { flattenRope } from '../base/strings.ts';
import { isoDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { MAX_RECORD_BYTES } from '../schema/deliveryLimits.ts';
import { memberWriter } from '../tables/memberWriter.ts';
import { quarantineLargeKey } from '../tables/objectKeys.ts';
import { type QuarantineRow, quarantineTable } from '../tables/quarantineTable.ts';
import type { QuarantineReason } from './quarantineReasons.ts';

/** What the rows of one request have in common. */
export interface QuarantineContext {
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly keyLabel: string | null;
  /** `environment` of events without a tier, as the key has it. Default null. */
  readonly keyEnvironment?: string | null;
  /** Hex SHA-256 of the SDK key, '' when it isn't known. */
  readonly keyHash: string;
  /** The sender as event IDs have it, '' when the body could not be read. */
  readonly senderId: string;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  readonly path: string | null;
}

/** An event or body that is kept whole as an object of its own. */
interface LargeRaw {
  readonly key: string;
  readonly body: string | Uint8Array;
  readonly contentType: 'application/json' | 'application/octet-stream';
}

/** Where what was refused goes. */
export interface QuarantineRows {
  /** A document for each, in order: each fits into a Firehose record. */
  readonly documents: string[];
  /** What is to be put into S3 before the row that points to it is delivered. */
  readonly large: readonly LargeRaw[];
}

/** Writes what one request was refused as rows of the quarantine table. */
export type QuarantineWriter = (
  refused: readonly RefusedItem[],
  context: QuarantineContext,
) => QuarantineRows;

/**
 * Makes the writer of a configuration's quarantine rows.
 *
 * A row's `quarantine_id` depends only on who sent what, as event IDs do: resends have the same one. Its day is
 * the day received, for what is refused may have no time of its own.
 *
 * @example
 * const { documents, large } = quarantineWriter(config)(collected.refused, context);
 */
export function quarantineWriter(config: Pick<Config, 'bucket' | 'tables'>): QuarantineWriter {
  const members = memberWriter(quarantineTable(config), 'quarantine_id');
  return (refused, context) => {
    const identity = new RefusedIdentity(context.keyHash, context.senderId);
    const day = isoDay(context.receivedAt);
    const documents: string[] = [];
    const large: LargeRaw[] = [];
    const write = (row: QuarantineRow) => `{${members(row).slice(1)},"ds":"${day}"}`;
    for (const { code, detail, raw, identity: same, isUnique = false } of refused) {
      const { text, encoding } = encodeRaw(raw);
      const row: QuarantineRow = {
        quarantine_id: isUnique ? identity.of(code, same ?? text) : identity.next(code, same ?? text),
        received_at: context.receivedAt,
        reason: code,
        detail: detail === '' ? null : truncate(detail),
        key_label: context.keyLabel,
        key_environment: context.keyEnvironment ?? null,
        sdk_type: truncate(context.sdkType),
        sdk_version: truncate(context.sdkVersion),
        path: truncate(context.path),
        raw: text,
        raw_encoding: encoding,
        raw_location: null,
      };
      // A long text is not written only to see that it is too long.
      const document = text.length <= MAX_RECORD_BYTES ? write(row) : null;
      if (document !== null && Buffer.byteLength(document, 'utf8') <= MAX_RECORD_BYTES) {
        documents.push(document);
        continue;
      }
      const key = quarantineLargeKey(day, row.quarantine_id ?? '');
      const contentType = typeof raw === 'string' ? 'application/json' : 'application/octet-stream';
      large.push({ key, body: raw, contentType });
      const raw_location = `s3://${config.bucket}/${key}`;
      documents.push(write({ ...row, raw: null, raw_encoding: null, raw_location }));
    }
    return { documents, large };
  };
}

function encodeRaw(raw: string | Uint8Array): {
  readonly text: string;
  readonly encoding: 'text' | 'base64';
} {
  if (typeof raw === 'string') return { text: raw, encoding: 'text' };
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'text' }
    : { text: bytes.toString('base64'), encoding: 'base64' };
}

/** Text of the sender's own is cut: it may be of any length, and the row must fit. */
function truncate(text: string | null): string | null {
  return text === null ? null : text.slice(0, MAX_TEXT_LENGTH).toWellFormed();
}

/** Keeps one event or body that is too large for a row. Throws what the store throws when it could not in time. */
export type PutQuarantineLarge = (large: LargeRaw, timeoutMs: number) => Promise<void>;

/** One event or body that was refused: kept, never dropped. */
export interface RefusedItem {
  readonly code: QuarantineReason;
  readonly detail: string;
  /** Text of ours; or a body's bytes as they came. */
  readonly raw: string | Uint8Array;
  /** What of it stays the same when it is sent again, for its `quarantine_id`. Default `raw`. */
  readonly identity?: string;
  /** Whether that alone is its identity: another with the same one is a resend of it, no repeat. Default false. */
  readonly isUnique?: boolean;
}

/** One event of a batch that was refused, or all of them where they are too many. */
export interface RefusedEvent extends RefusedItem {
  /** A body with it, without private attributes and redacted as configured, that would mean the same if it came. */
  readonly raw: string;
}

/** Hex digits of an ID: 128 of SHA-256's 256 bits. */
const ID_LENGTH = 32;

/**
 * Gives what was refused of one request its IDs, by the rules that event IDs have (lib/collect/EventIdentity): equal
 * for every resend, different for repeats. SHA-256 throughout, for a large body's place in S3 is named by its ID, and
 * nobody should be able to make two of one name.
 */
class RefusedIdentity {
  readonly #scope: string;
  /** The scope with a code behind it. */
  readonly #scopes = new Map<string, string>();
  readonly #seen = new Map<string, number>();

  /**
   * @param keyHash SHA-256 of the SDK key.
   * @param sender What stays the same when the sender tries again: a device's stable ID, for a page that was
   *   closed sends what it had stored in a later session; on servers, which have none, the session.
   */
  constructor(keyHash: string, sender: string) {
    this.#scope = hash('sha256', JSON.stringify([keyHash, sender])).slice(0, ID_LENGTH);
  }

  /**
   * ID of what was refused next.
   *
   * @param code Why: its text is prepared once.
   * @param raw What it is: it is hashed as JSON.
   */
  next(code: string, raw: string): string {
    const id = this.of(code, raw);
    const before = this.#seen.get(id) ?? 0;
    this.#seen.set(id, before + 1);
    return before === 0 ? id : hashText(`${before}:${this.#scopeOf(code)}`, raw);
  }

  /** ID of what has an identity of its own, by which repeats are told apart already. As {@link next} of the first. */
  of(code: string, raw: string): string {
    return hashText(this.#scopeOf(code), raw);
  }

  #scopeOf(code: string): string {
    let scope = this.#scopes.get(code);
    if (scope === undefined) {
      scope = flattenRope(`${this.#scope}[${quoteEmbedded(code)},`);
      this.#scopes.set(code, scope);
    }
    return scope;
  }
}

/** Characters of a text that are written as JSON at a time: all of a large body's would be twice as long once more. */
const HASH_CHUNK_LENGTH = 1_048_576;

/** The hash of a text as JSON, with a prefix. */
function hashText(prefix: string, raw: string): string {
  if (raw.length <= HASH_CHUNK_LENGTH)
    return hash('sha256', prefix + JSON.stringify(raw)).slice(0, ID_LENGTH);
  const sum = createHash('sha256').update(`${prefix}"`);
  for (let start = 0; start < raw.length; ) {
    let end = start + HASH_CHUNK_LENGTH;
    // Not between the halves of a surrogate pair: JSON would escape both.
    if (end < raw.length && (raw.charCodeAt(end) & 0xfc00) === 0xdc00) end += 1;
    sum.update(JSON.stringify(raw.slice(start, end)).slice(1, -1));
    start = end;
  }
  return sum.update('"').digest('hex').slice(0, ID_LENGTH);
}

/** Characters of a quarantine row's texts, `raw` aside. Paths and SDK names that are longer are no such. */
const MAX_TEXT_LENGTH = 1_024;

/**
 * Refused events of one batch have a row each as long as those rows come to no more than this, in UTF-16 units: one
 * call's worth of Firehose. Thousands of them, each with its batch's user, would not be written in time.
 */
export const MAX_SEPARATE_ROWS_LENGTH = 4 * 1024 * 1024;

/** What a row has besides its `raw`, roughly, in UTF-16 units. */
export const ROW_LENGTH = 400;
