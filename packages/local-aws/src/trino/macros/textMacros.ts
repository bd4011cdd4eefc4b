import { invalidArgument } from './invalidArgument.ts';

/**
 * The most arguments of variadic functions of texts. A macro takes a fixed number of arguments, so there is one for
 * each number.
 */
const MOST_TEXTS = 10;

/** Overloads of a variadic function, whose result is null if any argument is null. */
function variadic(body: (names: readonly string[]) => string): string {
  return Array.from({ length: MOST_TEXTS - 1 }, (_, index) => {
    const names = [...Array(index + 2).keys()].map((position) => `a${position}`);
    return `(${names.join(', ')}) AS ${body(names)}`;
  }).join(', ');
}

/** Empty when the start is before the first character or the length is less than one. */
const SUBSTR = `(x, s) AS CASE WHEN s = 0 OR s < -length(x) THEN '' ELSE substr(x, s) END,
   (x, s, n) AS CASE WHEN s = 0 OR s < -length(x) OR n <= 0 THEN '' ELSE substr(x, s, n) END`;

/** What Trino trims, of which DuckDB trims the spaces alone: Java's `Character.isWhitespace`. */
const WHITE_SPACE =
  '\t\n\v\f\r\u001c\u001d\u001e\u001f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000';

/** The macro of a function that trims white space, or certain characters. */
const trims = (name: string) => `trino_${name}(x) AS ${name}(x, '${WHITE_SPACE}'), (x, c) AS ${name}(x, c)`;

/** The last code point, which is no character. It stands for ß, so that no text may have it. */
const UNUSED = 'chr(1114111)';

/** The macro of a function that pads a text to a length. */
const pads = (name: string) =>
  `trino_${name}(x, n, p) AS ${name}(x, CAST(CASE WHEN n < 0 THEN ${invalidArgument('Target length must be in the range [0..2147483647]')} ELSE n END AS INTEGER), p)`;

/** Macros of functions of texts and bytes: https://trino.io/docs/current/functions/string.html, /regexp.html, /binary.html, /url.html */
export const textMacros: readonly string[] = [
  `trino_concat${variadic((names) => names.join(' || '))}`,
  "trino_length(x) AS CASE typeof(x) WHEN 'BLOB' THEN octet_length(CAST(x AS BLOB)) ELSE length(CAST(x AS VARCHAR)) END",
  `trino_replace(x, a) AS replace(x, a, ''),
   (x, a, b) AS CASE WHEN a = '' THEN regexp_replace(x, '', replace(b, '\\', '\\\\'), 'g') ELSE replace(x, a, b) END`,
  `trino_chr(x) AS chr(CAST(x AS INTEGER))`,
  // Trino's `upper` goes character by character: ß has no capital of one character.
  `trino_upper(x) AS replace(upper(replace(x, 'ß', ${UNUSED})), ${UNUSED}, 'ß')`,
  `trino_concat_ws(d, x) AS CASE WHEN typeof(x) LIKE '%[]' THEN array_to_string(TRY_CAST(x AS VARCHAR[]), d) ELSE concat_ws(d, x) END`,
  ...['trim', 'ltrim', 'rtrim'].map(trims),
  ...['lpad', 'rpad'].map(pads),
  // DuckDB splits at every character by an empty delimiter.
  `trino_split(x, d) AS str_split(x, CASE WHEN d = '' THEN CAST(${invalidArgument('The delimiter may not be the empty string')} AS VARCHAR) ELSE d END)`,
  // Null after the last part, where DuckDB's own function returns an empty string. A list counts negative numbers from its end.
  `trino_split_part(x, d, i) AS str_split(x, d)[CASE WHEN i <= 0 THEN ${invalidArgument('Index must be greater than zero')} ELSE i END]`,
  'trino_strpos(x, y) AS CAST(strpos(x, y) AS BIGINT)',
  `trino_substr${SUBSTR}`,
  `trino_substring${SUBSTR}`,
  'trino_regexp_like(x, p) AS regexp_matches(x, p)',
  // Null without a match, where DuckDB returns an empty string.
  `trino_regexp_extract(x, p) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p) END,
   (x, p, g) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p, g) END`,
  `trino_regexp_replace(x, p) AS regexp_replace(x, p, '', 'g'),
   (x, p, r) AS regexp_replace(x, p, regexp_replace(replace(r, '\\', '\\\\'), '\\$(\\d)', '\\\\\\1', 'g'), 'g')`,
  'trino_to_utf8(x) AS encode(x)',
  'trino_to_hex(x) AS hex(x)',
  'trino_md5(x) AS unhex(md5(x))',
];
