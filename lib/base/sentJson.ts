/**
 * The names that senders write in place of a number, and the quote at which a text begins: names within texts are left
 * alone.
 */
const NOT_A_NUMBER = /"|-?Infinity|NaN/g;

/** Parts of a text that are joined at once: of millions each would need many times the memory of its characters. */
const JOINED_PARTS = 10_000;

/** A value, and how many numbers of its text were none. */
export interface SentJson {
  /** The parsed value, with null in place of each such number. */
  readonly value: unknown;
  /** How many numbers were `NaN` or infinite. */
  readonly notANumbers: number;
}

/**
 * Parses JSON as senders write it: `NaN`, `Infinity` and `-Infinity` in place of a value are null. Python's
 * `json.dumps` writes them, and with them a whole batch would be no JSON:
 * https://docs.python.org/3/library/json.html#infinite-and-nan-number-values Server Core sends null for such a value.
 * In a text they stay. A text that is JSON is parsed once.
 *
 * @param parse JSON.parse, or one that throws as it does.
 * @throws What `parse` throws for the text as it was sent.
 */
export function parseSentJson(text: string, parse: (text: string) => unknown): SentJson {
  try {
    return { value: parse(text), notANumbers: 0 };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { text: json, count } = withNulls(text);
    if (count === 0) throw error;
    try {
      return { value: parse(json), notANumbers: count };
    } catch (second) {
      throw second instanceof SyntaxError ? error : second;
    }
  }
}

/**
 * Replaces these names outside of texts by null, in one pass. The result is JSON if and only if each name stood in
 * place of a value.
 */
function withNulls(text: string): { readonly text: string; readonly count: number } {
  let json = '';
  let parts: string[] = [];
  let from = 0;
  let count = 0;
  NOT_A_NUMBER.lastIndex = 0;
  for (let found = NOT_A_NUMBER.exec(text); found !== null; found = NOT_A_NUMBER.exec(text)) {
    const [name] = found;
    if (name === '"') {
      NOT_A_NUMBER.lastIndex = endOfText(text, found.index);
      continue;
    }
    parts.push(text.slice(from, found.index));
    from = NOT_A_NUMBER.lastIndex;
    count += 1;
    if (parts.length < JOINED_PARTS) continue;
    json += `${parts.join('null')}null`;
    parts = [];
  }
  parts.push(text.slice(from));
  return { text: json + parts.join('null'), count };
}

/** Where a text of JSON ends, behind its last quote; the end of the whole document if the text has no end. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let escapes = end;
    while (json[escapes - 1] === '\\') escapes -= 1;
    if ((end - escapes) % 2 === 0) return end + 1;
  }
  return json.length;
}
