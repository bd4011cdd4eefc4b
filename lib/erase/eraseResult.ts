import { nodeErrorCode } from '../base/errors.ts';
import type { LeftDocuments } from './eraseDocuments.ts';
import { plainBytes } from './resultFile.ts';
import { plainText, SPELLED } from './units/plainText.ts';
import type { UnitMatcher } from './units/UnitMatcher.ts';

/** Matches a text that spells a character in another way. */
const SPELLED_ANYWHERE = new RegExp(SPELLED);
/**
 * The most characters of a file that stand for a character of a value: the character, with backslashes and quotes
 * before it.
 */
const MOST_MARKS = 16;
/** Characters around a value that decide whether it is a word. The first character of a window only serves that. */
const AROUND = 3;
/** Letters, digits, - and _ of ASCII. Whether any other character is a letter is not known, so it ends a word. */
const WORD = /^[\w-]/;

/**
 * Erases the result of a query if it has a value of a unit anywhere, as a field or a word, or spells anything in other
 * characters. A result goes as a whole, even if the equal value was of somebody else, because the query can be run
 * again. In a file that is no text, values follow each other without anything between them, so any equal bytes count.
 *
 * @param path A file with text, or gzip of it.
 */
export async function eraseResult(path: string, matcher: UnitMatcher): Promise<LeftDocuments> {
  try {
    return (await hasValue(path, matcher)) ? { own: 1, others: 0, body: null } : { own: 0 };
  } catch (error) {
    if (nodeErrorCode(error).startsWith('Z_')) return 'unreadable';
    throw error;
  }
}

/** Searches a file for a value of a unit, in windows that overlap. */
async function hasValue(path: string, matcher: UnitMatcher): Promise<boolean> {
  const values = matcher.values.map(asLatin1);
  const plainValues = matcher.plainValues.map(asLatin1);
  // The overlap of two windows has room for a value with what is around it, and with a backslash or quote before each
  // character, also within JSON within JSON.
  const overlap = Math.max(...values.map(({ length }) => length)) * MOST_MARKS + AROUND;
  // Bytes are read as characters, so a character that is cut at the end of a window matches nothing.
  let lastWindow = '';
  let isText = true;
  let hasEqualBytes = false;
  let isBegin = true;
  const hasField = (text: string, isEnd: boolean) =>
    SPELLED_ANYWHERE.test(text) || hasWord(plainText(text), plainValues, isBegin, isEnd);
  for await (const chunk of await plainBytes(path)) {
    isText &&= !chunk.includes(0);
    // A value at the end of the chunk is judged with the next chunk.
    const text = lastWindow + chunk.toString('latin1');
    // Equal bytes count from the beginning of the file, because its first byte that is no text may come late.
    hasEqualBytes ||= values.some((value) => text.includes(value));
    if (isText ? hasField(text, false) : hasEqualBytes) return true;
    isBegin &&= text.length <= overlap;
    lastWindow = text.slice(-overlap);
  }
  // A word at the end of the file is not judged yet.
  return isText && hasField(lastWindow, true);
}

/** The bytes of a text as characters, as bytes of a file are read. */
function asLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/**
 * Whether one of some values is in a window as a word.
 *
 * @param isBegin Whether the file begins with the window. Otherwise its first character belongs to the window before.
 * @param isEnd Whether the file ends with the window. Otherwise a value at its end may go on.
 */
function hasWord(window: string, values: readonly string[], isBegin: boolean, isEnd: boolean): boolean {
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
