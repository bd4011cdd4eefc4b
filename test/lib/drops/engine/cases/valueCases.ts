import { KINDS, rowForEach } from './columnValues.ts';
import { type DropCase, events, rowForText } from './DropCase.ts';
import { JSON_TEXTS } from './oddTexts.ts';

const FLAT = KINDS.filter((kind) => !['struct', 'list'].includes(kind));

/** Values as texts, numbers and JSON. */
export const valueCases: readonly DropCase[] = [
  {
    name: 'values as JSON',
    dataset: events({ eventValue: 'id', metadata: KINDS }),
    files: [{ sql: rowForEach(KINDS) }],
    rows: 119,
    refused: { TEXT_INVALID: 1 },
  },
  {
    name: 'values as names, unit IDs and texts',
    dataset: events({
      eventName: 'id',
      unitIds: Object.fromEntries(FLAT.map((column) => [column, column])),
    }),
    files: [{ sql: rowForEach(FLAT) }],
    rows: 83,
    // 12 doubles from 2^53, and 13 floats from 2^24.
    refused: { ID_INEXACT: 25, TEXT_INVALID: 1, UNIT_MISSING: 8 },
  },
  {
    name: 'values as declared texts and numbers',
    dataset: {
      kind: 'table',
      refusedShare: 1,
      mapping: {
        columns: {
          id: 'id',
          ...Object.fromEntries(KINDS.map((column) => [column, column])),
          ...Object.fromEntries(
            FLAT.filter((kind) => !['day', 'at', 'instant'].includes(kind)).map((column) => [
              `${column}_number`,
              { column, type: 'double' as const },
            ]),
          ),
        },
      },
    },
    files: [{ sql: rowForEach(KINDS) }],
    rows: 74,
    refused: { ID_INEXACT: 25, TEXT_INVALID: 1, VALUE_INVALID: 20 },
  },
  {
    name: 'objects of JSON texts, with members that override theirs',
    dataset: events({ eventValue: 'id', metadataJson: 't', metadata: { key: 'id' } }),
    files: [
      {
        sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, * FROM (${rowForText(JSON_TEXTS)})`,
      },
    ],
    rows: 18,
    refused: { METADATA_INVALID: 15 },
  },
];
