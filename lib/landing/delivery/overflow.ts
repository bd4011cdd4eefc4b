import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { isoTimestamp } from '../../base/time.ts';
import { MAX_OVERFLOW_BYTES } from '../../schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, overflowKey, REQUESTS } from '../../tables/objectKeys.ts';
import type { ReturnedDocument } from './putRecords.ts';

/** Rows of one stream, some of which it returned: at least one. */
export interface SpilledRows {
  readonly kind: TableKind;
  readonly documents: readonly string[];
  readonly returned: readonly ReturnedDocument[];
}

/** Documents that streams did not accept, as one object. */
export interface OverflowObject {
  readonly key: string;
  /** Gzip of lines: {@link readOverflow}. */
  readonly body: Uint8Array;
  /** For diagnosis: how many documents, since when, and why. */
  readonly metadata: OverflowMetadata;
}

/** The object's user metadata. All values are texts. */
export interface OverflowMetadata {
  readonly documents: string;
  /** When it was first spilled, ISO 8601. */
  readonly since: string;
  /** Firehose's error code of the last document, or the reason why it was returned. */
  readonly code: string;
}

const compress = promisify(gzip);

/**
 * Makes the overflow object of the documents that one request could not put on its streams.
 *
 * Rows of one stream are one document a line, in the folder of that stream. Rows of several streams are in the folder
 * `requests`, after a first line with the number of rows of each stream: `{"exposures":2,"events":3}`.
 *
 * @param spilledAt Epoch milliseconds.
 * @param nonce Different for each request, so that equal rows of two requests are two objects.
 */
export async function overflowObject(
  rows: readonly SpilledRows[],
  spilledAt: number,
  nonce: string,
): Promise<OverflowObject> {
  const left = rows.map(({ kind, documents, returned }) => ({
    kind,
    documents: returned.flatMap(({ index }) => documents[index] ?? []),
  }));
  const lines = left.flatMap(({ documents }) => documents);
  const [only] = left.length === 1 ? left : [];
  const counts = Object.fromEntries(left.map(({ kind, documents }) => [kind, documents.length]));
  const text = [...(only === undefined ? [JSON.stringify(counts)] : []), ...lines].join('\n');
  return {
    key: overflowKey(only?.kind ?? REQUESTS, hash('sha256', `${spilledAt} ${nonce}\n${text}`)),
    body: await overflowBody([text]),
    metadata: {
      documents: String(lines.length),
      since: isoTimestamp(spilledAt),
      code: lastErrorCode(rows.flatMap(({ returned }) => returned)),
    },
  };
}

/** The body of an overflow object: gzip of one document a line. */
export function overflowBody(documents: readonly string[]): Promise<Uint8Array> {
  return compress(`${documents.join('\n')}\n`);
}

/** Why the last document was returned. */
export function lastErrorCode(returned: readonly ReturnedDocument[]): string {
  const last = returned.at(-1);
  return last?.code ?? last?.reason ?? '';
}

/** Rows of an overflow object by stream. */
export type OverflowRows = readonly { readonly kind: TableKind; readonly documents: readonly string[] }[];

/** The rows of the body of an object in that folder; null when it is damaged, incomplete or too large. */
export function readOverflow(folder: OverflowFolder, body: Uint8Array): OverflowRows | null {
  const lines = readLines(body);
  if (lines === null) return null;
  if (folder !== REQUESTS) return [{ kind: folder, documents: lines }];
  const [first = '', ...documents] = lines;
  const counts = parseJson(first);
  if (!isJsonObject(counts)) return null;
  const rows: { kind: TableKind; documents: string[] }[] = [];
  for (const kind of tableKinds) {
    const count = counts[kind] ?? 0;
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return null;
    if (count > documents.length) return null;
    if (count > 0) rows.push({ kind, documents: documents.splice(0, count) });
  }
  return documents.length === 0 ? rows : null;
}

function readLines(body: Uint8Array): string[] | null {
  try {
    const text = gunzipSync(body, { maxOutputLength: MAX_OVERFLOW_BYTES }).toString('utf8');
    return text.endsWith('\n') ? text.slice(0, -1).split('\n') : null;
  } catch {
    return null;
  }
}
