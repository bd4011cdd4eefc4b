import { isUtf8 } from 'node:buffer';
import type { Config } from '../config/configSchema.ts';
import { MAX_RECORD_BYTES } from '../schema/deliveryLimits.ts';
import { memberWriter } from '../tables/memberWriter.ts';
import { quarantineLargeKey } from '../tables/quarantineLargeKey.ts';
import { type QuarantineRow, quarantineTable } from '../tables/quarantineTable.ts';
import { isoDay } from '../time/isoDay.ts';
import { MAX_TEXT_LENGTH } from './limits.ts';
import type { Refused } from './Refused.ts';
import { RefusedIdentity } from './RefusedIdentity.ts';

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
export interface LargeRaw {
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
export type QuarantineWriter = (refused: readonly Refused[], context: QuarantineContext) => QuarantineRows;

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
      const { text, encoding } = rawText(raw);
      const row: QuarantineRow = {
        quarantine_id: isUnique ? identity.of(code, same ?? text) : identity.next(code, same ?? text),
        received_at: context.receivedAt,
        reason: code,
        detail: detail === '' ? null : bounded(detail),
        key_label: context.keyLabel,
        key_environment: context.keyEnvironment ?? null,
        sdk_type: bounded(context.sdkType),
        sdk_version: bounded(context.sdkVersion),
        path: bounded(context.path),
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

function rawText(raw: string | Uint8Array): { readonly text: string; readonly encoding: 'text' | 'base64' } {
  if (typeof raw === 'string') return { text: raw, encoding: 'text' };
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'text' }
    : { text: bytes.toString('base64'), encoding: 'base64' };
}

/** Text of the sender's own is cut: it may be of any length, and the row must fit. */
function bounded(text: string | null): string | null {
  return text === null ? null : text.slice(0, MAX_TEXT_LENGTH).toWellFormed();
}
