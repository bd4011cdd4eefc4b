import { isUtf8 } from 'node:buffer';
import { tryParseExactJson } from '../base/exactJson.ts';
import { findValue } from '../relay/idValues.ts';
import { SPELLED } from './plainText.ts';

/** Control characters but white space, the character for what cannot be read, and what escapes others. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd\\]/;
const ANY_SPELLED = new RegExp(SPELLED);
/** Characters of base64, of text or of URLs: 6 bytes of something at least. */
const RUNS = /[A-Za-z0-9+/_-]{8,}/g;
/** No word has so many letters and digits in both cases, but compressed bytes do, and what is encrypted. */
const NOISE = /[A-Za-z0-9+/]{32,}/g;
const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * Whether JSON is readable as a whole: no member is there twice, of which one is hidden, and no text in it, nor JSON within a
 * text, has a run that may be another text in other characters.
 *
 * @param value What the text was parsed to.
 */
export function isPlainJson(text: string, value: unknown): boolean {
  let keys = 0;
  const isReadable = (one: string) => {
    if (!/^\s*[[{]/.test(one)) return isReadableText(one);
    const inner = tryParseExactJson(one);
    return inner !== undefined && isPlainJson(one, inner);
  };
  const unread = findValue(value, NO_KEYS, (one, { isNumber, isKey }) => {
    if (isKey) keys += 1;
    // Both are better than none, and only the first ends the search.
    return isNumber || isReadable(one) ? null : 'unit';
  });
  if (unread !== null) return false;
  const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
  return colons === keys;
}

function isReadableText(text: string): boolean {
  if (UNREADABLE.test(text) || ANY_SPELLED.test(text)) return false;
  for (const [run] of text.matchAll(NOISE))
    if (/[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run)) return false;
  for (const [run] of text.matchAll(RUNS)) if (holdsText(run)) return false;
  return true;
}

/** Whether something readable comes out of a run as base64, wherever in it that begins, or of digits as hexadecimal ones. */
function holdsText(run: string): boolean {
  if (/^[0-9a-f-]+$/i.test(run)) return LETTERS.test(Buffer.from(run, 'hex').toString('latin1'));
  return [0, 1, 2, 3].some((first) => {
    const bytes = Buffer.from(run.slice(first), 'base64');
    const isText = first === 0 && isUtf8(bytes) && !UNREADABLE.test(bytes.toString('utf8'));
    return isText || LETTERS.test(bytes.toString('latin1'));
  });
}

/** More letters of ASCII than other bytes have by chance. */
const LETTERS = /[\x20-\x7e]{6}/;
