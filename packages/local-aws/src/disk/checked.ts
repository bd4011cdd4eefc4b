import { crc32 } from 'node:zlib';

/** Separates a JSON text from its checksum. JSON writes a tab within a text as an escape. */
const MARK = '\t#';
/** A JSON text, the mark and the checksum. */
const CHECKED = /^(.*)\t#([0-9a-f]{8})$/s;

/** A JSON text with its CRC-32, so that a damaged byte is found where the text would still be valid. */
export function withChecksum(json: string): string {
  return `${json}${MARK}${crc32(json).toString(16).padStart(8, '0')}`;
}

/** The value of a JSON text with its checksum. @throws Error when the text is not what was written. */
export function parseChecked(text: string): unknown {
  const [, json, checksum] = CHECKED.exec(text) ?? [];
  if (json === undefined || checksum === undefined) throw new Error('The text has no checksum.');
  if (Number.parseInt(checksum, 16) !== crc32(json)) throw new Error('The checksum is of another text.');
  return JSON.parse(json);
}

/** The beginning of a JSON text with a checksum, which lacks the last digit or more. JSON has no control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const BEGINNING = /^[[{"\d\-tfn][^\0-\x1f]*(\t(#[0-9a-f]{0,7})?)?$/;

/** Whether a text without line end is a line that a kill or a full disk has cut while it was written. */
export function isTorn(text: string): boolean {
  return BEGINNING.test(text);
}

/** Whether a text has a checksum, and it is right. */
export function isChecked(text: string): boolean {
  try {
    parseChecked(text);
    return true;
  } catch {
    return false;
  }
}
