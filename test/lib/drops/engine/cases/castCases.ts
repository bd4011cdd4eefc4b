import { KINDS, rowForEach } from './columnValues.ts';
import { type DropCase, events, rowForText } from './DropCase.ts';
import { NUMBER_TEXTS, ODD_TEXTS, TIME_TEXTS } from './oddTexts.ts';

const CASTS = ['string', 'bigint', 'double', 'boolean', 'date', 'timestamp', 'uuid'] as const;

const CAST_KINDS = KINDS.filter((kind) => !['tiny', 'small', 'broken', 'deep', 'list'].includes(kind));
const CAST_TEXTS: Readonly<Record<(typeof CASTS)[number], readonly string[]>> = {
  string: ODD_TEXTS,
  bigint: NUMBER_TEXTS,
  double: NUMBER_TEXTS,
  boolean: [...ODD_TEXTS, '1', '0', '2'],
  date: TIME_TEXTS,
  timestamp: TIME_TEXTS,
  uuid: ODD_TEXTS,
};
/** Rows that a cast takes and refuses. */
const CAST_ROWS: Readonly<Record<(typeof CASTS)[number], readonly [number, number]>> = {
  string: [149, 1],
  bigint: [57, 103],
  double: [106, 54],
  boolean: [29, 124],
  date: [45, 132],
  timestamp: [45, 132],
  uuid: [14, 136],
};
/** Each cast of each kind of column, and of texts. */
export const castCases: readonly DropCase[] = [
  ...CASTS.map(
    (cast): DropCase => ({
      name: `casts to ${cast}`,
      dataset: events({
        eventValue: { column: 'id' },
        metadata: Object.fromEntries(
          [...CAST_KINDS, 't'].map((column) => [column, { column, cast, optional: true }]),
        ),
      }),
      // Written forms of a kind are in a file of their own.
      files: [
        { sql: rowForEach(CAST_KINDS) },
        {
          sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, * FROM (${rowForText(CAST_TEXTS[cast])})`,
        },
      ],
      rows: CAST_ROWS[cast][0],
      refused: { CAST_FAILED: CAST_ROWS[cast][1] },
    }),
  ),
];
