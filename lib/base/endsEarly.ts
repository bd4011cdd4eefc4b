import { parseSentJson } from './sentJson.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** The closing bracket of each opening one, by their UTF-16 units. */
const CLOSING: Readonly<Partial<Record<number, string>>> = { 123: '}', 91: ']' };

/**
 * What may follow the last comma or bracket of JSON that ends early, with one space for all white space: `""` is a
 * text, and `"` the beginning of one. No two parts of it take the same characters, so that its time grows with the
 * length alone.
 */
const REST = /^ ?(?:"" ?: ?)?(?:""?|-?(?:\d[-+.\deE]*)?|tr?u?e?|fa?l?s?e?|nu?l?l?|Na?N?|-?I[a-z]*) ?$/;

/**
 * Whether a text is the beginning of a JSON object or array, and ends before that does: what was cut, or not sent as a
 * whole. One pass, and one more parse of a text that has brackets open: its time grows with the length of the text.
 */
export function endsEarly(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  const open: string[] = [];
  // The end of what is whole, and what follows the last comma or bracket: its texts without their characters, and the
  // start of what is after these.
  let whole = 0;
  let rest = '';
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    const closes = CLOSING[unit];
    const isClosing = closes === undefined && text[i] === open.at(-1);
    if (unit === QUOTE) {
      const end = endOfString(text, i);
      rest += `${text.slice(start, i)}${end < text.length ? '""' : '"'}`;
      start = end + 1;
      i = end;
    } else if (closes !== undefined || isClosing || unit === COMMA) {
      if (closes !== undefined) open.push(closes);
      if (isClosing) open.pop();
      whole = unit === COMMA ? i : i + 1;
      rest = '';
      start = i + 1;
    }
  }
  if (open.length === 0 || !REST.test((rest + text.slice(start)).replaceAll(/\s+/g, ' '))) return false;
  try {
    parseSentJson(text.slice(0, whole) + open.toReversed().join(''), JSON.parse);
    return true;
  } catch {
    return false;
  }
}

/** Where a string of JSON has its last quote; the end of the text if it has none. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === BACKSLASH) i += 1;
    else if (unit === QUOTE) return i;
  }
  return text.length;
}
