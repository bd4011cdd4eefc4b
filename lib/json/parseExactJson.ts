import { randomUUID } from 'node:crypto';
import { ExactNumber, isExact } from './ExactNumber.ts';
import { isJsonObject } from './JsonObject.ts';

/**
 * JSON.parse that keeps numbers which a double can't hold, as {@link ExactNumber}. A snowflake ID sent as a
 * number must not become its neighbour's. Slower than JSON.parse: only for batches that need it.
 *
 * Each such number is parsed as a text with a random mark, then put in that text's place. A reviver would do, but
 * V8 runs it by recursion, and JSON nested a few thousand deep overflows its stack.
 *
 * @param text JSON that JSON.parse takes.
 * @throws SyntaxError as JSON.parse does.
 */
export function parseExactJson(text: string): unknown {
  const mark = randomUUID();
  const root: { value: unknown } = { value: JSON.parse(markInexact(text, mark)) };
  const open: object[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const key of Object.keys(node)) {
      const member: unknown = Reflect.get(node, key);
      if (typeof member === 'string') {
        if (!member.startsWith(mark)) continue;
        // Not plain assignment: a key may be __proto__.
        Object.defineProperty(node, key, {
          value: new ExactNumber(member.slice(mark.length)),
          writable: true,
          enumerable: true,
          configurable: true,
        });
      } else if (Array.isArray(member) || isJsonObject(member)) open.push(member);
    }
  }
  return root.value;
}

/** The JSON with every number that a double can't hold made a text that begins with the mark. */
function markInexact(text: string, mark: string): string {
  let marked = '';
  let copied = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) i = endOfText(text, i);
    else if (unit === MINUS || isDigit(unit)) {
      const start = i;
      while (isNumberUnit(text.charCodeAt(i + 1))) i += 1;
      const number = text.slice(start, i + 1);
      if (isExact(Number(number))) continue;
      marked += `${text.slice(copied, start)}"${mark}${number}"`;
      copied = i + 1;
    }
  }
  return marked + text.slice(copied);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/** Where the text that begins with a quote ends: its closing quote. */
function endOfText(text: string, quote: number): number {
  let i = quote + 1;
  for (let unit = text.charCodeAt(i); unit !== QUOTE && i < text.length; unit = text.charCodeAt(i)) {
    i += unit === BACKSLASH ? 2 : 1;
  }
  return i;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** Digits, sign, point and exponent: in valid JSON no number is followed by any of them. NaN at the end is none. */
function isNumberUnit(unit: number): boolean {
  return isDigit(unit) || unit === MINUS || unit === 0x2b || unit === 0x2e || unit === 0x45 || unit === 0x65;
}
