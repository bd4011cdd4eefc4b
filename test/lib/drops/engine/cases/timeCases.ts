import type { DatasetInput } from '../MappingBench.ts';
import { type DropCase, rowForText } from './DropCase.ts';
import { CHANGE_TEXTS, EPOCHS, TIME_TEXTS } from './oddTexts.ts';

/** A table of times in a column `t`. */
const times = (timezone: string): DatasetInput => ({
  kind: 'table',
  timezone,
  refusedShare: 1,
  mapping: {
    columns: {
      id: 'id',
      at: { column: 't', type: 'timestamp' },
      day: { column: 't', type: 'date' },
    },
  },
});

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

/** Times of every form. */
export const timeCases: readonly DropCase[] = [
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
];
