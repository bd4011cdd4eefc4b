import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { quoteText } from '../../../../lib/base/sql.ts';
import { sum } from '../../../../lib/base/sum.ts';
import type { CuratedTable } from '../../../../lib/curate/curatedTables.ts';
import type { CuratedFiles, CurateRequest } from '../../../../lib/curate/engine/CurateRequest.ts';
import { curateFiles } from '../../../../lib/curate/engine/curateFiles.ts';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { duckDb } from '../../../harness/duckDb.ts';
import { setRows } from '../../parquet/format/editFooter.ts';
import { longField } from '../../parquet/format/thriftWriter.ts';
import { generateRows } from '../../views/generateRows.ts';
import { type FileRow, tables, writeRaw } from './rawFiles.ts';

const ALL = Number.MAX_SAFE_INTEGER;
const folder = mkdtempSync(join(tmpdir(), 'sluice-curate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What was written of a request. */
interface Curated extends CuratedFiles {
  /** Rows of the curated files, file by file. */
  readonly rows: readonly FileRow[];
}

/** Curates batches of raw files, and reads what was written, file by file. */
async function curate(
  table: CuratedTable,
  batches: readonly (readonly EngineFile[])[],
  how: Partial<CurateRequest> = {},
  columns = '*',
): Promise<Curated> {
  const work = mkdtempSync(join(folder, 'work-'));
  const outputDirectory = join(work, 'rows');
  const temporaryDirectory = join(work, 'spilled');
  for (const path of [outputDirectory, temporaryDirectory]) mkdirSync(path);
  const waiting = [...batches];
  const result = await curateFiles({
    table,
    files: batches.flat().length,
    nextBatch: async () => waiting.shift() ?? null,
    slices: 1,
    slice: 0,
    rowsAtOnce: ALL,
    outputDirectory,
    limits: { memoryMegabytes: 256, threads: 1, temporaryDirectory },
    ...how,
  });
  const paths = result.written.map(({ path }) => quoteText(path)).join(', ');
  const rows = paths === '' ? [] : await duckDb(`SELECT ${columns} FROM read_parquet([${paths}])`);
  return { ...result, rows };
}

/** A part of the raw rows, by its number, or the files of a version. */
type Part = number | 'old';

/** The event and the experiment of each row, in order of the events. */
const named = (all: readonly FileRow[]) =>
  all.map((row) => `${row['event_id']} ${row['experiment_id']}`).sort();

const exposure = (row: FileRow): FileRow => ({
  event_id: 'e1',
  experiment_id: 'hero',
  environment: 'production',
  is_assignment: true,
  user_id: 'u1',
  timestamp: '2026-11-16 10:00:00',
  received_at: '2026-11-16 10:00:01',
  ...row,
});
const { exposures } = tables;
const write = (name: string, rows: readonly FileRow[], columns = exposures.raw) =>
  writeRaw(folder, name, rows, columns);

describe('curateFiles', () => {
  it('keeps the first of copies that agree, and all copies that differ in more than the sender', async () => {
    const file = await write('raw', [
      exposure({ event_id: 'once' }),
      exposure({ event_id: 'again', received_at: '2026-11-16 12:00:00', session_id: 'later' }),
      exposure({ event_id: 'again', sdk_version: '2' }),
      exposure({ event_id: 'differs', received_at: '2026-11-16 12:00:00', environment: 'staging' }),
      exposure({ event_id: 'differs' }),
      exposure({ event_id: 'filled', company_id: 'c1' }),
      exposure({ event_id: 'filled', received_at: '2026-11-16 11:00:00' }),
      // The same identity under another name is another event.
      exposure({ event_id: 'once', experiment_id: 'banner' }),
      exposure({ event_id: null, experiment_id: null }),
      exposure({ event_id: null, experiment_id: null, session_id: 's' }),
    ]);
    const { rows, account, written } = await curate(exposures, [[file]]);
    expect(
      rows.map((row) => [
        row['experiment_id'],
        row['event_id'],
        row['received_at'],
        row['copies'],
        row['copies_differ'],
        row['copy'],
      ]),
    ).toEqual([
      ['banner', 'once', '2026-11-16 10:00:01', '1', false, '1'],
      ['hero', 'again', '2026-11-16 10:00:01', '2', false, '1'],
      ['hero', 'once', '2026-11-16 10:00:01', '1', false, '1'],
      [null, null, '2026-11-16 10:00:01', '2', false, '1'],
      ['hero', 'differs', '2026-11-16 10:00:01', '2', true, '1'],
      ['hero', 'differs', '2026-11-16 12:00:00', '2', true, '2'],
      ['hero', 'filled', '2026-11-16 10:00:01', '2', true, '1'],
      ['hero', 'filled', '2026-11-16 11:00:00', '2', true, '2'],
    ]);
    expect(account).toEqual({ rawRows: 10, sliceRows: 10, kept: 0, rows: 8, resends: 2, differing: 4 });
    expect(written.map(({ rows: count }) => count)).toEqual([4, 4]);
  });

  it('takes exposures of a layer for one event, whatever name their experiment had landed by', async () => {
    const ofLayer = (row: FileRow) => exposure({ exposure_type: 'layer', layer_id: 'home', ...row });
    const file = await write('raw', [
      ofLayer({ experiment_id: 'hashed' }),
      ofLayer({ experiment_id: 'hero' }),
      ofLayer({ layer_id: 'cart' }),
    ]);
    const { rows } = await curate(exposures, [[file]]);
    expect(rows.map((row) => [row['layer_id'], row['experiment_id'], row['copies']])).toEqual([
      ['cart', 'hero', '1'],
      ['home', 'hashed', '2'],
      ['home', 'hero', '2'],
    ]);
  });

  it('tells events apart by their names, too', async () => {
    const event = (row: FileRow): FileRow => ({
      event_id: 'e1',
      event_name: 'view',
      timestamp: '2026-11-16 10:00:00',
      received_at: '2026-11-16 10:00:01',
      ...row,
    });
    const rows = [event({}), event({ event_name: 'buy' }), event({ received_at: '2026-11-16 11:00:00' })];
    const file = await write('raw', rows, tables.events.raw);
    const curated = await curate(tables.events, [[file]]);
    expect(curated.rows.map((row) => [row['event_name'], row['received_at'], row['copies']])).toEqual([
      ['buy', '2026-11-16 10:00:01', '1'],
      ['view', '2026-11-16 10:00:01', '2'],
    ]);
  });

  it('breaks ties by the written order, nulls last', async () => {
    const copies = [
      { sdk_type: null },
      { sdk_type: 'b', sdk_version: '1' },
      { sdk_type: 'b', sdk_version: null },
      { sdk_type: 'a', session_id: 'y' },
      { sdk_type: 'a', session_id: 'x', statsig_metadata: '{"b":1}' },
      { sdk_type: 'a', session_id: 'x', statsig_metadata: '{"a":1}' },
    ];
    for (const order of [copies, copies.toReversed()]) {
      const file = await write('raw', order.map(exposure));
      const { rows } = await curate(exposures, [[file]]);
      expect(rows).toMatchObject([
        { sdk_type: 'a', session_id: 'x', statsig_metadata: '{"a":1}', copies: '6' },
      ]);
    }
  });

  describe('in batches and slices', () => {
    // Names by the event, so that copies have the same; some copies differ in their environment.
    const rows = generateRows(7)
      .exposures.slice(0, 150)
      .map((row, i) => {
        const number = Number(String(row['event_id']).slice(1));
        const name = number % 3 === 0 ? { experiment_id: `rare_${number % 17}` } : {};
        return { ...row, ...name, ...(i % 11 === 0 ? { environment: 'elsewhere' } : {}) };
      });
    let files: readonly EngineFile[];
    let whole: Curated;
    const texts = (some: readonly FileRow[]) => some.map((row) => JSON.stringify(row)).sort();
    beforeAll(async () => {
      const parts = [0, 1, 2, 3, 4, 5].map((part) => rows.filter((_, n) => n % 6 === part));
      files = await Promise.all(parts.map((some, i) => write(`batch-${i}`, some)));
      whole = await curate(exposures, [files]);
      expect(whole.account.resends).toBeGreaterThan(0);
      expect(whole.account.differing).toBeGreaterThan(0);
      expect(whole.account.rawRows).toBe(150);
    });

    it.each([
      { what: 'all at once', rowsAtOnce: ALL, leastFiles: 1 },
      { what: 'staged by five', rowsAtOnce: 5, leastFiles: 21 },
    ])('has the rows that it has in one batch, $what', async ({ rowsAtOnce, leastFiles }) => {
      const staged = await curate(exposures, [files.slice(0, 1), [], files.slice(1)], { rowsAtOnce });
      expect(staged.account).toEqual(whole.account);
      expect(texts(staged.rows)).toEqual(texts(whole.rows));
      expect(staged.written.length).toBeGreaterThanOrEqual(leastFiles);
    });

    it('has each row in one of the slices, which have names of their own', async () => {
      const slices: Curated[] = [];
      for (const [slice, rowsAtOnce] of [ALL, 10, ALL].entries())
        slices.push(await curate(exposures, [files], { slices: 3, slice, rowsAtOnce }));
      expect(texts(slices.flatMap((slice) => slice.rows))).toEqual(texts(whole.rows));
      expect(slices.map(({ account }) => account.rawRows)).toEqual([150, 150, 150]);
      expect(sum(slices.map(({ account }) => account.sliceRows))).toBe(150);
      expect(slices.every(({ account }) => account.sliceRows > 0)).toBe(true);
      const names = slices.flatMap(({ written }) => written.map(({ path }) => path.split('/').at(-1)));
      expect(new Set(names).size).toBe(names.length);
    });
  });

  describe('keeps the rows of a version whose events no raw file has', () => {
    const rows = [
      ...generateRows(8)
        .exposures.slice(0, 120)
        .map((row, i) => ({ ...row, ...(i % 11 === 0 ? { environment: 'elsewhere' } : {}) })),
      // In the first part.
      exposure({ event_id: null, experiment_id: null }),
    ];
    const rowsOf = (part: number) => rows.filter((_, n) => n % 3 === part);
    const ids = (some: readonly FileRow[]) => new Set(some.map((row) => row['event_id']));
    let files: readonly EngineFile[];
    let before: Curated;
    let old: readonly EngineFile[];
    beforeAll(async () => {
      files = await Promise.all([0, 1, 2].map((part) => write(`part-${part}`, rowsOf(part))));
      before = await curate(exposures, [files]);
      old = before.written.map(({ path }) => ({ path, name: path, isKept: true }));
    });
    /** Curates batches of parts and of the files that the version has. */
    const curateAgain = (batches: readonly (readonly Part[])[], how: Partial<CurateRequest> = {}) =>
      curate(
        exposures,
        batches.map((batch) => batch.flatMap((part) => (part === 'old' ? old : files.slice(part, part + 1)))),
        { hasKept: true, ...how },
      );
    /** The rows whose events none of the parts has. */
    const keptOf = (some: readonly FileRow[], batches: readonly (readonly Part[])[]) => {
      const has = ids(batches.flat().flatMap((part) => (part === 'old' ? [] : rowsOf(part))));
      return some
        .filter((row) => !has.has(row['event_id']))
        .map((row) => JSON.stringify(row))
        .sort();
    };
    const TWO_OF_THREE: readonly (readonly Part[])[] = [[0], [1], [], ['old']];

    it.each<{
      readonly what: string;
      readonly batches: readonly (readonly Part[])[];
      readonly rowsAtOnce: number;
    }>([
      { what: 'one part of three', batches: [[0, 'old']], rowsAtOnce: ALL },
      { what: 'two parts, in batches', batches: TWO_OF_THREE, rowsAtOnce: ALL },
      { what: 'two parts, in batches that are staged', batches: TWO_OF_THREE, rowsAtOnce: 40 },
    ])('as they are, beside $what', async ({ batches, rowsAtOnce }) => {
      const { rows: now, account } = await curateAgain(batches, { rowsAtOnce });
      const expected = keptOf(before.rows, batches);
      expect(expected.length).toBeGreaterThan(0);
      expect(keptOf(now, batches)).toEqual(expected);
      expect(ids(now)).toEqual(ids(before.rows));
      expect(account.kept).toBe(expected.length);
      expect(account.sliceRows + account.kept).toBe(account.rows + account.resends);
    });

    it('in one of two slices each', async () => {
      const slices = [
        await curateAgain(TWO_OF_THREE, { slices: 2 }),
        await curateAgain(TWO_OF_THREE, { slices: 2, slice: 1, rowsAtOnce: 10 }),
      ];
      const kept = sum(slices.map(({ account }) => account.kept));
      expect(kept).toBe(keptOf(before.rows, TWO_OF_THREE).length);
    });

    it('all of them without a raw file', async () => {
      const { rows: now, account } = await curateAgain([['old']]);
      expect(keptOf(now, [])).toEqual(keptOf(before.rows, []));
      expect(account).toMatchObject({ kept: before.rows.length, sliceRows: 0 });
    });

    it('and none if the raw files have them all', async () => {
      const { rows: now, account } = await curateAgain([
        [0, 1],
        [2, 'old'],
      ]);
      expect(ids(now)).toEqual(ids(before.rows));
      expect(account.kept).toBe(0);
      expect(account.sliceRows).toBe(account.rows + account.resends);
    });
  });

  it('stages rows whose names have quotes, zero bytes, emoji or only a space', async () => {
    const names = ['a', 'a\u0000b', "c'd", 'é', '\u{1f600}', '%00', ' '];
    const rowOf = (i: number) =>
      exposure({ event_id: `e${i}`, experiment_id: names[i % names.length] ?? '' });
    const rows = Array.from({ length: 70 }, (_, i) => rowOf(i));
    const files = [await write('first', rows.slice(0, 40)), await write('second', rows.slice(40))];
    const { rows: made } = await curate(
      exposures,
      files.map((file) => [file]),
      { rowsAtOnce: 3 },
    );
    expect(named(made)).toEqual(named(rows));
  });

  it.each([
    { what: 'no name at all', name: null, others: null, leastFiles: 1 },
    // The first batch has ten rows of a name, so thirty are expected.
    {
      what: 'fewer rows of a name than its first batch promises',
      name: 'hero',
      others: 'rare',
      leastFiles: 5,
    },
    // Rows of a name that no sample has are in one lane, and are sorted in several passes.
    { what: 'more rows of a name than its first batch promises', name: null, others: 'hero', leastFiles: 2 },
  ])('stages rows of $what', async ({ name, others, leastFiles }) => {
    const rowOf = (i: number) => exposure({ event_id: `e${i}`, experiment_id: i < 10 ? name : others });
    const rows = Array.from({ length: others === 'hero' ? 30 : 12 }, (_, i) => rowOf(i));
    const files = [await write('a', rows.slice(0, 10)), await write('b', rows.slice(10, 11))];
    files.push(await write('c', rows.slice(11)));
    const { rows: made, written } = await curate(
      exposures,
      files.map((file) => [file]),
      { rowsAtOnce: name === null && others === null ? 100 : 2 },
    );
    expect(named(made)).toEqual(named(rows));
    expect(written.length).toBeGreaterThanOrEqual(leastFiles);
  });

  it('is not made of a file whose footer says more rows than it has', async () => {
    const honest = await write('honest', [exposure({})]);
    const lying = await write('lying', [exposure({})]);
    setRows(lying, longField(3), longField(3));
    for (const batches of [[[honest, lying]], [[honest], [lying]]])
      await expect(curate(exposures, batches)).rejects.toMatchObject({
        code: 'SLUICE_CURATE_FILE_UNREADABLE',
      });
  });

  it('fails with a code of the engine on a machine that is too small', async () => {
    const file = await write(
      'raw',
      Array.from({ length: 5_000 }, (_, i) => exposure({ event_id: `e${i}` })),
    );
    const temporaryDirectory = mkdtempSync(join(folder, 'small-'));
    const limits = { memoryMegabytes: 1, threads: 1, temporaryDirectory };
    await expect(curate(exposures, [[file]], { limits })).rejects.toMatchObject({
      code: 'SLUICE_ENGINE_OUT_OF_MEMORY',
    });
  });

  it('sorts by name, time and identity in binary order, in small row groups with statistics', async () => {
    const file = join(folder, 'many.parquet');
    const columns = exposures.raw.map(({ name }) => name);
    const filled: Readonly<Record<string, string>> = {
      event_id: 'md5(CAST(i AS VARCHAR))',
      experiment_id: "CASE i % 3 WHEN 0 THEN 'Zebra' WHEN 1 THEN 'apple' ELSE 'Äpfel' END",
      timestamp: "TIMESTAMP '2026-11-16' + to_milliseconds(CAST(hash(i) % 86400000 AS BIGINT))",
    };
    const values = columns.map((name) => `${filled[name] ?? 'NULL'} AS "${name}"`).join(', ');
    await duckDb(
      `COPY (SELECT ${values} FROM range(60000) AS t(i)) TO ${quoteText(file)} (FORMAT parquet)`
        .replaceAll('NULL AS "gate_value"', 'CAST(NULL AS BOOLEAN) AS "gate_value"')
        .replaceAll(/NULL AS "(is_\w+)"/g, 'CAST(NULL AS BOOLEAN) AS "$1"')
        .replaceAll(/NULL AS "(client_timestamp|received_at)"/g, 'CAST(NULL AS TIMESTAMP) AS "$1"')
        .replaceAll(/, NULL AS/g, ', CAST(NULL AS VARCHAR) AS'),
    );
    for (const threads of [1, 4]) {
      const { rows, written } = await curate(
        exposures,
        [[{ path: file, name: 'many' }]],
        {
          limits: { memoryMegabytes: 256, threads, temporaryDirectory: mkdtempSync(join(folder, 'spill-')) },
        },
        'experiment_id, "timestamp", event_id',
      );
      const keys = rows.map((row) =>
        Buffer.from(`${row['experiment_id']}\0${row['timestamp']}\0${row['event_id']}`),
      );
      expect(keys.length).toBe(60_000);
      expect(keys.every((key, i) => i === 0 || Buffer.compare(keys[i - 1] ?? key, key) <= 0)).toBe(true);
      const groups = await duckDb(
        `SELECT row_group_num_rows AS rows, stats_min_value AS min, stats_max_value AS max, compression FROM parquet_metadata(${quoteText(written[0]?.path ?? '')}) WHERE path_in_schema = 'experiment_id'`,
      );
      expect(groups.map(({ rows: count }) => count)).toEqual(['16384', '16384', '16384', '10848']);
      expect(groups[0]).toMatchObject({ min: 'Zebra', max: 'Zebra', compression: 'ZSTD' });
    }
  });

  it('reads files without the newest columns, with columns that are gone, and of other types of text and time', async () => {
    const old = exposures.raw.filter(({ name }) => name !== 'company_id' && name !== 'is_manual');
    const gone = { name: 'team_id', type: 'string', comment: '' } as const;
    const oldFile = await write('old', [exposure({ event_id: 'old' })], old);
    const two = await write(
      'gone',
      [exposure({ event_id: 'gone', team_id: 't', company_id: 'c', user_id: 'ü1' })],
      [gone, ...exposures.raw],
    );
    const path = join(folder, 'bytes.parquet');
    await duckDb(
      `COPY (SELECT * EXCLUDE (is_manual) REPLACE (encode(user_id) AS user_id, CAST("timestamp" AS TIMESTAMPTZ) AS "timestamp") RENAME (company_id AS "Company_ID", session_id AS "SESSION_ID"), NULL AS "Is_Manual" FROM ${quoteText(two.path)}) TO ${quoteText(path)} (FORMAT parquet)`,
    );
    const { rows } = await curate(exposures, [[oldFile, two, { path, name: 'bytes' }]]);
    expect(rows).toMatchObject([
      { event_id: 'gone', company_id: 'c', user_id: 'ü1', timestamp: '2026-11-16 10:00:00', copies: '2' },
      { event_id: 'old', company_id: null, is_manual: null },
    ]);
    expect(Object.keys(rows[0] ?? {})).toEqual(exposures.columns.map(({ name }) => name));
  });

  it('reads a column without any value as null, also if its file has it in another type or in none', async () => {
    const good = await write('good', [exposure({ event_id: 'good', user_id: 'u2' })]);
    const path = join(folder, 'none.parquet');
    // As writers without a schema have such columns: pyarrow's `null`, DuckDB's NULL.
    await duckDb(
      `COPY (SELECT * REPLACE (NULL AS user_id, CAST(NULL AS DOUBLE) AS "timestamp", 'none' AS event_id) FROM ${quoteText(good.path)}) TO ${quoteText(path)} (FORMAT parquet)`,
    );
    const { rows, account } = await curate(exposures, [[{ path, name: 'none' }, good]]);
    expect(rows).toMatchObject([
      { event_id: 'good', user_id: 'u2' },
      { event_id: 'none', user_id: null, timestamp: null },
    ]);
    expect(account).toMatchObject({ rawRows: 2, rows: 2 });
  });

  it('names the column that has another type', async () => {
    const good = await write('good', [exposure({})]);
    const numbers = join(folder, 'numbers.parquet');
    await duckDb(
      `COPY (SELECT * REPLACE (7 AS user_id) FROM ${quoteText(good.path)}) TO ${quoteText(numbers)} (FORMAT parquet)`,
    );
    await expect(curate(exposures, [[good, { path: numbers, name: 'numbers' }]])).rejects.toMatchObject({
      code: 'SLUICE_CURATE_COLUMN_UNFIT',
      message: expect.stringContaining('numbers: user_id is INTEGER'),
    });
  });

  it.each<{ readonly what: string; readonly bytesOf: (good: Buffer) => Buffer | string }>([
    { what: 'is no Parquet', bytesOf: () => 'no Parquet at all, but long enough' },
    { what: 'is cut', bytesOf: (good) => good.subarray(0, 900) },
    { what: 'is damaged', bytesOf: (good) => good.fill(0xff, 40, 400) },
  ])('names the file that $what', async ({ bytesOf }) => {
    const good = await write('good', [exposure({})]);
    const path = join(folder, 'bad.parquet');
    writeFileSync(path, bytesOf(readFileSync(good.path)));
    await expect(curate(exposures, [[good], [{ path, name: 'this one' }, good]])).rejects.toMatchObject({
      code: 'SLUICE_CURATE_FILE_UNREADABLE',
      message: expect.stringContaining('this one'),
    });
  });

  it('answers no files for no rows', async () => {
    const empty = await write('empty', []);
    for (const batches of [[[empty]], []])
      expect(await curate(exposures, batches)).toMatchObject({
        written: [],
        account: { rawRows: 0, rows: 0 },
      });
  });

  it('stops at its signal', async () => {
    const empty = await write('empty', []);
    const late = new Error('late');
    const ended = curate(exposures, [[empty]], { signal: AbortSignal.abort(late) });
    await expect(ended).rejects.toBe(late);
  });
});
