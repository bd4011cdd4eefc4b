/** A pattern of text in capitals, of which JavaScript and RE2, and so DuckDB, make the same, and what replaces it. */
export type Rewrite = readonly [pattern: string, replacement: string];

/** One way to write a time as text. */
interface TimeForm {
  /** What it is, in Markdown. */
  readonly form: string;
  readonly examples: readonly string[];
  /** Makes ISO 8601 of it, with hyphens, colons and seconds. */
  readonly rewrites: readonly Rewrite[];
}

/** All forms of texts that are times without a format: in a file and over HTTP. The pages print this table. */
export const TIME_FORMS: readonly TimeForm[] = [
  { form: 'a day: its midnight', examples: ['2026-11-20'], rewrites: [] },
  {
    form: 'ISO 8601, with `T` or a space',
    examples: ['2026-11-20T10:15:30.123456', '2026-11-20 10:15:30', '2026-11-20 7:05:03'],
    rewrites: [],
  },
  {
    form: 'the same in its basic form',
    examples: ['20261120T101530', '20261120T101530.123', '20261120T1015'],
    rewrites: [
      [String.raw`^(\d{4})(\d{2})(\d{2})([T ]\d{2})(\d{2})(\d{2})`, '$1-$2-$3$4:$5:$6'],
      [String.raw`^(\d{4})(\d{2})(\d{2})([T ]\d{2})(\d{2})`, '$1-$2-$3$4:$5'],
    ],
  },
  {
    form: 'whole minutes',
    examples: ['2026-11-20T10:15'],
    rewrites: [[String.raw`^([\d-]{10}[T ]\d{1,2}:\d{1,2})([^:\d]|$)`, '$1:00$2']],
  },
  { form: 'a decimal comma', examples: ['2026-11-20 10:15:30,123'], rewrites: [[',', '.']] },
  {
    form: 'UTC, also after a space, in any case',
    examples: ['2026-11-20T10:15:30Z', '2026-11-20 10:15:30 UTC', '2026-11-20 10:15 GMT'],
    rewrites: [
      [' ?(?:UTC|GMT)( *)$', 'Z'],
      [' ([Z+-])', '$1'],
    ],
  },
  {
    form: 'an offset of at most 18 hours, also after a space',
    examples: [
      '2026-11-20T10:15:30+01:00',
      '2026-11-20 10:15:30+00',
      '2026-11-20 10:15 -0530',
      '20261120T101530+01',
    ],
    rewrites: [],
  },
];

/** What makes {@link LOCAL_TIME} or {@link ZONED_TIME} of every form, to be applied in this order. */
export const TIME_REWRITES: readonly Rewrite[] = TIME_FORMS.flatMap(({ rewrites }) => rewrites);

/** Real zones are at most 14 hours from UTC. Java and ISO 8601 allow up to 18. */
const OFFSET = String.raw`[+-](?:(?:0\d|1[0-7])(?::?[0-5]\d)?|18(?::?00)?)`;
const DAY = String.raw`\d{4}-\d{2}-\d{2}`;
const CLOCK = String.raw`(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d*))?`;

/** A time that names a zone, and one that does not: groups for its day, hour, minute, second, fraction and zone. */
export const ZONED_TIME = `(${DAY})[T ]${CLOCK}(Z|${OFFSET}) *`;
export const LOCAL_TIME = `(${DAY})(?:[T ]${CLOCK})? *`;
