import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { duckDbEngine } from '../../../../lib/drops/engine/duckDbEngine.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { WrittenFile } from '../../../../lib/parquet/cutFile.ts';
import { cutFile } from '../../../../lib/parquet/cutFile.ts';
import { MappingBench, subjectOf } from './MappingBench.ts';

/** The part of parquetjs-lite that is used; the package has no types of its own. */
interface ParquetModule {
  readonly ParquetReader: {
    openFile(path: string): Promise<{
      getCursor(): { next(): Promise<Readonly<Record<string, unknown>> | null> };
      close(): Promise<void>;
    }>;
  };
}

const { ParquetReader }: ParquetModule = createRequire(import.meta.url)('parquetjs-lite');

let bench: MappingBench;
beforeAll(async () => {
  bench = await MappingBench.open();
});
afterAll(() => bench.close());

const ROWS = `SELECT i, 'e' || (i % 40) AS name, md5(i::VARCHAR) AS text, {'a': i, 'b': [i, i + 1]} AS nested,
  CASE WHEN i % 3 = 0 THEN i / 8 END AS number FROM range(50000) t(i)`;

const counts = z.array(z.object({ rows: z.coerce.number(), wrong: z.coerce.number() }));

/** Cuts a file of 25 row groups. */
async function cut(
  name: string,
  most: number,
  options = 'COMPRESSION zstd',
): Promise<readonly WrittenFile[]> {
  const { path } = await bench.write(`${name}.parquet`, ROWS, `ROW_GROUP_SIZE 2048, ${options}`);
  copyFileSync(path, join(bench.directory, `${name}-whole.parquet`));
  return cutFile(path, most, (n) => join(bench.directory, `${name}-${n}.parquet`));
}

/** Counts numbered rows, and rows that are not in their place. */
async function rowsOf({ path }: WrittenFile, first: number) {
  const [found] = counts.parse(
    await bench.query(`SELECT count(*) AS rows, count(*) FILTER (i <> file_row_number + ${first}
        OR name <> 'e' || (i % 40) OR text <> md5(i::VARCHAR) OR nested.b[2] <> i + 1 OR number IS DISTINCT FROM CASE WHEN i % 3 = 0 THEN i / 8 END) AS wrong
      FROM read_parquet('${path}')`),
  );
  return found;
}

describe('a file that is cut', () => {
  it.each(['zstd', 'snappy', 'uncompressed'])(
    'holds the same rows in the same order, with %s',
    async (codec) => {
      const name = `order-${codec}`;
      const files = await cut(name, 400_000, `COMPRESSION ${codec}`);
      expect(files.length).toBeGreaterThan(2);
      let first = 0;
      for (const file of files) {
        expect(await rowsOf(file, first)).toEqual({ rows: file.rows, wrong: 0 });
        expect(statSync(file.path).size).toBe(file.bytes);
        first += file.rows;
      }
      expect(first).toBe(50_000);
      expect(files.map(({ path }) => path.slice(bench.directory.length + 1))).toEqual([
        `${name}.parquet`,
        ...files.slice(1).map((_, i) => `${name}-${i + 1}.parquet`),
      ]);
    },
  );

  it('becomes files of about the same size, and none beyond the limit', async () => {
    for (const most of [300_000, 700_000, 1_500_000]) {
      const files = await cut(`even-${most}`, most);
      // Their footers come on top.
      const sizes = files.map(({ bytes }) => bytes);
      expect(Math.max(...sizes)).toBeLessThan(most + 40_000);
      expect(Math.min(...sizes)).toBeGreaterThan(Math.max(...sizes) / 3);
    }
  });

  it('stays as it is if it is no larger than the limit', async () => {
    const [file, ...others] = await cut('small', 100_000_000);
    expect(others).toEqual([]);
    const whole = readFileSync(join(bench.directory, 'small-whole.parquet'));
    expect(readFileSync(file?.path ?? '').equals(whole)).toBe(true);
    expect(file).toMatchObject({ bytes: whole.length, rows: 50_000 });
  });

  it('becomes one file a row group if row groups are larger than the limit', async () => {
    const files = await cut('large', 1);
    expect(files.map(({ rows }) => rows)).toEqual([...Array(24).fill(2_048), 50_000 - 24 * 2_048]);
  });

  it('keeps statistics and bloom filters, which readers skip row groups by', async () => {
    const files = await cut('filters', 400_000);
    const facts = (path: string) =>
      bench.query(`SELECT path_in_schema, stats_min_value, stats_max_value, stats_null_count, num_values, bloom_filter_length
        FROM parquet_metadata('${path}') ORDER BY row_group_id, column_id`);
    const cutFacts = [];
    for (const { path } of files) cutFacts.push(...(await facts(path)));
    expect(cutFacts).toEqual(await facts(join(bench.directory, 'filters-whole.parquet')));
    expect(cutFacts.some((fact) => fact['bloom_filter_length'] !== null)).toBe(true);
    for (const { path } of files) {
      const probe = (name: string) =>
        bench.query(
          `SELECT bool_and(bloom_filter_excludes) AS no FROM parquet_bloom_probe('${path}', 'name', '${name}')`,
        );
      expect([await probe('e7'), await probe('no such name')]).toEqual([[{ no: false }], [{ no: true }]]);
    }
  });

  it('is read by an independent reader', async () => {
    const { path } = await bench.write(
      'plain.parquet',
      "SELECT i, 'e' || i AS name FROM range(10000) t(i)",
      'ROW_GROUP_SIZE 2048, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1',
    );
    const files = await cutFile(path, 40_000, (n) => join(bench.directory, `plain-${n}.parquet`));
    expect(files.length).toBeGreaterThan(1);
    let next = 0;
    for (const file of files) {
      const reader = await ParquetReader.openFile(file.path);
      const cursor = reader.getCursor();
      for (let row = await cursor.next(); row !== null; row = await cursor.next()) {
        expect([Number(row['i']), row['name']]).toEqual([next, `e${next}`]);
        next += 1;
      }
      await reader.close();
    }
    expect(next).toBe(10_000);
  });
});

describe('a load that writes several files', () => {
  it.each([1, 4])('keeps the order of rows over all of them, with %i threads', async (threads) => {
    const dataset = { kind: 'events' } as const;
    const file = await bench.write(
      `several-${threads}.parquet`,
      `SELECT 1795132800 + hash(i) % 86400 AS timestamp, 'e' AS event_name, CASE WHEN i % 1000 > 0 THEN md5(i::VARCHAR) END AS unit_id FROM range(600000) t(i)`,
    );
    const limits = { ...bench.limits, threads };
    const schemas = (await duckDbEngine(limits).describe([file])).flatMap((one) =>
      'problem' in one ? [] : [one],
    );
    const outputDirectory = join(bench.directory, `several-${threads}`);
    mkdirSync(outputDirectory);
    const { written, rows } = await duckDbEngine(limits).load({
      ...{ files: schemas, day: '2026-11-20', outputDirectory, limits, loadedAt: 0 },
      mapping: compileMapping(subjectOf(dataset), schemas),
      refusedPath: join(bench.directory, `several-refused-${threads}.parquet`),
      largestFile: 10_000_000,
    });
    expect(rows).toEqual({ in: 600_000, out: 599_400, refused: 600 });
    expect(written.length).toBeGreaterThan(2);
    expect(readdirSync(outputDirectory).sort()).toEqual(written.map((_, i) => `part-${i}.parquet`));
    expect(written.reduce((sum, one) => sum + one.rows, 0)).toBe(599_400);
    let last = '';
    for (const { path, rows: expected } of written) {
      const [found] =
        await bench.query(`SELECT count(*)::INTEGER AS rows, min(timestamp)::VARCHAR AS first, max(timestamp)::VARCHAR AS last,
        count(*) FILTER (timestamp < before)::INTEGER AS early
        FROM (SELECT timestamp, lag(timestamp) OVER (ORDER BY file_row_number) AS before FROM read_parquet('${path}'))`);
      expect(found).toMatchObject({ rows: expected, early: 0 });
      expect(String(found?.['first']) >= last).toBe(true);
      last = String(found?.['last']);
    }
  });
});
