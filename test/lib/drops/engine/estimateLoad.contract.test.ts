import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FileSchema } from '../../../../lib/drops/engine/Engine.ts';
import { estimateLoad } from '../../../../lib/drops/engine/estimateLoad.ts';
import { type DatasetInput, MappingBench, subjectOf } from './MappingBench.ts';

let bench: MappingBench;
beforeAll(async () => {
  bench = await MappingBench.open();
});
afterAll(() => bench.close());

const ROWS = `SELECT TIMESTAMP '2026-11-20 10:00:00' + to_milliseconds(i) AS timestamp, 'event_' || (i % 7) AS event_name,
  md5(i::VARCHAR) AS unit_id, md5((i * 3)::VARCHAR) || md5((i * 5)::VARCHAR) AS page, i AS n, [i, i + 1] AS list,
  {'city': md5((i * 7)::VARCHAR), 'zip': i % 99} AS place`;

async function schemasOf(name: string, query: string, options = ''): Promise<FileSchema[]> {
  const described = await bench.describe([await bench.write(name, query, options)]);
  return described.flatMap((file) => ('problem' in file ? [] : [file]));
}

function estimate(dataset: DatasetInput, schemas: readonly FileSchema[], memoryMegabytes = 1) {
  return estimateLoad(subjectOf(dataset), schemas, { memoryMegabytes });
}

const KINDS: readonly DatasetInput[] = [
  { kind: 'events', mapping: { metadata: ['page', 'n', 'list', 'place'] } },
  { kind: 'events' },
  { kind: 'exposures', mapping: { experiment: 'event_name', group: 'event_name', metadata: ['n'] } },
  {
    kind: 'metrics',
    mapping: {
      idType: { constant: 'userID' },
      metricName: 'event_name',
      date: 'timestamp',
      metricValue: 'n',
    },
  },
  { kind: 'properties', mapping: { properties: ['page', 'n'] } },
  { kind: 'table', mapping: { columns: { page: 'page', n: { column: 'n', type: 'bigint' } } } },
];

describe('the estimate of a load', () => {
  it.each(KINDS)('is near what a load of $kind writes', async (dataset) => {
    const [file] = await schemasOf('near.parquet', `${ROWS} FROM range(60000) t(i)`, 'COMPRESSION zstd');
    if (file === undefined) throw new RangeError('No file.');
    const { rows, inputBytes, outputBytes } = estimate(dataset, [file]);
    expect({ rows, inputBytes }).toEqual({ rows: 60_000, inputBytes: statSync(file.path).size });
    const { result } = await bench.load(dataset, [file]);
    const written = result.written.reduce((sum, { bytes }) => sum + bytes, 0);
    // With so few rows, a part of the size is each file's overhead. The benchmark measures large loads.
    expect(outputBytes / written).toBeGreaterThan(0.9);
    expect(outputBytes / written).toBeLessThan(1.4);
  });

  it('counts no temporary files for rows that fit the memory, or that are not sorted', async () => {
    const schemas = await schemasOf('memory.parquet', `${ROWS} FROM range(60000) t(i)`);
    const small = estimate({ kind: 'events' }, schemas, 1);
    const large = estimate({ kind: 'events' }, schemas, 1_000);
    expect(small.spillBytes).toBeGreaterThan(3_000_000);
    expect(large).toEqual({ ...small, spillBytes: 0, diskBytes: large.inputBytes + large.outputBytes });
    expect(small.diskBytes).toBeGreaterThan(small.inputBytes + small.spillBytes);
    const mapping = { columns: { page: 'page' } };
    expect(estimate({ kind: 'table', mapping }, schemas).spillBytes).toBe(0);
    expect(
      estimate({ kind: 'table', mapping: { ...mapping, sortBy: ['page'] } }, schemas).spillBytes,
    ).toBeGreaterThan(0);
  });

  it('knows the length of texts, with and without a dictionary', async () => {
    const texts = (length: number, distinct: number) =>
      `SELECT 1 AS timestamp, 'e' AS event_name, repeat('x', ${length - 6}) || lpad((i % ${distinct})::VARCHAR, 6, '0') AS unit_id FROM range(60000) t(i)`;
    for (const distinct of [10, 60_000]) {
      const [short] = await schemasOf('short.parquet', texts(20, distinct));
      const [long] = await schemasOf('long.parquet', texts(120, distinct));
      for (const [file, length] of [
        [short, 20],
        [long, 120],
      ] as const) {
        expect(file?.leafSizes[2]?.text).toBeGreaterThan(length - 1);
        expect(file?.leafSizes[2]?.text).toBeLessThan(length + 1);
      }
    }
    const [nulls] = await schemasOf(
      'nulls.parquet',
      `SELECT 1 AS timestamp, CASE WHEN i % 4 = 0 THEN repeat('x', 40) || i::VARCHAR END AS unit_id FROM range(60000) t(i)`,
    );
    expect(nulls?.leafSizes[1]?.text).toBeCloseTo(45 / 4, 0);
  });

  it('reads footers only, and adds up files of different schemas', async () => {
    const query = (n: number) => `SELECT * EXCLUDE (n) FROM (${ROWS} FROM range(${n}) t(i))`;
    const one = await schemasOf('one.parquet', `${ROWS} FROM range(30000) t(i)`);
    const other = await schemasOf('other.parquet', query(20_000));
    const [first, second, both] = [one, other, [...one, ...other]].map((some) =>
      estimate({ kind: 'events' }, some),
    );
    expect(both?.rows).toBe(50_000);
    expect(both?.inputBytes).toBe((first?.inputBytes ?? 0) + (second?.inputBytes ?? 0));
    expect(both?.outputBytes).toBeCloseTo((first?.outputBytes ?? 0) + (second?.outputBytes ?? 0));

    const [file] = one;
    if (file === undefined) throw new RangeError('No file.');
    const bytes = readFileSync(file.path);
    const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
    writeFileSync(file.path, bytes.fill(0, 4, bytes.length - footer));
    const described = await bench.describe([{ ...file, onlyFooter: true }]);
    const sparse = described.flatMap((each) => ('problem' in each ? [] : [each]));
    expect(estimate({ kind: 'events' }, sparse)).toEqual(first);
  });

  it('is zero for files without rows', async () => {
    const schemas = await schemasOf('none.parquet', `${ROWS} FROM range(0) t(i)`);
    expect(estimate({ kind: 'events' }, schemas)).toMatchObject({ rows: 0, spillBytes: 0, outputBytes: 0 });
  });
});
