import { KINDS, rowForEach } from './columnValues.ts';
import { type DropCase, events, rowForText } from './DropCase.ts';
import { NUMBER_TEXTS, ODD_TEXTS } from './oddTexts.ts';

const CASTS = ['string', 'uuid'] as const;

const CAST_KINDS = KINDS.filter((kind) => !['tiny', 'small', 'broken', 'deep', 'list'].includes(kind));
/** Rows that a cast takes and refuses. */
const CAST_ROWS: Readonly<Record<(typeof CASTS)[number], readonly [number, number]>> = {
  string: [149, 1],
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
          sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, * FROM (${rowForText(ODD_TEXTS)})`,
        },
      ],
      rows: CAST_ROWS[cast][0],
      refused: { CAST_FAILED: CAST_ROWS[cast][1] },
    }),
  ),
  ...(
    [
      ['bigint', 14, { CAST_FAILED: 76 }],
      ['double', 27, { VALUE_INVALID: 63 }],
      ['boolean', 11, { CAST_FAILED: 79 }],
    ] as const
  ).map(
    ([type, rows, refused]): DropCase => ({
      name: `texts that are declared as ${type}`,
      dataset: {
        kind: 'table',
        refusedShare: 1,
        mapping: { columns: { id: 'id', t: { column: 't', type } } },
      },
      files: [{ sql: rowForText([...NUMBER_TEXTS, ...ODD_TEXTS]) }],
      rows,
      refused,
    }),
  ),
];
