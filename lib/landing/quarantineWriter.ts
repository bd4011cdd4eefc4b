import { isUtf8 } from 'node:buffer';
import { createHash, hash } from 'node:crypto';
import { quoteEmbedded } from '../base/canonicalJson.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { isoDay } from '../base/time.ts';
import type { Config } from '../schema/config.ts';
import { MAX_RECORD_BYTES } from '../schema/deliveryLimits.ts';
import { memberWriter } from '../tables/memberWriter.ts';
import { quarantineLargeKey } from '../tables/objectKeys.ts';
import { type QuarantineRow, quarantineColumns } from '../tables/quarantineTable.ts';
import type { QuarantineReason } from './quarantineReasons.ts';

/** The values that the rows of one request share. */
export interface QuarantineContext {
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The label of the SDK key; null when it is not known. */
  readonly keyLabel: string | null;
  /** The key's `environment`, for events without a tier. Default null. */
  readonly keyEnvironment?: string | null;
  /** Hex SHA-256 of the SDK key; '' when it is not known. */
  readonly keyHash: string;
  /** The sender's part of event IDs; '' when the body could not be read. */
  readonly senderId: string;
  /** The kind of SDK; null if it is not stated. */
  readonly sdkType: string | null;
  /** The version of the SDK; null if it is not stated. */
  readonly sdkVersion: string | null;
  /** The path of the request; null without a request. */
  readonly path: string | null;
}

/** An event or body that is stored as an object of its own. */
interface LargeRaw {
  /** The key of the object. */
  readonly key: string;
  /** The event as text, or the body's bytes as they were sent. */
  readonly body: string | Uint8Array;
  /** JSON for a text; otherwise nothing is said of the bytes. */
  readonly contentType: 'application/json' | 'application/octet-stream';
  /** Why it was refused. */
  readonly reason: QuarantineReason;
}

/** Rows of refused items, and objects that they point to. */
export interface QuarantineRows {
  /** One document for each item, in order. Each fits into a Firehose record. */
  readonly documents: string[];
  /** Objects that must be written to S3 before the rows that point to them are delivered. */
  readonly large: readonly LargeRaw[];
}

/** Writes the refused items of one request as rows of the quarantine table. */
export type QuarantineWriter = (
  refused: readonly RefusedItem[],
  context: QuarantineContext,
) => QuarantineRows;

/**
 * Makes the writer of a configuration's quarantine rows.
 *
 * A row's `quarantine_id`, like an event ID, depends only on the sender and the content, so a resend has the same one.
 * Its day is the day received, because a refused item may have no time.
 *
 * @example
 * const { documents, large } = quarantineWriter(config)(collected.refused, context);
 */
export function quarantineWriter(config: Pick<Config, 'bucket' | 'tables'>): QuarantineWriter {
  const members = memberWriter(quarantineColumns);
  return (refused, context) => {
    const idOf = refusedIds(context);
    const day = isoDay(context.receivedAt);
    const documents: string[] = [];
    const large: LargeRaw[] = [];
    const write = (row: QuarantineRow) => `{${members(row).slice(1)}}`;
    for (const item of refused) {
      const { code, detail, raw } = item;
      const { text, encoding } = encodeRaw(raw);
      const quarantine_id = idOf(item, item.identity ?? text);
      const row: QuarantineRow = {
        quarantine_id,
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
      // A long text is not written just to find that it is too long.
      const document = text.length <= MAX_RECORD_BYTES ? write(row) : null;
      if (document !== null && Buffer.byteLength(document, 'utf8') <= MAX_RECORD_BYTES) {
        documents.push(document);
        continue;
      }
      const key = quarantineLargeKey(day, quarantine_id);
      const contentType = typeof raw === 'string' ? 'application/json' : 'application/octet-stream';
      large.push({ key, body: raw, contentType, reason: code });
      const raw_location = `s3://${config.bucket}/${key}`;
      documents.push(write({ ...row, raw: null, raw_encoding: null, raw_location }));
    }
    return { documents, large };
  };
}

/** What was refused as text of a row: bytes that are no UTF-8 in base64. */
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

/** Cuts text from the sender, which can have any length. */
function truncate(text: string | null): string | null {
  return text === null ? null : text.slice(0, MAX_TEXT_LENGTH).toWellFormed();
}

/** Stores one event or body that is too large for a row. Throws the error of the store, or when it takes too long. */
export type PutQuarantineLarge = (large: LargeRaw, timeoutMs: number) => Promise<void>;

/** Stores large quarantined bodies in a bucket. */
export function putQuarantineLarge(store: Pick<ObjectStore, 'write'>): PutQuarantineLarge {
  return async ({ key, body, contentType, reason }, timeoutMs) => {
    const signal = AbortSignal.timeout(timeoutMs);
    await store.write(key, body, { contentType, metadata: { reason }, signal });
  };
}

/** A refused event or body. */
export interface RefusedItem {
  /** The code by which it was refused. */
  readonly code: QuarantineReason;
  /** More about the reason; '' if there is nothing to say. */
  readonly detail: string;
  /** Text that Sluice wrote, or a body's bytes as they were sent. */
  readonly raw: string | Uint8Array;
  /** The part that is the same when it is sent again, for its `quarantine_id`. Default `raw`. */
  readonly identity?: string;
  /** The sender's part of its `quarantine_id`, if it is not the request's. */
  readonly senderId?: string;
}

/** One refused event of a batch, or all of them if there are too many. */
export interface RefusedEvent extends RefusedItem {
  /**
   * A body that contains the event, redacted and without private attributes. The collector would read it in the same
   * way.
   */
  readonly raw: string;
}

/** Hex digits of an ID: 128 of SHA-256's 256 bits. */
const ID_LENGTH = 32;

/**
 * Makes the IDs of one request's refused items, by the same rules as event IDs (lib/collect/rows/eventIds.ts): equal for
 * every resend, different for repetitions. They are SHA-256, because an ID is the name of a large item's object in S3 and
 * nobody should be able to forge an equal one.
 *
 * @returns The ID of the next refused item, of its text, which is hashed as JSON.
 */
function refusedIds({
  keyHash,
  senderId: requestSender,
}: QuarantineContext): (item: RefusedItem, text: string) => string {
  const seen = new Map<string, number>();
  return ({ code, senderId = requestSender }, text) => {
    const sender = hash('sha256', JSON.stringify([keyHash, senderId])).slice(0, ID_LENGTH);
    const scope = `${sender}[${quoteEmbedded(code)},`;
    const id = hashText(scope, text);
    const before = seen.get(id) ?? 0;
    seen.set(id, before + 1);
    return before === 0 ? id : hashText(`${before}:${scope}`, text);
  };
}

/** Characters that are written as JSON at a time, to limit the memory for a large body. */
const HASH_CHUNK_LENGTH = 1_048_576;

/** The hash of a prefix and a text as JSON. */
function hashText(prefix: string, raw: string): string {
  if (raw.length <= HASH_CHUNK_LENGTH)
    return hash('sha256', prefix + JSON.stringify(raw)).slice(0, ID_LENGTH);
  const sum = createHash('sha256').update(`${prefix}"`);
  for (let start = 0; start < raw.length; ) {
    let end = start + HASH_CHUNK_LENGTH;
    // Not between the halves of a surrogate pair, because JSON would escape both.
    if (end < raw.length && (raw.charCodeAt(end) & 0xfc00) === 0xdc00) end += 1;
    sum.update(JSON.stringify(raw.slice(start, end)).slice(1, -1));
    start = end;
  }
  return sum.update('"').digest('hex').slice(0, ID_LENGTH);
}

/** Most characters of a quarantine row's texts, except `raw`. Real paths and SDK names are shorter. */
const MAX_TEXT_LENGTH = 1_024;

/**
 * Total length up to which each refused event of a batch has a row of its own, in UTF-16 units: one call of Firehose.
 * Thousands of rows, each with the batch's user, could not be written in time.
 */
export const MAX_SEPARATE_ROWS_LENGTH = 4 * 1024 * 1024;

/** Approximate length of a row without its `raw`, in UTF-16 units. */
export const ROW_LENGTH = 400;
