import { isUtf8 } from 'node:buffer';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { isUtcDay, type UtcDay } from '../../base/time.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';

// This file reads the lines of the landing: which lines of a member are rows, and of which table and day.

/** A line of an object, by its place in the text of its member. */
export interface LandedLine {
  readonly kind: TableKind;
  readonly day: UtcDay;
  /**
   * The hour in which its row was received, `2026-11-25T07`; null for a line of an earlier release, whose row says it.
   */
  readonly hour: string | null;
  /** Where the line begins, and where it ends behind its line break. */
  readonly from: number;
  readonly to: number;
  /** Where its row begins. It ends two bytes before the line does. */
  readonly rowFrom: number;
}

/** Why bytes are skipped. */
export type SkippedWhy =
  /** No whole member begins there. */
  | 'broken'
  /** A member has another checksum, or another length. */
  | 'checksum'
  /** Lines of a member that are no rows. Its other lines are read. */
  | 'lines'
  /** A member has so many lines that are no rows that none of its lines are read. */
  | 'many_lines'
  /** The search met its bound: rows may be in these bytes. */
  | 'not_searched';

/** A part of an object: a member, a run of members, or bytes that are skipped. The parts are the whole object, in its order. */
export interface LandedPart {
  /** Where in the object it begins. */
  readonly at: number;
  readonly bytes: Buffer;
  /**
   * Why something is skipped: `others` for `lines`, all bytes of the part for any other reason. Null: nothing is
   * skipped.
   */
  readonly why: SkippedWhy | null;
  readonly text: Buffer;
  /** Lines that are rows. */
  readonly lines: readonly LandedLine[];
  /** Lines that are no rows, each with its line break. For `many_lines` only some of them. */
  readonly others: readonly Buffer[];
}

export const LINE_BREAK = 0x0a;
/** `{` */
const BRACE = 0x7b;
/** Lines of a member that may be no rows. A member with more of them is skipped as a whole. */
const MOST_OTHERS = 1_000;
const HOUR = '\\d{4}-\\d\\d-\\d\\dT\\d\\d';
/**
 * Members between hour and row, which a newer release may have: hints that a reader may leave out, so that the release before, after a
 * rollback, reads such lines. What a reader has to know goes behind the row, where a release that does not know it keeps off.
 */
const HINTS = '(?:"(?!(?:kind|ds|hour|row)")\\w+":(?:"[\\w.:+-]*"|\\d+),)*';
const HEAD = new RegExp(
  `^\\{"kind":"(${tableKinds.join('|')})","ds":"(\\d{4}-\\d\\d-\\d\\d)",(?:"hour":"(${HOUR})",)?${HINTS}"row":(?=\\{)`,
);
/** The same of any release, which may have other kinds, and other members before the row. A row that is no object is none. */
const ANY_HEAD = /^\{"kind":"\w+","ds":"\d{4}-\d\d-\d\d","(?!row":[^{])/;
/** Bytes of the longest head of a line. */
const HEAD_BYTES = 192;
/** The hour in a head of any release. */
const HEAD_HOUR = new RegExp(`^\\{"kind":"\\w+","ds":"[^"]+","hour":"(${HOUR})"`);
/** What is between a row and another member of its line, as a newer release may have. Within a row it is rare. */
const BEHIND_ROW = Buffer.from('},"');

const NOTHING = Buffer.of();

/** A part of which nothing is read. */
export function skippedPart(at: number, bytes: Buffer, why: SkippedWhy): LandedPart {
  return { at, bytes, why, text: NOTHING, lines: [], others: [] };
}

/** A part that is a member, or a run of members, with the lines of its text that are rows and those that are none. */
export function memberPart(at: number, bytes: Buffer, text: Buffer): LandedPart {
  // The last line may lack its line break.
  if (text.length > 0 && text.at(-1) !== LINE_BREAK)
    return memberPart(at, bytes, Buffer.concat([text, Buffer.of(LINE_BREAK)]));
  const lines: LandedLine[] = [];
  const others: Buffer[] = [];
  const isText = isUtf8(text);
  for (let from = 0; from < text.length && others.length <= MOST_OTHERS; ) {
    const to = text.indexOf(LINE_BREAK, from) + 1;
    const line = lineOf(text, from, to);
    if (line !== null && (isText || isUtf8(text.subarray(from, to)))) lines.push(line);
    else others.push(text.subarray(from, to));
    from = to;
  }
  if (others.length > MOST_OTHERS) return { at, bytes, why: 'many_lines', text, lines: [], others };
  return { at, bytes, why: others.length > 0 ? 'lines' : null, text, lines, others };
}

/** Reads a line; null if it is no row. */
function lineOf(text: Buffer, from: number, to: number): LandedLine | null {
  const head = headAt(text, from, to);
  // `}}` and the line break.
  const isEnded = text[to - 2] === 0x7d && text[to - 3] === 0x7d;
  if (head === null || !isEnded) return null;
  const rowFrom = from + head.bytes.length;
  // With another member behind the row, what is between head and end is no JSON.
  if (
    text.subarray(rowFrom, to).includes(BEHIND_ROW) &&
    !isJsonObject(parseJson(text.toString('utf8', rowFrom, to - 2)))
  )
    return null;
  return { kind: head.kind, day: head.day, hour: head.hour, from, to, rowFrom };
}

/** What a line begins with. */
interface Head {
  readonly bytes: Buffer;
  readonly kind: TableKind;
  readonly day: UtcDay;
  readonly hour: string | null;
}

// The first line is compared with a head that no line has: these bytes are no UTF-8, and this is no day.
let lastHead: Head = { bytes: Buffer.alloc(HEAD_BYTES, 0xff), kind: 'events', day: 'none', hour: null };

/** Most lines begin as the line before: to read each head takes three times as long as to compare it. */
function headAt(text: Buffer, from: number, to: number): Head | null {
  const { bytes } = lastHead;
  const end = from + bytes.length;
  if (text[end] === BRACE && text.compare(bytes, 0, bytes.length, from, end) === 0) return lastHead;
  const [head = '', kind, day = '', hour = ''] =
    HEAD.exec(text.toString('latin1', from, Math.min(to, from + HEAD_BYTES))) ?? [];
  const table = tableKinds.find((tableKind) => tableKind === kind);
  if (table === undefined || !isDay(day)) return null;
  // An hour that does not exist counts as no hour.
  const isHour = isDay(hour.slice(0, 10)) && Number(hour.slice(11)) < 24;
  lastHead = { bytes: Buffer.from(head), kind: table, day, hour: isHour ? hour : null };
  return lastHead;
}

/** Whether a day exists. To judge a day takes as long as to read ten lines, and most are the day of the line before. */
function isDay(day: string): boolean {
  return day === lastHead.day || isUtcDay(day);
}

/** Whether a text has the head of a row of any release at its beginning. */
export function beginsAsRow(text: Buffer): boolean {
  return ANY_HEAD.test(text.toString('latin1', 0, HEAD_BYTES));
}

/**
 * For each head of a row in these bytes, the hour in which the row was received, `2026-11-29T07`; null if its line does
 * not say.
 */
export function rowHours(bytes: Buffer): (string | null)[] {
  const hours: (string | null)[] = [];
  for (let at = bytes.indexOf('{"kind":"'); at >= 0; at = bytes.indexOf('{"kind":"', at + 1)) {
    if (!beginsAsRow(bytes.subarray(at))) continue;
    const [, headHour] = HEAD_HOUR.exec(bytes.toString('latin1', at, at + HEAD_BYTES)) ?? [];
    hours.push(headHour ?? hourIn(bytes, at, bytes.indexOf(LINE_BREAK, at) + 1 || bytes.length));
  }
  return hours;
}

/**
 * What stands before the time in a row. Its first quote is left out: a row has hundreds of quotes, at each of which a
 * search would stop. No value can have this text, because a text of JSON has no quote that is not escaped. The name of
 * another column may end so.
 */
const RECEIVED_AT = Buffer.from('received_at":"');
const QUOTE = 0x22;
/** Bytes of an hour: `2026-11-29T07`. */
const HOUR_BYTES = 'YYYY-MM-DDTHH'.length;
const ONE_HOUR = new RegExp(`^${HOUR}$`);

/** The hour in which the row between two bytes was received, `2026-11-29T07`; null if it does not say. */
export function hourIn(text: Buffer, from: number, to: number): string | null {
  // Only the row is searched, so that a row without a time does not have all that follows searched.
  const row = text.subarray(from, to);
  let found = row.indexOf(RECEIVED_AT);
  while (found !== -1 && row[found - 1] !== QUOTE) found = row.indexOf(RECEIVED_AT, found + 1);
  if (found === -1) return null;
  const at = found + RECEIVED_AT.length;
  const hour = row.toString('latin1', at, at + HOUR_BYTES);
  return ONE_HOUR.test(hour) ? hour : null;
}
