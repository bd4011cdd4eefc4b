import { KINDS, rowForEach } from './columnValues.ts';
import { type DropCase, events, rowForText } from './DropCase.ts';
import { HALVES, JSON_TEXTS, NEARLY_JSON } from './oddTexts.ts';

const FLAT = KINDS.filter((kind) => !['struct', 'list'].includes(kind));

/** Struct in struct, list, map, and lists of structs. */
const NESTED = `SELECT * FROM (VALUES
    (1, 'a', {'when': TIMESTAMP '2026-11-20 10:15:30.5'}, {'id': 'u1', 'of': {'company': 7, 'price': 12.50::DECIMAL(10,2)}}, [1.5, NULL, 100], MAP {'a': 1, 'b': NULL},
      [{'x': [1], 'y': true}], MAP {'k': {'n': 1e21}}),
    (2, 'b', {'when': TIMESTAMP '2026-11-20 10:15:31'}, {'id': NULL, 'of': {'company': NULL, 'price': 0.05}}, [], MAP {}, [NULL], MAP {'k': NULL}),
    (3, 'c', {'when': TIMESTAMP '2026-11-20 10:15:32'}, {'id': 'ü"\\/' || chr(10) || chr(1), 'of': NULL}, NULL, MAP {'é "q"': 9007199254740993}, [], NULL),
    (4, 'd', NULL, {'id': 'u4', 'of': {'company': -1, 'price': -0.05}}, NULL, NULL, NULL, NULL),
    (5, 'e', {'when': NULL}, NULL, NULL, NULL, NULL, NULL),
    (6, NULL, {'when': TIMESTAMP '2026-11-20 10:15:33'}, NULL, [-0.0, 1e-7, 0.1], NULL, [{'x': NULL, 'y': NULL}], NULL)
  ) AS given(n, event_name, "at", "user", "list", "map", many, maps)`;

const NESTED_TIMES = `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, * FROM (VALUES
    ({'at': TIMESTAMPTZ '2026-11-20 10:00:00.123+00', 'n': 1}, [TIMESTAMPTZ '2026-11-20 12:00:00+02', NULL], MAP {'k': TIMESTAMPTZ '1969-12-31 23:59:59.5+00'},
      [{'days': MAP {'d': [TIMESTAMPTZ '2026-11-20 00:00:00+00']}}], {'at': TIMESTAMP '2026-11-20 10:00:00', 'day': DATE '2026-11-20'}),
    (NULL, NULL, MAP {'k': NULL}, [NULL], {'at': NULL, 'day': NULL})) AS given(s, l, m, deep, plain)`;

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
  {
    name: 'objects of JSON texts with halves of pairs of surrogates, and with what JSON has not',
    dataset: events({ eventValue: 'id', metadataJson: 't' }),
    files: [
      {
        sql: `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, * FROM (${rowForText([...HALVES, ...NEARLY_JSON])})`,
      },
    ],
    rows: 6,
    refused: { METADATA_INVALID: 5 },
  },
  {
    name: 'times within nested values',
    dataset: events({ eventValue: 's', metadata: ['s', 'l', 'm', 'deep', 'plain'] }),
    files: [{ sql: NESTED_TIMES }],
    rows: 2,
    refused: {},
  },
  {
    name: 'nested values, and their members as sources',
    dataset: events({
      timestamp: 'at.when',
      eventValue: 'user',
      unitIds: { userID: 'user.id', companyID: 'user.of.company', row: 'n' },
      metadataJson: 'user',
      metadata: { who: 'user', list: 'list', map: 'map', price: 'user.of.price', many: 'many', maps: 'maps' },
    }),
    files: [{ sql: NESTED }],
    rows: 3,
    refused: { NAME_MISSING: 1, TIME_MISSING: 2 },
  },
  {
    name: 'floats as IDs, which those do not hold that are large',
    dataset: events({ unitIds: { userID: 'd', companyID: 'f', row: { column: 'id', optional: true } } }),
    files: [
      {
        sql: `SELECT 1795169730 AS ts, 'e' AS event_name, * FROM (VALUES (1, 12345678901234567::DOUBLE, 1::FLOAT), (2, 9007199254740991, NULL),
          (3, 'nan', 16777215), (4, 7.5, 'inf'), (5, NULL, -16777216), (6, -9007199254740992, 2)) AS given(id, d, f)`,
      },
    ],
    rows: 3,
    refused: { ID_INEXACT: 3 },
  },
  {
    name: 'decimals as other writers have them',
    dataset: {
      kind: 'events',
      mapping: {
        metadata: Object.fromEntries(
          ['int32', 'int64', 'bytes', 'wide', 'exact'].map((column) => [column, { column, optional: true }]),
        ),
      },
    },
    files: ['decimals', 'decimals-in-bytes'].map((name) => ({ fixture: `${name}.parquet` })),
    rows: 6,
    refused: {},
  },
  {
    name: 'lists as other writers have them',
    dataset: {
      kind: 'events',
      mapping: { metadata: ['list', 'repeated', 'pairs', 'struct', 'map', 'keys'] },
    },
    files: [{ fixture: 'lists.parquet' }],
    rows: 3,
    refused: {},
  },
];
