import { afterAll, describe, expect, it } from '@jest/globals';
import { THRIFT, type ThriftField, type ThriftStruct } from '../../../lib/parquet/thriftCompact.ts';
import { type DatasetInput, MappingBench } from '../drops/engine/MappingBench.ts';
import { setStatistics } from './editFooter.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

// Fields of the statistics of a column chunk.
const OLD_MAX = 1;
const OLD_MIN = 2;
const NULLS = 3;
const DISTINCT = 4;
const MAX = 5;
const MIN = 6;

/** A column of a file: values that are accepted and values that are refused or missing, and bytes of false bounds. */
const COLUMNS = [
  [
    'seconds',
    'unnest([1795169730, 253402300801, NULL, -62135596801, 1795169735])::BIGINT',
    int64(1n),
    int64(2n),
  ],
  ['float_seconds', "unnest([1795169730, 'nan'::DOUBLE, NULL, 'inf'::DOUBLE, 1])", double(1), double(2)],
  [
    'at',
    "unnest([TIMESTAMP '2026-11-20', TIMESTAMP '10000-01-02', NULL, TIMESTAMP 'infinity', TIMESTAMP '1970-01-01'])",
    int64(1n),
    int64(2n),
  ],
  [
    'day',
    "unnest([DATE '2026-11-20', DATE '10000-01-02', NULL, DATE 'infinity', DATE '1970-01-01'])",
    int32(1),
    int32(2),
  ],
  ['name', "unnest(['a', '', NULL, 'b', 'c'])", text('x'), text('y')],
  ['amount', 'unnest([1.5, 999999.99, NULL, 0, -1])::DECIMAL(8, 2)', int32(1), int32(2)],
  ['small', 'unnest([1, 2, NULL, 0, -1])::INTEGER', int32(7), int32(7)],
  ['big', 'unnest([1, 9007199254740993, NULL, 0, -1])::BIGINT', int64(7n), int64(7n)],
  ['flag', 'unnest([true, false, NULL, true, false])', Buffer.of(1), Buffer.of(1)],
  ['value', "unnest([1.5::DOUBLE, 'nan'::DOUBLE, NULL, 'inf'::DOUBLE, 0])", double(1), double(1)],
] as const;

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
  'other bounds': (min, max) => bounds(min, max, 0n),
  'one value alone': (min) => bounds(min, min, 0n),
  'bounds the wrong way round': (min, max) => bounds(max, min, 1n),
  'nulls alone': () => new Map([[NULLS, long(5n)]]),
  'nulls alone, and bounds': (min, max) => bounds(min, max, 5n),
  'more nulls than values': (min, max) => bounds(min, max, 1_000n),
};

describe('wrong statistics', () => {
  const write = (name: string) => {
    const columns = COLUMNS.map(([column, values]) => `${values} AS ${column}`).join(', ');
    return bench.write(name, `SELECT ${columns}, unnest(range(5)) AS row`);
  };
  const resultOf = async (dataset: DatasetInput, file: Awaited<ReturnType<typeof write>>) => {
    const { rows, refused, result } = await bench.load(dataset, [file]);
    return {
      rows,
      refused: refused.map(({ reason, detail, raw }) => ({ reason, detail, raw })),
      result: result.rows,
    };
  };

  it.each(MAPPINGS.map((dataset, i) => [i, dataset] as const))(
    'do not change the output of a load: mapping %d',
    async (_, dataset) => {
      const honest = await resultOf(dataset, await write('stats.parquet'));
      expect(honest.result.out).toBeGreaterThan(0);
      expect(honest.result.refused).toBeGreaterThan(0);
      for (const [lie, statistics] of Object.entries(LIES)) {
        const file = await write('stats.parquet');
        for (const [i, [, , min, max]] of COLUMNS.entries())
          setStatistics(file, i, () => statistics(min, max));
        expect({ lie, result: await resultOf(dataset, file) }).toEqual({ lie, result: honest });
      }
    },
  );
});

function bounds(min: Buffer, max: Buffer, nulls: bigint): ThriftStruct {
  return new Map([
    [OLD_MAX, binary(max)],
    [OLD_MIN, binary(min)],
    [NULLS, long(nulls)],
    [DISTINCT, long(1n)],
    [MAX, binary(max)],
    [MIN, binary(min)],
  ]);
}

function binary(bytes: Buffer): ThriftField {
  return { type: THRIFT.binary, bytes: Buffer.concat([Buffer.of(bytes.length), bytes]) };
}

function long(value: bigint): ThriftField {
  const bytes: number[] = [];
  let rest = value * 2n;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return { type: THRIFT.i64, bytes: Buffer.from([...bytes, Number(rest)]) };
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

function text(value: string): Buffer {
  return Buffer.from(value);
}
