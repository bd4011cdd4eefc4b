import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { isJsonObject, parseJson } from '../base/json.ts';
import { overflowBody, readOverflow } from '../landing/delivery/overflow.ts';
import { readErrorLine, splitRecord } from '../landing/redrive/failedRecords.ts';
import { judgeCopy } from '../relay/copyEvents.ts';
import { readRelayCopy } from '../relay/RelayCopy.ts';
import type { TableKind } from '../schema/kinds.ts';
import { type OverflowFolder, REQUESTS } from '../tables/objectKeys.ts';
import type { UnitMatcher } from './UnitMatcher.ts';

/** What is left of an object that holds documents. */
export type LeftDocuments =
  /** Nothing of the units is in it. */
  | { readonly own: 0 }
  /** Documents of the units, and the bytes without them; null if nothing is left. */
  | { readonly own: number; readonly others: number; readonly body: Uint8Array | null }
  | 'unreadable';

/** Takes the documents of units out of an overflow object. */
export async function eraseOverflow(
  folder: OverflowFolder,
  body: Uint8Array,
  matcher: UnitMatcher,
): Promise<LeftDocuments> {
  const rows = readOverflow(folder, body);
  // A damaged object is parked by redrive, and nothing delivers it.
  if (rows === null) return 'unreadable';
  const left = rows.map(({ kind, documents }) => ({
    kind,
    documents: documents.filter((document) => !matcher.hasDocument(kind, document)),
  }));
  const count = (all: typeof rows) => all.reduce((sum, { documents }) => sum + documents.length, 0);
  const [others, own] = [count(left), count(rows) - count(left)];
  if (own === 0) return { own };
  if (others === 0) return { own, others: 0, body: null };
  const counts = Object.fromEntries(
    left.flatMap(({ kind, documents }) => (documents.length === 0 ? [] : [[kind, documents.length]])),
  );
  const lines = left.flatMap(({ documents }) => documents);
  return {
    own,
    others: 0,
    body: await overflowBody([...(folder === REQUESTS ? [JSON.stringify(counts)] : []), ...lines]),
  };
}

/**
 * Takes the rows of units out of an error object of Firehose. A record of several rows keeps those of others; a message that
 * quotes a unit is emptied, as it may repeat a row.
 */
export function eraseErrors(kind: TableKind, body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const lines = Buffer.from(body).toString('utf8').split('\n');
  let own = 0;
  let isChanged = false;
  const left = lines.flatMap((line) => {
    if (line === '') return [line];
    const record = readErrorLine(line, '');
    const rows = splitRecord(record);
    const others = rows.filter(({ raw }) => !hasRecord(kind, raw, matcher));
    own += rows.length - others.length;
    if (others.length === 0) return [];
    const kept = others.length === rows.length ? line : withRows(line, others);
    const quiet = matcher.isMentioned(kept) ? withoutMessages(kept, matcher) : kept;
    isChanged ||= quiet !== line;
    return [quiet];
  });
  if (own === 0 && !isChanged) return { own: 0 };
  const isEmpty = left.every((line) => line === '');
  // A message counts as a row: something was found.
  return {
    own: Math.max(own, 1),
    others: 0,
    body: isEmpty ? null : Buffer.from(left.join('\n'), 'utf8'),
  };
}

function hasRecord(kind: TableKind, raw: Uint8Array, matcher: UnitMatcher): boolean {
  return matcher.hasDocument(kind, Buffer.from(raw).toString('utf8'));
}

/** The line with some rows of its record. They are separated as Sluice packs them. */
function withRows(line: string, rows: readonly { readonly raw: Uint8Array }[]): string {
  const members = parseJson(line);
  if (!isJsonObject(members)) return line;
  const text = rows.map(({ raw }) => `${Buffer.from(raw).toString('utf8')}\n`).join('');
  return JSON.stringify({ ...members, rawData: Buffer.from(text, 'utf8').toString('base64') });
}

function withoutMessages(line: string, matcher: UnitMatcher): string {
  const members = parseJson(line);
  if (!isJsonObject(members)) return line;
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(members).map(([name, value]) => [
        name,
        typeof value === 'string' && name !== 'rawData' && matcher.isMentioned(value) ? '' : value,
      ]),
    ),
  );
}

/** Whether a copy of a request has events of a unit. It goes as a whole, as Statsig takes a request as a whole. */
export function eraseCopy(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const copy = readRelayCopy(Buffer.from(body).toString('utf8'));
  const judged = copy === null ? 'unreadable' : judgeCopy(copy, (value) => matcher.isValue(value));
  if (judged === 'unreadable') return 'unreadable';
  if (!judged.isPersons) return { own: 0 };
  // The user may be in what events share, of a request without any.
  return { own: Math.max(judged.own, 1), others: judged.others, body: null };
}

/** Whether a refused item names a unit. It goes as a whole. */
export function eraseBody(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  return matcher.hasBody(body) ? { own: 1, others: 0, body: null } : { own: 0 };
}

/**
 * Whether a result of a query has a value of a unit, wherever. It goes as a whole: the query can be run again.
 *
 * @param path A file with text, or gzip of it.
 */
export async function eraseResult(path: string, matcher: UnitMatcher): Promise<LeftDocuments> {
  const wanted = matcher.values.flatMap(needles).map((text) => Buffer.from(text, 'utf8'));
  const overlap = Math.max(...wanted.map(({ length }) => length)) - 1;
  let before: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of await plainBytes(path)) {
      const bytes = Buffer.concat([before, chunk]);
      if (wanted.some((needle) => bytes.includes(needle))) return { own: 1, others: 0, body: null };
      before = overlap === 0 ? Buffer.alloc(0) : bytes.subarray(-overlap);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code))) return 'unreadable';
    throw error;
  }
  return { own: 0 };
}

async function plainBytes(path: string): Promise<AsyncIterable<Buffer>> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if ((await firstBytes(path, 2)).toString('hex') !== GZIP) return file;
  const plain = createGunzip();
  file.once('error', (error) => plain.destroy(error)).pipe(plain);
  return plain;
}

const CHUNK_BYTES = 1024 * 1024;
/** https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
const GZIP = '1f8b';

/** The first bytes of a file: fewer if it has fewer. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A value as CSV and JSON write it. */
function needles(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  return [...new Set([value, value.replaceAll('"', '""'), json, json.replaceAll('"', '""')])];
}
