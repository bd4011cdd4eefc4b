import { LINE_BREAK } from '../../base/text.ts';
import { isUtcHour } from '../../base/time.ts';
import { beginsAsRow, HEAD_BYTES } from './landedLines.ts';

/** What the head of a row begins with, in any release. */
const HEAD_START = Buffer.from('{"kind":"');
/** The hour in a head of any release. */
const HEAD_HOUR = /^\{"kind":"\w+","ds":"[^"]+","hour":"([^"]+)"/;

/**
 * For each head of a row in these bytes, the hour (UTC) in which the row was received, `2026-11-29T07`; null if its line
 * does not say.
 */
export function rowHours(bytes: Buffer): (string | null)[] {
  const hours: (string | null)[] = [];
  for (let at = bytes.indexOf(HEAD_START); at >= 0; at = bytes.indexOf(HEAD_START, at + 1)) {
    if (!beginsAsRow(bytes.subarray(at))) continue;
    const [, headHour = ''] = HEAD_HOUR.exec(bytes.toString('latin1', at, at + HEAD_BYTES)) ?? [];
    // Each line has an end, but in bytes that are no lines, of which nobody asks the hour.
    hours.push(isUtcHour(headHour) ? headHour : hourIn(bytes, at, bytes.indexOf(LINE_BREAK, at)));
  }
  return hours;
}

/**
 * What stands before the time in a row, without its first quote: a row has hundreds of quotes, at each of which a search
 * would stop. No value can have this text, because a text of JSON has no quote that is not escaped. The name of another
 * column may end like this.
 */
const RECEIVED_AT = Buffer.from('received_at":"');
/** `"` */
const QUOTE = 0x22;
const HOUR_BYTES = 'YYYY-MM-DDTHH'.length;

/**
 * The hour (UTC) in which the row between two bytes was received, `2026-11-29T07`; null if the row does not say, or says
 * an hour that does not exist.
 */
export function hourIn(text: Buffer, from: number, to: number): string | null {
  // Only the row is searched: behind a row without a time there may be megabytes.
  const row = text.subarray(from, to);
  let found = row.indexOf(RECEIVED_AT);
  while (found !== -1 && row[found - 1] !== QUOTE) found = row.indexOf(RECEIVED_AT, found + 1);
  if (found === -1) return null;
  const at = found + RECEIVED_AT.length;
  const hour = row.toString('latin1', at, at + HOUR_BYTES);
  return isUtcHour(hour) ? hour : null;
}
