/** Escapes of white space, in JSON and in JSON within it. */
const SPACES = String.raw`\\+[bfnrt]`;
/**
 * They begin at the first backslash of a run: otherwise many backslashes take the square of their number. DuckDB's
 * patterns never do.
 */
const ALL_SPACES = new RegExp(String.raw`(?<!\\)${SPACES}`, 'g');
/** The other characters with which JSON and CSV escape. */
const MARKS = String.raw`[\\"]`;
const ALL_MARKS = new RegExp(MARKS, 'g');

/**
 * A text without quotes and backslashes, so that it is the same within JSON, within CSV and as itself. Different texts
 * may have the same plain text.
 */
export function plainText(text: string): string {
  return text.replaceAll(ALL_SPACES, ' ').replaceAll(ALL_MARKS, '');
}

/** SQL of the {@link plainText} of a text, in DuckDB. */
export function plainTextSql(text: string): string {
  return `regexp_replace(regexp_replace(${text}, '${SPACES}', ' ', 'g'), '${MARKS}', '', 'g')`;
}

/**
 * Pattern of characters that are spelled in another way: by escapes of JSON, URLs, HTML or e-mail. They may spell
 * anything.
 */
export const SPELLED = String.raw`\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|&#?[0-9A-Za-z]+;|=[0-9A-F]{2}`;
