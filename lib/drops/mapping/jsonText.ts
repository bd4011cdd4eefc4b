// JSON texts in SQL, as far as both dialects agree. In strings of both a backslash is one.

const HEX = '[0-9a-fA-F]';
/** An escaped half of a pair of surrogates, whether or not it has its other half. */
const HALF = `\\\\u[dD][89a-fA-F]${HEX}{2}`;
/** An escape. A half that lacks the other is in no group. */
const ESCAPE = `(\\\\(?:u[dD][89abAB]${HEX}{2}\\\\u[dD][c-fC-F]${HEX}{2}|[^u]|u(?:[^dD]|[dD][0-7])))|${HALF}`;
const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
/** Python's and JavaScript's numbers that JSON does not have, in any letter case. */
const NOT_FINITE = '-?(?:nan|inf(?:inity)?)';
/** A string, or such a number, which is in no group. */
const STRING_OR_NUMBER = `(?i)(${STRING})|${NOT_FINITE}`;
/** Where such a number may be, also in strings. */
const SUSPECT = `(?i)(?:^|[:,\\[])\\s*${NOT_FINITE}`;
/** No JSON has it outside of strings, and none unescaped within them. */
const MARK = '\u0001';

/** How a dialect writes what JSON texts need. */
export interface JsonSql {
  /** Evaluates an expression once. */
  readonly once: (sql: string, name: string, body: (variable: string) => string) => string;
  readonly matches: (text: string, pattern: string) => string;
  /** Replaces all matches of a pattern by a text and their first group. */
  readonly marked: (text: string, pattern: string, mark: string) => string;
  /** Whether a text is JSON as RFC 8259 has it: never NULL. */
  readonly isJson: (text: string) => string;
}

/**
 * JSON with U+FFFD for halves of pairs of surrogates, as a request's (lib/wire/jsonBody.ts): no UTF-8 has them. DuckDB takes a
 * text with one for no JSON, and Trino makes `?` of it.
 */
export function wholePairs(json: string, { once, matches, marked }: JsonSql): string {
  return once(json, 'w', (text) => {
    // Behind the mark of an escape is its backslash, and behind that of a half another mark, or no backslash.
    const changed = `replace(replace(${marked(text, ESCAPE, MARK)}, '${MARK}\\', '\\'), '${MARK}', '\ufffd')`;
    return `CASE WHEN ${matches(text, HALF)} THEN ${changed} ELSE ${text} END`;
  });
}

/** Whether a text is JSON but for numbers that are not finite, which it has: `{"price": NaN}`. */
export function isNotFinite(json: string, { once, matches, marked, isJson }: JsonSql): string {
  const held = once(json, 'f', (text) => {
    const nulls = `replace(replace(${marked(text, STRING_OR_NUMBER, MARK)}, '${MARK}"', '"'), '${MARK}', 'null')`;
    return `CASE WHEN ${matches(text, SUSPECT)} THEN NOT ${isJson(text)} AND ${isJson(nulls)} ELSE false END`;
  });
  return `coalesce(${held}, false)`;
}
