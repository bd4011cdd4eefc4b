import { isUtf8 } from 'node:buffer';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { LINE_BREAK } from '../../base/text.ts';
import { isUtcDay, isUtcHour, type UtcDay } from '../../base/time.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { ROW_END } from '../store/encodeLines.ts';

/**
 * A line of an object that holds a row: `{"kind":"events","ds":"2026-11-25","hour":"2026-11-25T07","row":{…}}`. Its
 * places are bytes in the text of its part.
 */
export interface LandedLine {
  /** The kind of the row's table. */
  readonly kind: TableKind;
  /** The day of the row's folder. */
  readonly day: UtcDay;
  /**
   * The hour in which its row was received, `2026-11-25T07`; null for a line of an earlier release and for an hour that
   * does not exist: the row says it.
   */
  readonly hour: string | null;
  /** Where the line begins. */
  readonly from: number;
  /** The position behind its line break. */
  readonly to: number;
  /** Where its row begins. The row ends before {@link ROW_END}. */
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

/**
 * A part of an object: a member, a run of members, or bytes that are skipped. The parts are the whole object, in its
 * order.
 */
export interface LandedPart {
  /** Where in the object it begins. */
  readonly at: number;
  /** Its bytes as they are in the object. */
  readonly bytes: Buffer;
  /**
   * Why something is skipped: `others` for `lines`, all bytes of the part for any other reason. Null: nothing is
   * skipped.
   */
  readonly why: SkippedWhy | null;
  /** The inflated bytes of a member or run; empty for a part that is skipped without its lines. */
  readonly text: Buffer;
  /** Lines that are rows. */
  readonly lines: readonly LandedLine[];
  /** Lines that are no rows, each with its line break. For `many_lines` only some of them. */
  readonly others: readonly Buffer[];
}

/** `{` */
const BRACE = 0x7b;
/** `}` */
const CLOSING_BRACE = 0x7d;
/** The most lines without a row that a member may have. A member with more of them is skipped as a whole. */
const MOST_OTHERS = 1_000;
/** Pattern of an hour: `2026-11-25T07`. */
const HOUR = '\\d{4}-\\d\\d-\\d\\dT\\d\\d';
/**
 * Members between hour and row that this release does not know, such as `"v":2,`. A newer release may write them, and
 * this one reads such lines without them after a rollback. A member that a reader must not ignore has to stand behind
 * the row: a line with such a member counts as no row.
 */
const HINTS = '(?:"(?!(?:kind|ds|hour|row)")\\w+":(?:"[\\w.:+-]*"|\\d+),)*';
/** Matches the head of a row that this release reads, with its kind, its day and its hour. */
const HEAD = new RegExp(
  `^\\{"kind":"(${tableKinds.join('|')})","ds":"(\\d{4}-\\d\\d-\\d\\d)",(?:"hour":"(${HOUR})",)?${HINTS}"row":(?=\\{)`,
);
/**
 * The head of a row in any release, which may have other kinds, and other members before the row. `"row":` has to be
 * followed by an object if it follows the day.
 */
const ANY_HEAD = /^\{"kind":"\w+","ds":"\d{4}-\d\d-\d\d","(?!row":[^{])/;
/** Bytes of the longest head of a line. */
export const HEAD_BYTES = 192;
/** The bytes between a row and a member behind it, such as `},"v":2}`. Rows rarely contain them. */
const BEHIND_ROW = Buffer.from('},"');

/** No bytes. */
const NOTHING = Buffer.of();

/** A part of which nothing is read. */
export function skippedPart(at: number, bytes: Buffer, why: SkippedWhy): LandedPart {
  return { at, bytes, why, text: NOTHING, lines: [], others: [] };
}

/**
 * A part that is a member, or a run of members, with the lines of its text that are rows and those that are none.
 *
 * @param inflated The text of the members. If its last line has no line break, the part's text has one more byte.
 */
export function memberPart(at: number, bytes: Buffer, inflated: Buffer): LandedPart {
  const isEnded = inflated.length === 0 || inflated.at(-1) === LINE_BREAK;
  const text = isEnded ? inflated : Buffer.concat([inflated, Buffer.of(LINE_BREAK)]);
  const lines: LandedLine[] = [];
  const others: Buffer[] = [];
  const isText = isUtf8(text);
  let lastHead = NO_HEAD;
  for (let from = 0; from < text.length && others.length <= MOST_OTHERS; ) {
    const to = text.indexOf(LINE_BREAK, from) + 1;
    const head = headAt(text, from, to, lastHead);
    lastHead = head ?? lastHead;
    const line = head === null ? null : lineOf(text, from, to, head);
    if (line !== null && (isText || isUtf8(text.subarray(from, to)))) lines.push(line);
    else others.push(text.subarray(from, to));
    from = to;
  }
  if (others.length > MOST_OTHERS) return { at, bytes, why: 'many_lines', text, lines: [], others };
  return { at, bytes, why: others.length > 0 ? 'lines' : null, text, lines, others };
}

/**
 * Makes a line of what follows a head; null without the end of a row or with another member behind the row. What is
 * within the row's braces may be no JSON: DuckDB refuses such a row when it is written.
 */
function lineOf(text: Buffer, from: number, to: number, head: Head): LandedLine | null {
  // The line ends with the braces of the row and of the line, and the line break.
  const isEnded = text[to - 2] === CLOSING_BRACE && text[to - 3] === CLOSING_BRACE;
  if (!isEnded) return null;
  const rowFrom = from + head.bytes.length;
  // If another member stands behind the row, the text between head and end is no JSON.
  if (
    text.subarray(rowFrom, to).includes(BEHIND_ROW) &&
    !isJsonObject(parseJson(rowJson(text, { rowFrom, to })))
  )
    return null;
  return { kind: head.kind, day: head.day, hour: head.hour, from, to, rowFrom };
}

/** The row of a line, as it was written. @param text The text of the line's part. */
export function rowJson(text: Buffer, { rowFrom, to }: Pick<LandedLine, 'rowFrom' | 'to'>): string {
  return text.toString('utf8', rowFrom, to - ROW_END.length);
}

/** What a line begins with, up to its row. */
interface Head {
  /** The bytes of the head, from its brace to the row's. */
  readonly bytes: Buffer;
  /** The kind of the row's table. */
  readonly kind: TableKind;
  /** The day of the row's folder. */
  readonly day: UtcDay;
  /** The hour of receipt, `2026-11-25T07`; null for a line without one, or with one that does not exist. */
  readonly hour: string | null;
}

/** A head that no line has: these bytes are no UTF-8, and this is no day. */
const NO_HEAD: Head = { bytes: Buffer.alloc(HEAD_BYTES, 0xff), kind: 'events', day: 'none', hour: null };

/**
 * Reads the head of a line; null if it has none.
 *
 * @param lastHead The head of the line before. Most lines begin with the same bytes, and to read each head takes three
 * times as long as to compare it.
 */
function headAt(text: Buffer, from: number, to: number, lastHead: Head): Head | null {
  const { bytes } = lastHead;
  const end = from + bytes.length;
  if (text[end] === BRACE && text.compare(bytes, 0, bytes.length, from, end) === 0) return lastHead;
  const [head = '', kind, day = '', hour = ''] =
    HEAD.exec(text.toString('latin1', from, Math.min(to, from + HEAD_BYTES))) ?? [];
  const table = tableKinds.find((tableKind) => tableKind === kind);
  // To judge a day takes as long as to read ten lines, and most days are that of the line before.
  const isDay = day === lastHead.day || isUtcDay(day);
  if (table === undefined || !isDay) return null;
  // A line with an hour that does not exist counts as a line without an hour.
  return { bytes: Buffer.from(head), kind: table, day, hour: isUtcHour(hour) ? hour : null };
}

/** Whether a text has the head of a row of any release at its beginning. */
export function beginsAsRow(text: Buffer): boolean {
  return ANY_HEAD.test(text.toString('latin1', 0, HEAD_BYTES));
}
