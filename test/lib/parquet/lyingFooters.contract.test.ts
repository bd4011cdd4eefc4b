import { afterAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../lib/parquet/FileSchema.ts';
import { THRIFT, type ThriftField, type ThriftStruct } from '../../../lib/parquet/format/thriftCompact.ts';
import { type DatasetInput, MappingBench } from '../drops/engine/MappingBench.ts';
import { setStatistics } from './format/editFooter.ts';
import { longField } from './format/thriftWriter.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

// Fields of the statistics of a column chunk.
const OLD_MAX = 1;
const OLD_MIN = 2;
const NULLS = 3;
const DISTINCT = 4;
const MAX = 5;
const MIN = 6;

/** A column of the file. */
interface Column {
  /** Its name. */
  readonly name: string;
  /** Values that are accepted and values that are refused or missing. */
  readonly values: string;
  /** Bytes of a false least value. */
  readonly min: Buffer;
  /** Bytes of a false largest value, which differs. */
  readonly max: Buffer;
}

const COLUMNS: readonly Column[] = [
  {
    name: 'seconds',
    values: 'unnest([1795169730, 253402300801, NULL, -62135596801, 1795169735])::BIGINT',
    min: int64(1n),
    max: int64(2n),
  },
  {
    name: 'float_seconds',
    values: "unnest([1795169730, 'nan'::DOUBLE, NULL, 'inf'::DOUBLE, 1])",
    min: double(1),
    max: double(2),
  },
  {
    name: 'at',
    values:
      "unnest([TIMESTAMP '2026-11-20', TIMESTAMP '10000-01-02', NULL, TIMESTAMP 'infinity', TIMESTAMP '1970-01-01'])",
    min: int64(1n),
    max: int64(2n),
  },
  {
    name: 'day',
    values: "unnest([DATE '2026-11-20', DATE '10000-01-02', NULL, DATE 'infinity', DATE '1970-01-01'])",
    min: int32(1),
    max: int32(2),
  },
  { name: 'name', values: "unnest(['a', '', NULL, 'b', 'c'])", min: Buffer.from('x'), max: Buffer.from('y') },
  {
    name: 'amount',
    values: 'unnest([1.5, 999999.99, NULL, 0, -1])::DECIMAL(8, 2)',
    min: int32(1),
    max: int32(2),
  },
  { name: 'small', values: 'unnest([1, 2, NULL, 0, -1])::INTEGER', min: int32(7), max: int32(8) },
  {
    name: 'big',
    values: 'unnest([1, 9007199254740993, NULL, 0, -1])::BIGINT',
    min: int64(7n),
    max: int64(8n),
  },
  // Bounds of true and false that differ are right. That all are true, or the wrong way round, is false.
  {
    name: 'flag',
    values: 'unnest([true, false, NULL, true, false])',
    min: Buffer.of(1),
    max: Buffer.of(0),
  },
  {
    name: 'value',
    values: "unnest([1.5::DOUBLE, 'nan'::DOUBLE, NULL, 'inf'::DOUBLE, 0])",
    min: double(1),
    max: double(2),
  },
];

const MAPPINGS: readonly DatasetInput[] = [
  {
    kind: 'events',
    mapping: {
      timestamp: 'seconds',
      eventName: 'name',
      unitIds: { userID: 'small' },
      eventValue: 'value',
      metadata: ['flag', 'big', 'amount', 'day'],
    },
  },
  {
    kind: 'events',
    timezone: 'Europe/Berlin',
    mapping: {
      timestamp: 'at',
      eventName: 'flag',
      unitIds: { userID: 'value', other: 'name' },
      eventValue: 'big',
    },
  },
  {
    kind: 'events',
    mapping: { timestamp: 'float_seconds', eventName: { constant: 'e' }, unitIds: { userID: 'amount' } },
  },
  {
    kind: 'metrics',
    mapping: {
      date: 'day',
      metricName: 'name',
      idType: { constant: 'userID' },
      unitId: 'big',
      metricValue: 'value',
    },
  },
];

const LIES: Readonly<Record<string, (min: Buffer, max: Buffer) => ThriftStruct>> = {
  'other bounds': (min, max) => bounds(min, max, 0),
  'one value alone': (min) => bounds(min, min, 0),
  'bounds the wrong way round': (min, max) => bounds(max, min, 1),
  'nulls alone': () => new Map([[NULLS, longField(5)]]),
  'nulls alone, and bounds': (min, max) => bounds(min, max, 5),
  'more nulls than values': (min, max) => bounds(min, max, 1_000),
};

describe('wrong statistics', () => {
  const write = (name: string) => {
    const columns = COLUMNS.map((column) => `${column.values} AS ${column.name}`).join(', ');
    return bench.write(name, `SELECT ${columns}, unnest(range(5)) AS row`);
  };
  const resultOf = async (dataset: DatasetInput, file: EngineFile) => {
    const { rows, refused, result } = await bench.load(dataset, [file]);
    return {
      rows,
      refused: refused.map(({ reason, detail, raw }) => ({ reason, detail, raw })),
      result: result.rows,
    };
  };

  it.each(MAPPINGS.map((dataset, i) => ({ nth: i + 1, dataset })))(
    'do not change the output of a load of $dataset.kind: mapping $nth',
    async ({ dataset }) => {
      const honest = await resultOf(dataset, await write('stats.parquet'));
      expect(honest.result).toEqual({ in: 5, out: 2, refused: 3 });
      for (const [lie, statistics] of Object.entries(LIES)) {
        const file = await write('stats.parquet');
        for (const [i, { min, max }] of COLUMNS.entries()) {
          setStatistics(file, i, () => statistics(min, max));
          expect(statisticsOf(file, i)).toEqual(statistics(min, max));
        }
        expect({ lie, result: await resultOf(dataset, file) }).toEqual({ lie, result: honest });
      }
    },
  );
});

/** What the footer of a file with one row group says of a column. */
function statisticsOf(file: EngineFile, column: number): ThriftStruct | undefined {
  let read: ThriftStruct | undefined;
  setStatistics(file, column, (there) => {
    read = there;
    return there;
  });
  return read;
}

function bounds(min: Buffer, max: Buffer, nulls: number): ThriftStruct {
  return new Map([
    [OLD_MAX, binary(max)],
    [OLD_MIN, binary(min)],
    [NULLS, longField(nulls)],
    [DISTINCT, longField(1)],
    [MAX, binary(max)],
    [MIN, binary(min)],
  ]);
}

function binary(bytes: Buffer): ThriftField {
  return { type: THRIFT.binary, bytes: Buffer.concat([Buffer.of(bytes.length), bytes]) };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
