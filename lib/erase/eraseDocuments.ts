import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { isJsonObject, parseJson } from '../base/json.ts';
import { readErrorLine } from '../landing/adopt/failedRecords.ts';
import { overflowBody, readOverflow } from '../landing/adopt/overflow.ts';
import { encodeFrame, type LandingRow, recordOf } from '../landing/frames/encodeRecord.ts';
import { readRecords, readRows } from '../landing/frames/readLanded.ts';
import type { TableFrame } from '../landing/frames/recordFormat.ts';
import type { WalkedFrame } from '../landing/frames/records.ts';
import { judgeCopy } from '../relay/copyEvents.ts';
import { readRelayCopy } from '../relay/RelayCopy.ts';
import type { TableKind } from '../schema/kinds.ts';
import { plainText, SPELLED } from './plainText.ts';
import type { BodyFound, UnitMatcher } from './UnitMatcher.ts';

/** Result of erasing the units from an object that holds documents. */
export type LeftDocuments =
  /** Nothing of the units is in it. */
  | ({ readonly own: 0 } & Unsearched)
  /** Documents that go, those of them that may be others', and the bytes without them; null if nothing is left. */
  | ({
      readonly own: number;
      readonly others: number;
      /** Of these, bodies that are not plain readable JSON. */
      readonly unreadable?: number;
      readonly body: Uint8Array | null;
    } & Unsearched)
  | 'unreadable';

/** Rows and frames that stay, as they cannot be read. */
interface Unsearched {
  readonly unread?: number | undefined;
}

/** How a document is a unit's; `unread` if it cannot be read, null if it is not. */
type DocumentFound = BodyFound | 'unread';

/** @param body What is left of documents. Undefined: none of them goes. */
function leftOf(all: readonly DocumentFound[], body?: Uint8Array | null): LeftDocuments {
  const count = (one: DocumentFound) => all.filter((found) => found === one).length;
  const [unreadable, unread] = [count('unreadable'), count('unread')];
  const others = count('elsewhere') + unreadable;
  const stay = unread > 0 ? { unread } : {};
  // Where no document goes, a message in one did, or what several share.
  return body === undefined
    ? { own: 0, ...stay }
    : {
        own: Math.max(1, count('unit') + others),
        others,
        body,
        ...stay,
        ...(unreadable > 0 ? { unreadable } : {}),
      };
}

function isUnits(found: DocumentFound): boolean {
  return found !== null && found !== 'unread';
}

/**
 * Erases the rows of units from an object of the landing, frame by frame. Frames without such rows keep their bytes. So
 * do damaged frames and bytes that are not records: those are counted as unread. A record without any row left keeps
 * its header, as the names of files that an attempt has made follow from it.
 */
export function eraseLanding(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const { records, unread } = readRecords(body);
  if (records.length === 0 && unread.length > 0) return 'unreadable';
  const all: DocumentFound[] = unread.map(() => 'unread');
  let isEmpty = unread.length === 0;
  const left = records.map(({ header, frames, offset, end }) => {
    const kept = frames.flatMap((frame) => leftOfFrame(frame, body, matcher, all) ?? []);
    if (kept.length > 0) isEmpty = false;
    if (kept.length === frames.length && kept.every(({ isChanged }) => !isChanged))
      return { offset, bytes: body.subarray(offset, end) };
    const bytes = kept.map((frame) => frame.bytes);
    return { offset, bytes: recordOf({ ...header, frames: kept.map(({ frame }) => frame) }, bytes) };
  });
  if (!all.some(isUnits)) return leftOf(all);
  const damaged = unread.map(({ from, to }) => ({ offset: from, bytes: body.subarray(from, to) }));
  const pieces = [...left, ...damaged].sort((a, b) => a.offset - b.offset).map(({ bytes }) => bytes);
  return leftOf(all, isEmpty ? null : Buffer.concat(pieces));
}

/** A frame without the rows of units; null if it has no others. */
function leftOfFrame(
  walked: WalkedFrame,
  body: Uint8Array,
  matcher: UnitMatcher,
  all: DocumentFound[],
): { readonly frame: TableFrame; readonly bytes: Uint8Array; readonly isChanged: boolean } | null {
  const { offset, ...frame } = walked;
  const asItIs = { frame, bytes: body.subarray(offset, offset + frame.length), isChanged: false };
  const rows = readRows(body, walked);
  if (rows === null) {
    all.push('unread');
    return asItIs;
  }
  const kept = rows.filter((row) => {
    const found = matcher.findDocument(frame.table, row);
    all.push(found);
    return !isUnits(found);
  });
  if (kept.length === rows.length) return asItIs;
  if (kept.length === 0) return null;
  return { ...encodeFrame(frame.table, kept.map(landingRow)), isChanged: true };
}

function landingRow(json: string): LandingRow {
  const row = parseJson(json);
  return { day: isJsonObject(row) ? String(row['ds']) : '', json };
}

/** Takes the documents of units out of an overflow object. */
export async function eraseOverflow(
  kind: TableKind,
  body: Uint8Array,
  matcher: UnitMatcher,
): Promise<LeftDocuments> {
  const rows = readOverflow(body);
  // A damaged object is parked by the writer, and nothing delivers it.
  if (rows === null) return 'unreadable';
  const found = rows.map((row) => ({ row, of: matcher.findDocument(kind, row) }));
  const all = found.map(({ of }) => of);
  if (!all.some(isUnits)) return leftOf(all);
  const kept = found.flatMap(({ row, of }) => (isUnits(of) ? [] : [row]));
  return leftOf(all, kept.length === 0 ? null : await overflowBody(kept));
}

/**
 * Takes the rows of units out of an error object of Firehose. A record of several rows keeps the bytes of others, also if a row
 * is broken; a message that quotes a unit is emptied, as it may repeat a row.
 */
export function eraseErrors(kind: TableKind, body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const found: DocumentFound[] = [];
  let isChanged = false;
  const left = linesOf(body).flatMap((bytes) => {
    if (isBlank(bytes)) return [bytes];
    const line = bytes.toString('utf8').trimEnd();
    const rows = linesOf(readErrorLine(line, '').raw);
    const others = rows.filter((row) => {
      if (isBlank(row)) return true;
      const one = matcher.findDocument(kind, row.toString('utf8').replace(/\n$/, ''));
      found.push(one);
      return !isUnits(one);
    });
    if (others.every(isBlank)) return others.length === rows.length ? [bytes] : [];
    const kept = others.length === rows.length ? line : withRows(line, others);
    const quiet = withoutMessages(kept, matcher);
    if (quiet === line) return [bytes];
    isChanged = true;
    return [Buffer.from(`${quiet}\n`, 'utf8')];
  });
  if (!isChanged && !found.some(isUnits)) return leftOf(found);
  return leftOf(found, left.every(isBlank) ? null : Buffer.concat(left));
}

const NEWLINE = 0x0a;

/** The lines of some bytes, each with the newline at its end, if it has one. */
function linesOf(body: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, at);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(at, next));
    at = next;
  }
  return lines;
}

function isBlank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === NEWLINE);
}

/** The line with some rows of its record. */
function withRows(line: string, rows: readonly Buffer[]): string {
  const members = parseJson(line);
  if (!isJsonObject(members)) return line;
  return JSON.stringify({ ...members, rawData: Buffer.concat(rows).toString('base64') });
}

function withoutMessages(line: string, matcher: UnitMatcher): string {
  // A line that cannot be read is a row itself: it names no unit, or is gone.
  if (!line.startsWith('{') || !matcher.isMentioned(line)) return line;
  const members = parseJson(line);
  if (!isJsonObject(members)) return line;
  const quotes = (name: string, value: unknown) =>
    typeof value === 'string' && name !== 'rawData' && matcher.findNamed(value) !== null;
  const entries = Object.entries(members);
  if (!entries.some(([name, value]) => quotes(name, value))) return line;
  return JSON.stringify(
    Object.fromEntries(entries.map(([name, value]) => [name, quotes(name, value) ? '' : value])),
  );
}

/** Whether a copy of a request has events of a unit. It goes as a whole, as Statsig takes a request as a whole. */
export function eraseCopy(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const copy = readRelayCopy(Buffer.from(body).toString('utf8'));
  if (copy === null) return 'unreadable';
  const judged = judgeCopy(copy, matcher);
  // Its headers do not help, so it is read as any other body of which nothing is known.
  if (judged === 'unreadable') return eraseBody(copy.body, matcher);
  const { isPersons, own, others } = judged;
  // The user may be in what events share, of a request without any.
  return isPersons ? { own: own + others === 0 ? 1 : own, others, body: null } : { own: 0 };
}

/** Whether a refused item names a unit, or may. It goes as a whole. */
export function eraseBody(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const found = matcher.findBody(body);
  return leftOf([found], isUnits(found) ? null : undefined);
}

/**
 * Whether a result of a query has a value of a unit, wherever, as a field or a word, or spells anything in other characters: a
 * result goes as a whole, also if the equal value was another's, as the query can be run again. In bytes that are no text values
 * follow each other without anything between them, so any equal bytes count.
 *
 * @param path A file with text, or gzip of it.
 */
export async function eraseResult(path: string, matcher: UnitMatcher): Promise<LeftDocuments> {
  const found = leftOf(['unit'], null);
  const needles = (values: readonly string[]) => values.map((text) => Buffer.from(text).toString('latin1'));
  const [values, plainValues] = [needles(matcher.values), needles(matcher.plainValues)];
  // With what is around a value, and a backslash or quote before each character, also within JSON within JSON.
  const overlap = Math.max(...values.map(({ length }) => length)) * MOST_MARKS + AROUND;
  // Bytes as characters: a part of a character at the end of a window is none.
  let before = '';
  let [isBinary, isBegin] = [false, true];
  const has = (text: string, isEnd: boolean) =>
    isBinary
      ? values.some((value) => text.includes(value))
      : SPELLED_ANYWHERE.test(text) || hasField(plainText(text), plainValues, isBegin, isEnd);
  try {
    for await (const chunk of await plainBytes(path)) {
      isBinary ||= chunk.includes(0);
      // A value at the end of the chunk is judged with the next chunk.
      const text = before + chunk.toString('latin1');
      if (has(text, false)) return found;
      isBegin &&= text.length <= overlap;
      before = text.slice(-overlap);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code))) return 'unreadable';
    throw error;
  }
  // A value at the end of the file is not judged yet.
  return has(before, true) ? found : leftOf([]);
}

const SPELLED_ANYWHERE = new RegExp(SPELLED);
const MOST_MARKS = 16;

/** Characters around a value that decide whether it is a word. The first of a window is there for that alone. */
const AROUND = 3;

/** Letters, digits, - and _ of ASCII. Of any other character it is not known, so it ends a word. */
const WORD = /^[\w-]/;

function hasField(text: string, values: readonly string[], isBegin: boolean, isEnd: boolean): boolean {
  return values.some((value) => {
    for (let at = text.indexOf(value, isBegin ? 0 : 1); at >= 0; at = text.indexOf(value, at + 1)) {
      const end = at + value.length;
      if (end === text.length && !isEnd) continue;
      if (!WORD.test(text.charAt(at - 1)) && !WORD.test(text.charAt(end))) return true;
    }
    return false;
  });
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
