import { isUtf8 } from 'node:buffer';
import { tryParseExactJson } from '../../base/exactJson.ts';
import { searchJson } from '../../relay/idValues.ts';
import { SPELLED } from './plainText.ts';

/**
 * Control characters except white space, the character for bytes that cannot be read, and the backslash that escapes
 * others.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd\\]/;
/** Matches a text that spells a character in another way. */
const ANY_SPELLED = new RegExp(SPELLED);
/**
 * The characters of the longest run that is looked into: nothing that is so long is a word. A pattern without a bound
 * fails at long texts.
 */
const LONGEST_RUN = 65_536;
/** Characters of base64, as text or URLs have it: at least 6 bytes of something. */
const RUNS = new RegExp(`[A-Za-z0-9+/_-]{8,${LONGEST_RUN}}`, 'g');
/**
 * Long runs of letters and digits. No word has so many of them in both cases and with digits, but compressed and
 * encrypted bytes do.
 */
const NOISE = /[A-Za-z0-9+/]{32,1000}/g;
/** No key names a unit here: every text is looked at alike. */
const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * Whether JSON is readable as a whole: no member is there twice, of which one is hidden, and no text in it, nor JSON
 * within a text, has a run that may be another text in other characters.
 *
 * @param value What the text was parsed to.
 */
export function isPlainJson(text: string, value: unknown): boolean {
  let keys = 0;
  const isReadable = (part: string) => {
    if (!/^\s*[[{]/.test(part)) return isReadableText(part);
    const inner = tryParseExactJson(part);
    return inner !== undefined && isPlainJson(part, inner);
  };
  const unread = searchJson(value, NO_KEYS, (part, { isNumber, isKey }) => {
    if (isKey) keys += 1;
    // `elsewhere` would not end the search, so any unreadable text counts as `unit`.
    return isNumber || isReadable(part) ? null : 'unit';
  });
  if (unread !== null) return false;
  return membersOf(text) === keys;
}

/** How many members the objects of a JSON text have, those included that are hidden by another of the same name. */
function membersOf(json: string): number {
  let colons = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charAt(at);
    if (character === '"') isText = !isText;
    else if (isText && character === '\\') at += 1;
    else if (!isText && character === ':') colons += 1;
  }
  return colons;
}

/** Whether a text says all that it holds as it stands: nothing in it may be encoded or spelled in other characters. */
function isReadableText(text: string): boolean {
  if (UNREADABLE.test(text) || ANY_SPELLED.test(text)) return false;
  for (const [run] of text.matchAll(NOISE))
    if (/[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run)) return false;
  for (const [run] of text.matchAll(RUNS)) if (run.length === LONGEST_RUN || holdsText(run)) return false;
  return true;
}

/**
 * Whether something readable comes out of a run: as base64, wherever in the run that begins, or as hexadecimal digits.
 */
function holdsText(run: string): boolean {
  if (/^[0-9a-f-]+$/i.test(run)) return LETTERS.test(Buffer.from(run, 'hex').toString('latin1'));
  return [0, 1, 2, 3].some((first) => {
    const bytes = Buffer.from(run.slice(first), 'base64');
    const isText = first === 0 && isUtf8(bytes) && !UNREADABLE.test(bytes.toString('utf8'));
    return isText || LETTERS.test(bytes.toString('latin1'));
  });
}

/** More printable characters in a row than other bytes have by chance. */
const LETTERS = /[\x20-\x7e]{6}/;
