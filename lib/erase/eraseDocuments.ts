import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import { LandedObject } from '../landing/lines/LandedObject.ts';
import { encodeLines, type LandedRow } from '../landing/store/encodeLines.ts';
import { judgeCopy } from '../relay/copyEvents.ts';
import { readRelayCopy } from '../relay/RelayCopy.ts';
import type { TableKind } from '../schema/kinds.ts';
import { plainText, SPELLED } from './plainText.ts';
import type { BodyFound, UnitMatcher } from './UnitMatcher.ts';

/** Result of erasing the units from an object that holds documents. */
export type LeftDocuments =
  /** Nothing of the units is in it. */
  | ({ readonly own: 0 } & Unsearched)
  /**
   * Documents that go (`own`), those of them that may be of others (`others`), and the bytes without them (`body`);
   * null if nothing is left.
   */
  | ({
      readonly own: number;
      readonly others: number;
      /** How many of `others` are bodies that are not plain readable JSON. */
      readonly unreadable?: number;
      readonly body: Uint8Array | null;
    } & Unsearched)
  | 'unreadable';

/** Rows that stay because they cannot be read. */
interface Unsearched {
  /** How many; absent if there are none. */
  readonly unread?: number | undefined;
}

/** How a document belongs to a unit; `unread` if it cannot be read, null if it belongs to none. */
type DocumentFound = BodyFound | 'unread';

/**
 * Sums up what was found in each document.
 *
 * @param body What is left of the documents; null: nothing. Undefined: none of them goes.
 */
function leftOf(found: readonly DocumentFound[], body?: Uint8Array | null): LeftDocuments {
  const count = (wanted: DocumentFound) => found.filter((one) => one === wanted).length;
  const unread = count('unread');
  const unsearched: Unsearched = unread > 0 ? { unread } : {};
  if (body === undefined) return { own: 0, ...unsearched };
  const unreadable = count('unreadable');
  const others = count('elsewhere') + unreadable;
  // At least one counts as deleted: if no document was a unit's, what several documents share was, or what a document
  // quotes.
  const own = Math.max(1, count('unit') + others);
  const deleted = { own, others, body, ...unsearched };
  return unreadable > 0 ? { ...deleted, unreadable } : deleted;
}

/** Whether a document goes. */
function isUnits(found: DocumentFound): boolean {
  return found !== null && found !== 'unread';
}

/** A record without rows. It replaces an object of which nothing is left, because only the writer may delete that. */
export const NO_ROWS: Uint8Array = gzipSync('');

/**
 * Erases the rows of units from an object of the landing, or of `damaged/`. Records without such rows keep their bytes.
 * Lines that are no rows go if they name a unit as a refused body does. Otherwise they stay, and count as unread.
 *
 * @param nothing What replaces an object of which nothing is left. Null: the object is deleted.
 */
export function eraseLanding(
  body: Uint8Array,
  matcher: UnitMatcher,
  nothing: Uint8Array | null = NO_ROWS,
): LeftDocuments {
  const found: DocumentFound[] = [];
  const left: Uint8Array[] = [];
  for (const part of new LandedObject(body).parts()) {
    const { bytes, why, text, lines, others } = part;
    if (why !== null && why !== 'lines') {
      found.push('unread');
      left.push(bytes);
      continue;
    }
    const keptRows: Record<TableKind, LandedRow[]> = { exposures: [], events: [], quarantine: [] };
    let keptCount = 0;
    for (const { kind, day, hour, rowFrom, to } of lines) {
      const json = text.toString('utf8', rowFrom, to - ROW_END.length);
      const foundInRow = matcher.findDocument(kind, json);
      found.push(foundInRow);
      if (isUnits(foundInRow)) continue;
      keptRows[kind].push({ day, hour, json });
      keptCount += 1;
    }
    const keptOthers = others.filter((line) => matcher.findBody(line) !== 'unit');
    found.push(...others.map((_, i): DocumentFound => (i < keptOthers.length ? 'unread' : 'unit')));
    if (keptCount === lines.length && keptOthers.length === others.length) {
      left.push(bytes);
      continue;
    }
    const record = encodeLines(keptRows);
    if (record !== null) left.push(record);
    if (keptOthers.length > 0) left.push(gzipSync(Buffer.concat(keptOthers)));
  }
  if (!found.some(isUnits)) return leftOf(found);
  return leftOf(found, left.length === 0 ? nothing : Buffer.concat(left));
}

/** What follows a row in its line: lib/landing/store/encodeLines.ts. */
const ROW_END = '}\n';

/** Whether a copy of a request has events of a unit. It goes as a whole, as Statsig takes a request as a whole. */
export function eraseCopy(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const copy = readRelayCopy(Buffer.from(body).toString('utf8'));
  if (copy === null) return 'unreadable';
  const judged = judgeCopy(copy, matcher);
  // Without readable headers the copy is read as any other body of which nothing is known.
  if (judged === 'unreadable') return eraseBody(copy.body, matcher);
  const { isPersons, own, others } = judged;
  // A request without events may have the user in what events share.
  return isPersons ? { own: own + others === 0 ? 1 : own, others, body: null } : { own: 0 };
}

/** Whether a refused item names a unit, or may. It goes as a whole. */
export function eraseBody(body: Uint8Array, matcher: UnitMatcher): LeftDocuments {
  const found = matcher.findBody(body);
  return leftOf([found], isUnits(found) ? null : undefined);
}

/**
 * Whether a result of a query has a value of a unit anywhere, as a field or a word, or spells anything in other
 * characters. A result goes as a whole, even if the equal value was of somebody else, as the query can be run again. In
 * bytes that are no text, values follow each other without anything between them, so any equal bytes count.
 *
 * @param path A file with text, or gzip of it.
 */
export async function eraseResult(path: string, matcher: UnitMatcher): Promise<LeftDocuments> {
  const goes = leftOf(['unit'], null);
  const values = matcher.values.map(asLatin1);
  const plainValues = matcher.plainValues.map(asLatin1);
  // The overlap of two windows has room for a value with what is around it, and with a backslash or quote before each
  // character, also within JSON within JSON.
  const overlap = Math.max(...values.map(({ length }) => length)) * MOST_MARKS + AROUND;
  // Bytes are read as characters, so a character that is cut at the end of a window matches nothing.
  let lastWindow = '';
  let isBinary = false;
  let isBegin = true;
  const has = (text: string, isEnd: boolean) =>
    isBinary
      ? values.some((value) => text.includes(value))
      : SPELLED_ANYWHERE.test(text) || hasField(plainText(text), plainValues, isBegin, isEnd);
  try {
    for await (const chunk of await plainBytes(path)) {
      isBinary ||= chunk.includes(0);
      // A value at the end of the chunk is judged with the next chunk.
      const text = lastWindow + chunk.toString('latin1');
      if (has(text, false)) return goes;
      isBegin &&= text.length <= overlap;
      lastWindow = text.slice(-overlap);
    }
  } catch (error) {
    if (String(Reflect.get(Object(error), 'code')).startsWith('Z_')) return 'unreadable';
    throw error;
  }
  // A value at the end of the file is not judged yet.
  return has(lastWindow, true) ? goes : leftOf([]);
}

/** The bytes of a text as characters, as bytes of a file are read. */
function asLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

const SPELLED_ANYWHERE = new RegExp(SPELLED);
/** The most characters of a file that stand for a character of a value: the character, with backslashes and quotes before it. */
const MOST_MARKS = 16;

/** Characters around a value that decide whether it is a word. The first character of a window only serves that. */
const AROUND = 3;

/** Letters, digits, - and _ of ASCII. Whether any other character is a letter is not known, so it ends a word. */
const WORD = /^[\w-]/;

/**
 * Whether one of some values is in a window as a word.
 *
 * @param isBegin Whether the file begins with the window. Otherwise its first character belongs to the window before.
 * @param isEnd Whether the file ends with the window. Otherwise a value at its end may go on.
 */
function hasField(window: string, values: readonly string[], isBegin: boolean, isEnd: boolean): boolean {
  return values.some((value) => {
    let start = window.indexOf(value, isBegin ? 0 : 1);
    while (start >= 0) {
      const end = start + value.length;
      const isWhole = end < window.length || isEnd;
      if (isWhole && !WORD.test(window.charAt(start - 1)) && !WORD.test(window.charAt(end))) return true;
      start = window.indexOf(value, start + 1);
    }
    return false;
  });
}

/** The bytes of a file, inflated if they are gzip. */
async function plainBytes(path: string): Promise<AsyncIterable<Buffer>> {
  const first = await firstBytes(path, 2);
  // Made last: an error of a stream that nobody reads yet would end the process.
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (first.toString('hex') !== GZIP) return file;
  const plain = createGunzip();
  file.once('error', (error) => plain.destroy(error)).pipe(plain);
  return plain;
}

const CHUNK_BYTES = 1024 * 1024;
/** The first two bytes of gzip: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1 */
const GZIP = '1f8b';

/** The first bytes of a file: fewer if the file is shorter. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
