import type { DatasetInput } from '../MappingBench.ts';
import { type DropCase, rowForText } from './DropCase.ts';
import { CHANGE_TEXTS, EPOCHS, TIME_TEXTS } from './oddTexts.ts';

/** A table of times in a column `t`. */
const times = (
  timezone: string,
  reading: { unit?: 's' | 'ms' | 'us' | 'ns'; format?: string } = {},
): DatasetInput => ({
  kind: 'table',
  timezone,
  refusedShare: 1,
  mapping: {
    columns: {
      id: 'id',
      at: { column: 't', type: 'timestamp', ...reading },
      day: { column: 't', type: 'date', ...reading },
    },
  },
});

/** Times of Parquet's units, with and without zone. */
const PARQUET_TIMES = `SELECT * FROM (VALUES
    (1, TIMESTAMP '2026-11-20 10:15:30.123'), (2, TIMESTAMP '1969-12-31 23:59:59.999'), (3, TIMESTAMP '2026-10-25 02:30:00'),
    (4, TIMESTAMP '2026-03-29 02:30:00'), (5, TIMESTAMP '1677-09-22'), (6, NULL)) AS given(id, us)`;
const ALL_TIMES = `SELECT id, us, us::TIMESTAMP_S AS s, us::TIMESTAMP_MS AS ms, us::TIMESTAMP_NS AS ns, us::TIMESTAMPTZ AS tz, us::DATE AS d FROM (${PARQUET_TIMES})`;
const timesOf = (timezone: string): DatasetInput => ({
  kind: 'table',
  timezone,
  mapping: {
    columns: {
      id: 'id',
      ...Object.fromEntries(
        ['us', 's', 'ms', 'ns', 'tz', 'd'].flatMap((column) => [
          [column, { column, type: 'timestamp' as const }],
          [`${column}_day`, { column, type: 'date' as const }],
          [`${column}_text`, column],
        ]),
      ),
    },
  },
});
const MICROSECONDS = `SELECT 'e' AS event_name, 'u' || range AS unit_id, make_timestamp(1795169730000000 + 100 * range) AS ts,
    make_timestamp_ns(1795169730000000000 + 100000 * range - 1) AS ns FROM range(0, 40)
  UNION ALL SELECT 'e', 'v' || range, make_timestamp(-100 * range), make_timestamp_ns(-100000 * range + 1) FROM range(1, 40)`;

/** Texts of the format of the case below, and others. */
const FORMATTED = [
  '20/11/2026 10:15',
  '20/11/2026T10:15:30',
  '2/1/2026 7:05+01:00',
  '20/11/2026 10:15:30Z',
  '20/11/2026 10:15Z',
  '25/10/2026 2:30',
  '',
  '20/11/26 10:15',
  '31/2/2026 10:15',
  '20/13/2026 10:15',
  '20/11/2026 24:00',
  '20/11/2026 25:00',
  '20/11/2026 10:60',
  '20/11/2026',
  ' 20/11/2026 10:15',
  '20/11/2026 10:15 ',
  '20/11/2026 10:15\n',
  '\u0662\u0660/11/2026 10:15',
];

/** Seconds since 1970 in whole, broken, decimal and written numbers of a unit. */
function numberTimes(digits: number): string {
  const per = 10 ** digits;
  const given = EPOCHS.map((n, i) => `(${i}, '${n}')`).join(', ');
  const exact = `(s::DECIMAL(38,15) * ${per})`;
  return `SELECT id, ${exact}::DECIMAL(38,6)::VARCHAR AS t, TRY_CAST(trunc(${exact}) AS BIGINT) AS n, ${exact}::DOUBLE AS d, ${exact}::DECIMAL(38,6) AS dec
    FROM (VALUES ${given}) AS given(id, s)
    UNION ALL SELECT 99, unnest(['nan', 'inf', '1e400', 'x', '', ' 1 ', '1_000']), NULL, NULL, NULL
    UNION ALL SELECT 100, NULL, NULL, unnest(['nan'::DOUBLE, 'inf'::DOUBLE, '-inf'::DOUBLE, 1e300, -1e300]), NULL`;
}

const IMPOSSIBLE = [{ fixture: 'impossible-times.parquet' }];

/** Times of every form. */
export const timeCases: readonly DropCase[] = [
  ...['UTC', 'Europe/Berlin'].map(
    (timezone): DropCase => ({
      name: `times of every unit in ${timezone}`,
      dataset: timesOf(timezone),
      files: [{ sql: ALL_TIMES }],
      rows: 6,
      refused: {},
    }),
  ),
  {
    name: 'times between milliseconds',
    dataset: { kind: 'events', mapping: { timestamp: 'ts' } },
    files: [
      { sql: MICROSECONDS },
      { sql: MICROSECONDS.replaceAll('AS ts', 'AS us').replaceAll('AS ns', 'AS ts') },
    ],
    rows: 158,
    refused: {},
  },
  ...(
    [
      ['UTC', 3],
      ['Europe/Berlin', 5],
      ['America/New_York', 3],
    ] as const
  ).map(
    ([timezone, outOfRange]): DropCase => ({
      name: `texts as times in ${timezone}`,
      dataset: times(timezone),
      files: [{ sql: rowForText([...TIME_TEXTS, ...CHANGE_TEXTS]) }],
      rows: 44 - outOfRange,
      refused: { TIME_INVALID: 35, TIME_OUT_OF_RANGE: outOfRange },
    }),
  ),
  {
    name: 'times beside the largest number, in a column with a dictionary',
    dataset: { kind: 'events', refusedShare: 1, mapping: { timestamp: { column: 'ts', unit: 'ms' } } },
    files: [
      {
        sql: `SELECT CASE range % 3 WHEN 1 THEN 9223372036854775807 ELSE 1795169730000 END AS ts, 'e' AS event_name, 'u' || range AS unit_id FROM range(6000)`,
      },
    ],
    rows: 4_000,
    refused: { TIME_OUT_OF_RANGE: 2_000 },
  },
  {
    name: 'texts in a format',
    dataset: times('Europe/Berlin', { format: 'd/M/yyyy H:mm[:ss][XXX]' }),
    files: [{ sql: rowForText(FORMATTED) }],
    rows: 6,
    refused: { TIME_INVALID: 12 },
  },
  ...(['s', 'ms', 'us', 'ns'] as const).map(
    (unit): DropCase => ({
      name: `numbers as times in ${unit}`,
      dataset: {
        kind: 'table',
        refusedShare: 1,
        mapping: {
          columns: {
            id: 'id',
            ...Object.fromEntries(
              ['t', 'n', 'd', 'dec'].map((column) => [column, { column, type: 'timestamp' as const, unit }]),
            ),
          },
        },
      },
      files: [{ sql: numberTimes({ s: 0, ms: 3, us: 6, ns: 9 }[unit]) }],
      // Nanoseconds of 64 bits end in 2262.
      rows: unit === 'ns' ? 13 : 17,
      refused: { TIME_INVALID: 6, TIME_OUT_OF_RANGE: unit === 'ns' ? 8 : 4 },
    }),
  ),
  ...['UTC', 'Europe/Berlin'].map(
    (timezone): DropCase => ({
      name: `times as other writers have them in ${timezone}`,
      dataset: { kind: 'events', timezone, mapping: {} },
      files: ['int96', 'naive-ns', 'utc-us', 'berlin-ms'].map((name) => ({ fixture: `${name}.parquet` })),
      rows: 8,
      refused: { TIME_MISSING: 4 },
    }),
  ),
  {
    name: 'times that no calendar has',
    dataset: {
      kind: 'events',
      refusedShare: 1,
      mapping: { metadata: ['us', 'us_utc', 'ns', 'ns_utc'] },
    },
    files: IMPOSSIBLE,
    rows: 3,
    refused: {},
  },
  {
    name: 'times that no calendar has as times',
    dataset: {
      kind: 'events',
      refusedShare: 1,
      mapping: { timestamp: 'us_utc', eventValue: { column: 'ns', cast: 'timestamp' } },
    },
    files: IMPOSSIBLE,
    rows: 2,
    refused: { TIME_OUT_OF_RANGE: 1 },
  },
  {
    name: 'nanoseconds that no calendar has as times',
    dataset: {
      kind: 'events',
      refusedShare: 1,
      mapping: { timestamp: 'ns', eventValue: { column: 'us_utc', cast: 'date' } },
    },
    files: IMPOSSIBLE,
    rows: 2,
    refused: { TIME_OUT_OF_RANGE: 1 },
  },
  {
    name: 'numbers and times that are not finite',
    dataset: {
      kind: 'events',
      refusedShare: 1,
      mapping: { timestamp: 'seldom', metadata: ['mostly', 'date', 'at'] },
    },
    files: [{ fixture: 'not-finite.parquet' }],
    rows: 1,
    refused: { TIME_OUT_OF_RANGE: 2 },
  },
];
