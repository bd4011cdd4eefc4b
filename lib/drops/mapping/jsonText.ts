import { quoteText } from '../../base/sql.ts';

// SQL about JSON texts. DuckDB's own JSON is more lenient than RFC 8259 in some places and stricter in others, but files
// must be read as requests are: lib/wire/jsonBody.ts. DuckDB matches patterns by RE2, which has no look-around. A
// backslash in DuckDB's strings is no escape: it stands for itself.

/** Pattern of a hexadecimal digit. */
const HEX = '[0-9a-fA-F]';
/** The escape of a first half of a pair of surrogates: `\ud83d`. */
const HIGH_HALF = String.raw`\\u[dD][89abAB]${HEX}{2}`;
/** The escape of a second half: `\ude00`. */
const LOW_HALF = String.raw`\\u[dD][c-fC-F]${HEX}{2}`;
/** The escape of either half, whether or not the other half is beside it. */
const ANY_HALF = String.raw`\\u[dD][89a-fA-F]${HEX}{2}`;
/** An escape of one character: `\n`, `\"`, `\\`. The `u` behind `\\` is thus part of no escape. */
const SHORT_ESCAPE = String.raw`\\[^u]`;
/** The beginning of the escape of another code unit: `\u0`, `\ud7`. */
const OTHER_UNIT = String.raw`\\u(?:[^dD]|[dD][0-7])`;
/** Any escape. Those that stay are in the first group; a half without the other is in none. */
const ESCAPE = `(${HIGH_HALF}${LOW_HALF}|${SHORT_ESCAPE}|${OTHER_UNIT})|${ANY_HALF}`;

/** What is between the quotes of a string: `a \" b`. */
const STRING_CONTENT = String.raw`(?:[^"\\]|\\.)*`;
/** A string: `"a \" b"`. */
const STRING = `"${STRING_CONTENT}"`;

/** A number that is not finite, as Python and JavaScript write it and DuckDB's JSON takes it: `NaN`, `-Infinity`, `inf`. */
const NON_FINITE = '-?(?:nan|inf(?:inity)?)';
/** Such a number where JSON has a value: `[NaN`, `: -inf`, or at the beginning. It may also be within a string: `":nan"`. */
const NON_FINITE_VALUE = String.raw`(?:^|[:,\[])\s*${NON_FINITE}`;
/** A comma behind the last item, which DuckDB's JSON takes: `[1,]`. It may also be within a string. */
const LAST_COMMA = String.raw`,\s*[}\]]`;

/**
 * The character that marks a place in a text. No JSON has it, neither outside of strings nor unescaped within them
 * (RFC 8259, 7). So a text that has one of its own is no JSON, and has to stay so.
 */
const MARK = '\u0001';

/** Ignores the letter case of a pattern. */
function anyCase(pattern: string): string {
  return `(?i)${pattern}`;
}

/** Whether a text has a match of a pattern. */
function matchesSql(text: string, pattern: string): string {
  return `regexp_matches(${text}, ${quoteText(pattern)})`;
}

/** Replaces all matches of a pattern. @param replacement `\1` is its first group. */
function replaceMatchesSql(text: string, pattern: string, replacement: string): string {
  return `regexp_replace(${text}, ${quoteText(pattern)}, ${quoteText(replacement)}, 'g')`;
}

/** Replaces a text wherever it stands. */
function replaceTextSql(text: string, searched: string, replacement: string): string {
  return `replace(${text}, ${quoteText(searched)}, ${quoteText(replacement)})`;
}

/**
 * Replaces those matches of a pattern that are not in its first group; the others stay. RE2 can't look around a match, so
 * the pattern has to match what stays as well, and a mark tells both apart: what stays begins with `keptPrefix`, and
 * becomes `<mark><keptPrefix>…`; anything else becomes the mark alone. A text that has a mark of its own is returned as it
 * is. With strings as the first group, `NaN` as another match, and `|` for the mark:
 *
 * - `text` is `["NaN", NaN]`
 * - `marked` is `[|"NaN", |]`
 * - `replaced` is `["NaN", null]`
 *
 * @param text SQL expression, which is repeated three times: it is cheap, or the variable of {@link onceSql}.
 * @param pattern Every match of its first group begins with `keptPrefix`. No JSON has `keptPrefix` outside of
 *   these: behind another match it would hide the mark.
 */
function replaceOthersSql(text: string, pattern: string, keptPrefix: string, replacement: string): string {
  const marked = replaceMatchesSql(text, pattern, String.raw`${MARK}\1`);
  const unmarked = replaceTextSql(marked, `${MARK}${keptPrefix}`, keptPrefix);
  const replaced = replaceTextSql(unmarked, MARK, replacement);
  return `CASE WHEN contains(${text}, ${quoteText(MARK)}) THEN ${text} ELSE ${replaced} END`;
}

/** Variables of {@link onceSql}: another for each function, as a lambda hides a variable of its name around it. */
type OnceVariable = 'unpaired' | 'suspect' | 'id_text' | 'paired' | 'raw_row';

/**
 * Evaluates an expensive expression once, as the variable of a lambda over a list.
 *
 * @param body Makes SQL that may name the variable as often as it needs.
 */
function onceSql(sql: string, variable: OnceVariable, body: (variable: string) => string): string {
  return `list_transform([${sql}], lambda ${variable}: ${body(variable)})[1]`;
}

/**
 * Whether a text is JSON by RFC 8259: never NULL. DuckDB also takes `NaN` and `[1,]`. A string may contain either, so
 * strings are emptied for that.
 *
 * @param text SQL expression, which is repeated three times: best the variable of {@link onceSql}.
 */
export function isJsonSql(text: string): string {
  const lenient = anyCase(`${NON_FINITE_VALUE}|${LAST_COMMA}`);
  const withoutStrings = replaceMatchesSql(text, STRING, '""');
  const isStrict = `(NOT ${matchesSql(text, lenient)} OR NOT ${matchesSql(withoutStrings, lenient)})`;
  return `(coalesce(json_valid(${text}), false) AND ${isStrict})`;
}

/**
 * JSON with U+FFFD for each half of a pair of surrogates that lacks the other: `"\ud83d"` becomes `"�"`, as in a
 * request (lib/wire/jsonBody.ts). UTF-8 can't encode such a half, and DuckDB says that a text with one is no JSON.
 */
function wholePairsSql(json: string): string {
  return onceSql(json, 'unpaired', (text) => {
    // An escape stays, and begins with a backslash. No JSON has a backslash that begins no escape.
    const replaced = replaceOthersSql(text, ESCAPE, '\\', '\ufffd');
    return `CASE WHEN ${matchesSql(text, ANY_HALF)} THEN ${replaced} ELSE ${text} END`;
  });
}

/** Whether a text has numbers that are not finite, and would be JSON without them: `{"price": NaN}`. Never NULL. */
export function hasNonFiniteSql(json: string): string {
  const hasNonFinite = onceSql(json, 'suspect', (text) => {
    // A string stays, and begins with a quote. No JSON has a quote that begins no string.
    const withNulls = replaceOthersSql(text, anyCase(`(${STRING})|${NON_FINITE}`), '"', 'null');
    const isSuspect = matchesSql(text, anyCase(NON_FINITE_VALUE));
    const isJsonWithNulls = `NOT ${isJsonSql(text)} AND ${isJsonSql(withNulls)}`;
    return `CASE WHEN ${isSuspect} THEN ${isJsonWithNulls} ELSE false END`;
  });
  return `coalesce(${hasNonFinite}, false)`;
}

/** The text of an ID or a name in a JSON column: strings without their quotes, null as NULL. Invalid JSON stays as it is. */
export function jsonTextSql(sql: string): string {
  return onceSql(
    `CAST(${sql} AS VARCHAR)`,
    'id_text',
    (text) => `CASE WHEN ${isJsonSql(text)} THEN json_extract_string(${text}, '$') ELSE ${text} END`,
  );
}

/**
 * The JSON of a text without white space; NULL if it is not JSON.
 *
 * @param text SQL expression of a text, also one that DuckDB has read as a column of JSON.
 */
export function strictJsonSql(text: string): string {
  return onceSql(
    wholePairsSql(text),
    'paired',
    (json) => `CASE WHEN ${isJsonSql(json)} THEN CAST(TRY(json(${json})) AS VARCHAR) END`,
  );
}

/** The JSON object of a text without white space; NULL if it is not one. Only a text that begins with a brace is parsed. */
export function objectSql(text: string): string {
  return `CASE WHEN starts_with(ltrim(${text}, E' \\t\\n\\r'), '{') THEN ${strictJsonSql(text)} END`;
}

/** A text as a JSON string. */
export function quotedSql(text: string): string {
  return `CAST(to_json(${text}) AS VARCHAR)`;
}

/** Types of DuckDB whose values may be numbers that are not finite, or JSON with such. */
const MAY_BE_NON_FINITE = /\b(DOUBLE|FLOAT|JSON)\b/;

/**
 * JSON of a raw row, in which numbers that are not finite become strings: `{"a":NaN}` becomes `{"a":"NaN"}`.
 *
 * @param types DuckDB's types of the row's columns. If none may have such numbers, `json` is returned as it is.
 */
export function finiteRowSql(json: string, types: string): string {
  if (!MAY_BE_NON_FINITE.test(types)) return json;
  return onceSql(json, 'raw_row', (row) => {
    // Of each match one group is empty: a string stays in its quotes, and a number gets quotes.
    const stringOrNumber = anyCase(`"(${STRING_CONTENT})"|(${NON_FINITE})`);
    const quoted = replaceMatchesSql(row, stringOrNumber, String.raw`"\1\2"`);
    const isSuspect = matchesSql(row, anyCase(NON_FINITE_VALUE));
    return `CASE WHEN ${isSuspect} THEN ${quoted} ELSE ${row} END`;
  });
}
