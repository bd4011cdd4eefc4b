/** All forms of texts that are times without a format, in a file and over HTTP, in Markdown. The pages print this table. */
export const TIME_FORMS: readonly { readonly form: string; readonly examples: readonly string[] }[] = [
  { form: 'a day: its midnight', examples: ['2026-11-20'] },
  {
    form: 'ISO 8601, with `T` or a space, a point or a comma',
    examples: ['2026-11-20T10:15:30.123', '2026-11-20 7:05:03', '2026-11-20T10:15'],
  },
  { form: 'its basic form', examples: ['20261120T101530,123', '20261120T1015'] },
  {
    form: 'with UTC, in any case, also after a space',
    examples: ['2026-11-20T10:15Z', '2026-11-20 10:15:30 UTC', '20261120T1015 GMT'],
  },
  {
    form: 'with an offset of at most 18 hours, also after a space',
    examples: ['2026-11-20T10:15+01:00', '2026-11-20 10:15:30+00', '20261120T1015 -0530'],
  },
];

/** A pattern of text in capitals, of which JavaScript and RE2, and so DuckDB, make the same, and what replaces it. */
type Rewrite = readonly [pattern: string, replacement: string];

/** What makes {@link LOCAL_TIME} or {@link ZONED_TIME} of every form, to be applied in this order. */
export const TIME_REWRITES: readonly Rewrite[] = [
  [String.raw`^(\d{4})(\d{2})(\d{2})([T ]\d{2})(\d{2})(\d{2})`, '$1-$2-$3$4:$5:$6'],
  [String.raw`^(\d{4})(\d{2})(\d{2})([T ]\d{2})(\d{2})`, '$1-$2-$3$4:$5'],
  // Not before a fraction: ISO 8601 has fractions of minutes, and others read minutes and seconds.
  [String.raw`^([\d-]{10}[T ]\d{1,2}:\d{1,2})([^:\d.,]|$)`, '$1:00$2'],
  [',', '.'],
  [' ?(?:UTC|GMT)( *)$', 'Z'],
  [' ([Z+-])', '$1'],
];

/** Real zones are at most 14 hours from UTC. Java and ISO 8601 allow up to 18. */
const OFFSET = String.raw`[+-](?:(?:0\d|1[0-7])(?::?[0-5]\d)?|18(?::?00)?)`;
/** A day, a group. */
const DAY = String.raw`(\d{4}-\d{2}-\d{2})`;
/** A time of a day: groups for its hour, minute, second and fraction. */
const CLOCK = String.raw`(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d*))?`;

/** A time that names a zone: groups for its day, hour, minute, second, fraction and zone. */
export const ZONED_TIME = `${DAY}[T ]${CLOCK}(Z|${OFFSET}) *`;
/** A time that names no zone, or a day: the same groups without the zone. */
export const LOCAL_TIME = `${DAY}(?:[T ]${CLOCK})? *`;
