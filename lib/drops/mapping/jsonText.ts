import { quoteText } from '../../base/sql.ts';

// JSON texts in DuckDB's SQL, in whose strings a backslash is one.

const HEX = '[0-9a-fA-F]';
/** An escaped half of a pair of surrogates, whether or not it has its other half. */
const HALF = `\\\\u[dD][89a-fA-F]${HEX}{2}`;
/** An escape. A half that lacks the other is in no group. */
const ESCAPE = `(\\\\(?:u[dD][89abAB]${HEX}{2}\\\\u[dD][c-fC-F]${HEX}{2}|[^u]|u(?:[^dD]|[dD][0-7])))|${HALF}`;
/** What is between the quotes of a string. */
const WITHIN = String.raw`(?:[^"\\]|\\.)*`;
const STRING = `"${WITHIN}"`;
/** Python's and JavaScript's numbers that JSON does not have, in any letter case. */
const NOT_FINITE = '-?(?:nan|inf(?:inity)?)';
/** A string, or such a number, which is in no group. */
const STRING_OR_NUMBER = `(?i)(${STRING})|${NOT_FINITE}`;
/** The places in which such a number may be, also in strings. */
const SUSPECT = `(?i)(?:^|[:,\\[])\\s*${NOT_FINITE}`;
/** A character that no JSON has outside of strings, nor unescaped within them. */
const MARK = '\u0001';

/** What DuckDB's JSON has, and JSON has not, outside of strings; more rarely in them. */
const LENIENT = `(?i)(?:^|[:,\\[])\\s*${NOT_FINITE}|,\\s*[}\\]]`;

/** Evaluates an expensive expression once, as the variable of a lambda over a list. */
function once(sql: string, name: string, body: (variable: string) => string): string {
  return `list_transform([${sql}], lambda ${name}: ${body(name)})[1]`;
}

/** Replaces all matches of a pattern by {@link MARK} and their first group. */
function marked(text: string, pattern: string): string {
  return `regexp_replace(${text}, ${quoteText(pattern)}, '${MARK}\\1', 'g')`;
}

/** Whether a text is JSON as RFC 8259 has it: never NULL. DuckDB takes NaN, and commas behind the last item. */
export function isJson(text: string): string {
  const isPlain = `NOT regexp_matches(${text}, '${LENIENT}')`;
  const isPlainOutside = `NOT regexp_matches(regexp_replace(${text}, '${STRING}', '""', 'g'), '${LENIENT}')`;
  return `(coalesce(json_valid(${text}), false) AND (${isPlain} OR ${isPlainOutside}))`;
}

/**
 * JSON with U+FFFD for halves of pairs of surrogates, as a request's (lib/wire/jsonBody.ts): no UTF-8 has them. DuckDB takes a
 * text with one for no JSON.
 */
function wholePairs(json: string): string {
  return once(json, 'w', (text) => {
    // Behind the mark of an escape is its backslash, and behind that of a half another mark, or no backslash.
    const changed = `replace(replace(${marked(text, ESCAPE)}, '${MARK}\\', '\\'), '${MARK}', '\ufffd')`;
    return `CASE WHEN regexp_matches(${text}, ${quoteText(HALF)}) THEN ${changed} ELSE ${text} END`;
  });
}

/** Whether a text is JSON but for numbers that are not finite, which it has: `{"price": NaN}`. */
export function isNotFinite(json: string): string {
  const held = once(json, 'f', (text) => {
    const nulls = `replace(replace(${marked(text, STRING_OR_NUMBER)}, '${MARK}"', '"'), '${MARK}', 'null')`;
    return `CASE WHEN regexp_matches(${text}, ${quoteText(SUSPECT)}) THEN NOT ${isJson(text)} AND ${isJson(nulls)} ELSE false END`;
  });
  return `coalesce(${held}, false)`;
}

/** The text of an ID or a name in a JSON column: strings without their quotes, null as NULL. Invalid JSON stays as it is. */
export function jsonTextSql(sql: string): string {
  return once(
    `CAST(${sql} AS VARCHAR)`,
    'j',
    (json) => `CASE WHEN ${isJson(json)} THEN json_extract_string(${json}, '$') ELSE ${json} END`,
  );
}

/** The JSON of a text without white space; NULL if it is not JSON. DuckDB has read columns of JSON as such before. */
export function strictJsonSql(text: string): string {
  return once(
    wholePairs(text),
    'j',
    (json) => `CASE WHEN ${isJson(json)} THEN CAST(TRY(json(${json})) AS VARCHAR) END`,
  );
}

/** The JSON object of a text without white space; NULL if it is not one. JSON is parsed last, which is expensive. */
export function objectSql(text: string): string {
  return `CASE WHEN starts_with(ltrim(${text}, E' \\t\\n\\r'), '{') THEN ${strictJsonSql(text)} END`;
}

/** A text as a JSON string. */
export function quotedSql(text: string): string {
  return `CAST(to_json(${text}) AS VARCHAR)`;
}

/** JSON of a raw row, in which numbers that are not finite become strings. @param types The types in the row. */
export function finiteRowSql(json: string, types: string): string {
  if (!/\b(DOUBLE|FLOAT|JSON)\b/.test(types)) return json;
  return once(json, 'j', (row) => {
    const changed = `regexp_replace(${row}, '(?i)"(${WITHIN})"|(${NOT_FINITE})', '"\\1\\2"', 'g')`;
    return `CASE WHEN regexp_matches(${row}, '${SUSPECT}') THEN ${changed} ELSE ${row} END`;
  });
}
