import { afterAll, expect, it } from '@jest/globals';
import { type DatasetInput, EVENT, events, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const declared = (type: 'bigint' | 'boolean'): DatasetInput => ({
  kind: 'table',
  mapping: { columns: { x: { column: 'x', type } } },
});
const text: DatasetInput = events({ eventValue: { column: 'x', cast: 'string' } });
const value: DatasetInput = events({ eventValue: 'x' });
const id: DatasetInput = events({ unitIds: { userID: 'x' } });
const metadata: DatasetInput = events({ metadataJson: 'x' });
const metric: DatasetInput = {
  kind: 'metrics',
  mapping: { metricValue: 'x', date: 'timestamp', metricName: 'event_name', idType: { constant: 'userID' } },
};
const CAST = 'CAST_FAILED';

/** A column of a table. */
interface Kept {
  readonly what: string;
  readonly dataset: DatasetInput;
  readonly column: string;
  /** By the SQL of a value: what becomes of it, or the reason for which its row is refused. */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

const cases: readonly Kept[] = [
  {
    what: 'an event value',
    dataset: value,
    column: 'event_value',
    values: {
      "'a\"b'": 'a"b',
      '17.0::DOUBLE': '17',
      '17.5::DOUBLE': '17.5',
      '-3.0::FLOAT': '-3',
      '1e20::DOUBLE': '1e+20',
      '9007199254740994::DOUBLE': '9007199254740994.0',
      '9007199254740993::BIGINT': '9007199254740993',
      '3.03::DECIMAL(10,2)': '3.03',
      true: 'true',
      "'\\xFF'::BLOB": 'TEXT_INVALID',
      "encode('é')": 'é',
      "'a'::ENUM('a','b')": 'a',
      "UUID '8d1244ef-86df-4bf7-90e5-d9e6e9645a50'": '8d1244ef-86df-4bf7-90e5-d9e6e9645a50',
      "DATE '2026-11-20'": '2026-11-20',
      "{'a': [1, 2]}": '{"a":[1,2]}',
      '[1, 2]': '[1,2]',
    },
  },
  {
    what: 'an ID',
    dataset: id,
    column: 'user_id',
    values: {
      '12.00::DECIMAL(10,2)': '12',
      '-12.50::DECIMAL(10,2)': '-12.50',
      '12::DECIMAL(38,0)': '12',
      "'12345678901234567890123456789012345678'::DECIMAL(38,0)": '12345678901234567890123456789012345678',
      '0::DECIMAL(4,4)': '0',
      '12345678901234567::BIGINT': '12345678901234567',
      // Floats that do not hold every whole number.
      '9007199254740992::DOUBLE': 'ID_INEXACT',
      '-9007199254740994::DOUBLE': 'ID_INEXACT',
      '1e300::DOUBLE': 'ID_INEXACT',
      '16777216::FLOAT': 'ID_INEXACT',
      '9007199254740991::DOUBLE': '9007199254740991',
      '16777215::FLOAT': '16777215',
      "'nan'::DOUBLE": 'UNIT_MISSING',
      "'inf'::FLOAT": 'UNIT_MISSING',
    },
  },
  {
    what: 'a metric',
    dataset: metric,
    column: 'metric_value',
    values: {
      "'nan'::DOUBLE": 'VALUE_INVALID',
      "'infinity'::FLOAT": 'VALUE_INVALID',
      "'much'": 'VALUE_INVALID',
      "' 1.5 '": 1.5,
      "encode('2')": 2,
      true: 1,
      '1234567890123456789::HUGEINT': 1234567890123456800,
      '0.1::DECIMAL(38,10)': 0.1,
    },
  },
  {
    what: 'the JSON of metadata',
    dataset: metadata,
    column: 'event_metadata',
    values: Object.fromEntries(
      ['{"a":NaN}', '{"a":[-inf]}', '{"NaN":Infinity}', '{"a":"\\"",nan":nAn}', '[1]', '7', 'nope', '{'].map(
        (json) => [`'${json}'`, 'METADATA_INVALID'],
      ),
    ),
  },
  {
    what: 'a bigint',
    dataset: declared('bigint'),
    column: 'x',
    values: {
      "'17'": '17',
      "' 17.0 '": '17',
      "'17.6'": CAST,
      "'1e3'": CAST,
      "'9223372036854775808'": CAST,
      '17.0::DOUBLE': '17',
      '17.6::DOUBLE': CAST,
      '17.00::DECIMAL(10,2)': '17',
      '17.60::DECIMAL(10,2)': CAST,
      true: '1',
      'NULL::VARCHAR': null,
      "'17'::BLOB": '17',
    },
  },
  {
    what: 'a boolean',
    dataset: declared('boolean'),
    column: 'x',
    values: {
      "'TRUE'": true,
      '0': false,
      '-5': CAST,
      '1.0::DOUBLE': true,
      '0.5::DOUBLE': CAST,
      '1.00::DECIMAL(10,2)': true,
      '0.50::DECIMAL(10,2)': CAST,
      '2::HUGEINT': CAST,
      "'perhaps'": CAST,
    },
  },
  {
    what: 'a string',
    dataset: text,
    column: 'event_value',
    values: {
      '17::INTEGER': '17',
      "'\\xFF'::BLOB": CAST,
    },
  },
];

it.each(cases)('$what is kept, or its row refused', async ({ dataset, column, values }) => {
  const written = Object.keys(values);
  const writes = written.map((sql, i) => bench.write(`${i}.parquet`, `SELECT ${EVENT}, ${sql} AS x`));
  const { rows, refused } = await bench.load(dataset, await Promise.all(writes));
  const taken = new Map(rows.map((row) => [row['source_file'], row[column]]));
  for (const { path, reason } of refused)
    taken.set(String(path).split('/').at(-1), String(reason).replace('SLUICE_INGEST_ROW_', ''));
  const found = Object.fromEntries(written.map((sql, i) => [sql, taken.get(`${i}.parquet`)]));
  expect(found).toEqual(values);
});
