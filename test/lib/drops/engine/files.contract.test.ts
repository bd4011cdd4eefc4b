import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { duckDbEngine } from '../../../../lib/drops/engine/duckDbEngine.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { columnOf, type DatasetInput, fails, MappingBench, subjectOf } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const events: DatasetInput = { kind: 'events' };
const ROWS =
  "SELECT 1795169730 + i AS timestamp, 'e' || (i % 7) AS event_name, 'u' || i AS unit_id FROM range(1000) t(i)";

/** Changes the bytes of a file. */
function change(file: EngineFile, edit: (bytes: Buffer) => Buffer): EngineFile {
  writeFileSync(file.path, edit(readFileSync(file.path)));
  return file;
}

/** Zeros in place of the footer, whose length stays. */
function withoutFooter(bytes: Buffer): Buffer {
  const end = bytes.length - 8;
  return bytes.fill(0, end - bytes.readUInt32LE(end), end);
}

/** Why a file cannot be read; undefined if it can. */
async function problemOf(file: EngineFile): Promise<unknown> {
  const [described] = await bench.describe([file]);
  return described !== undefined && 'problem' in described ? described.problem : undefined;
}

describe('readable files', () => {
  it('have all of their refused rows written, also of more shapes than one statement holds', async () => {
    const numbers = Array.from({ length: 101 }, (_, i) => i);
    const row = (i: number) =>
      `SELECT 1795169730 AS timestamp, NULL::VARCHAR AS event_name, 'u' AS unit_id, 1 AS c${i}`;
    const files: EngineFile[] = [];
    for (const i of numbers) files.push(await bench.write(`shape-${i}.parquet`, row(i)));
    const { refused } = await bench.load(events, files);
    const shapes = refused.map(({ raw }) => Number(/"c(\d+)":1/.exec(String(raw))?.[1]));
    expect(shapes.sort((a, b) => a - b)).toEqual(numbers);
  });

  it.each([
    'brotli',
    'lz4_raw',
    'zstd, PARQUET_VERSION V2',
    'snappy, DICTIONARY_SIZE_LIMIT 1',
    'zstd, ROW_GROUP_SIZE 2048',
  ])('can be compressed with %s', async (codec) => {
    const file = await bench.write(`${codec.replace(/\W/g, '')}.parquet`, ROWS, `COMPRESSION ${codec}`);
    const { rows } = await bench.load(events, [file]);
    expect(rows).toHaveLength(1_000);
    expect(rows[999]).toMatchObject({ timestamp: '2026-11-20 10:32:09', event_name: 'e5', user_id: 'u999' });
  });

  it('can have delta and byte stream split encodings, brotli and decimals in fixed bytes', async () => {
    const { rows } = await bench.loadFixture(
      { kind: 'events', mapping: { eventValue: 'exact', metadata: ['split'] } },
      'encodings.parquet',
    );
    expect(rows.map((row) => [row['event_name'], row['event_value'], row['event_metadata']])).toEqual([
      ['purchase', '3.03', '{"split":1.5}'],
      ['refund', '-0.50', '{"split":2.25}'],
      ['start', null, '{"split":-3}'],
    ]);
  });

  it('need memory for values as they are before their compression, and 16 bytes for each', async () => {
    const texts = "SELECT repeat('x', 95) || (10000 + i) AS event_name FROM range(10000) t(i)";
    const options = 'COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1';
    const file = await bench.write('texts.parquet', texts, options);
    expect(readFileSync(file.path).length).toBeLessThan(200_000);
    const [described] = await bench.describe([file]);
    const bytes =
      described !== undefined && 'decodedBytes' in described ? described.decodedBytes : Number.NaN;
    // A page has the length of each text in 4 bytes: 100 + 4 + 16 of each.
    expect(bytes / 10_000).toBeCloseTo(120, 0);
  });

  it('without rows lead to no output', async () => {
    const { result } = await bench.load(events, [await bench.write('none.parquet', `${ROWS} LIMIT 0`)]);
    expect(result).toMatchObject({ rows: { in: 0, out: 0, refused: 0 } });
  });

  it('of one day can differ in types, order and unmapped columns', async () => {
    const { rows, result } = await bench.load(events, [
      await bench.write('drift-1.parquet', ROWS),
      await bench.write(
        'drift-2.parquet',
        ROWS.replace('1795169730 + i', 'make_timestamp((1795169730 + i) * 1000000)'),
      ),
      await bench.write(
        'drift-3.parquet',
        `SELECT 'more' AS more, unit_id, event_name, timestamp::VARCHAR::INTEGER AS timestamp FROM (${ROWS})`,
      ),
      await bench.write(
        'drift-4.parquet',
        `SELECT * REPLACE (i AS unit_id), ['x'] AS list FROM (${ROWS.replace(' FROM', ', i FROM')}) LIMIT 3`,
      ),
    ]);
    expect(result.files.map(({ name, in: given, out }) => [name, given, out])).toEqual([
      ['drift-1.parquet', 1_000, 1_000],
      ['drift-2.parquet', 1_000, 1_000],
      ['drift-3.parquet', 1_000, 1_000],
      ['drift-4.parquet', 3, 3],
    ]);
    const texts = rows
      .filter((row) => row['row_number'] === '2')
      .map((row) => `${row['timestamp']} ${row['user_id']}`);
    expect(texts.toSorted()).toEqual([
      '2026-11-20 10:15:32 2',
      '2026-11-20 10:15:32 u2',
      '2026-11-20 10:15:32 u2',
      '2026-11-20 10:15:32 u2',
    ]);
  });

  it('can be many with different unmapped columns, and are then read together', async () => {
    const files = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        bench.write(
          `odd-${n}.parquet`,
          `SELECT ${n} AS "only ${n}", unnest([1795169730, NULL]) AS timestamp, 'u${n}' AS unit_id, 'e' AS event_name`,
        ),
      ),
    );
    const { rows, refused, result } = await bench.load(events, files);
    expect(result.rows).toEqual({ in: 16, out: 8, refused: 8 });
    expect(rows.every((row) => row['source_file'] === `odd-${String(row['user_id']).slice(1)}.parquet`)).toBe(
      true,
    );
    for (const { path, raw } of refused) {
      const n = Number(/odd-(\d+)/.exec(String(path))?.[1]);
      expect(JSON.parse(String(raw))).toEqual({
        [`only ${n}`]: n,
        timestamp: null,
        unit_id: `u${n}`,
        event_name: 'e',
      });
    }
    const schemas = (await bench.describe(files)).flatMap((file) => ('problem' in file ? [] : [file]));
    expect(compileMapping(subjectOf(events), schemas).groups).toHaveLength(1);
  });

  it('with duplicate column names are read separately', async () => {
    const dataset: DatasetInput = { kind: 'events', mapping: { unitIds: { userID: 'UNIT_ID' } } };
    const single = await bench.write(
      'single.parquet',
      "SELECT 1795169730 AS timestamp, 'e' AS event_name, 's1' AS \"UNIT_ID\"",
    );
    const twice = bench.fixture('names-by-case.parquet');
    for (const files of [
      [single, twice],
      [twice, single],
    ]) {
      const { rows } = await bench.load(dataset, files);
      expect(columnOf(rows, 'user_id').toSorted()).toEqual(['A1', 'A2', 'A3', 's1']);
    }
  });

  it('can have a thousand columns', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => `${n} AS c${n}`).join(', ');
    const { rows } = await bench.loadQueries(
      { kind: 'events', mapping: { metadata: ['c999'] } },
      `SELECT *, ${many} FROM (${ROWS} LIMIT 2)`,
    );
    expect(columnOf(rows, 'event_metadata')).toEqual(['{"c999":999}', '{"c999":999}']);
  });

  it('can have names with quotes and letters of any alphabet', async () => {
    const file = await bench.write('its ü.parquet', ROWS);
    const { rows } = await bench.load(events, [{ ...file, name: "it's\\ü'.parquet" }]);
    expect(rows[0]?.['source_file']).toBe("it's\\ü'.parquet");
  });
});

describe('unreadable files', () => {
  it.each<{ readonly name: string; readonly edit: (bytes: Buffer) => Buffer; readonly code: string }>([
    {
      name: 'text.csv',
      edit: () => Buffer.from('timestamp,event_name\n1,a\n'),
      code: 'SLUICE_INGEST_FILE_NOT_PARQUET',
    },
    { name: 'a.parquet', edit: () => gzipSync('PAR1'), code: 'SLUICE_INGEST_FILE_COMPRESSED' },
    { name: 'nothing', edit: () => Buffer.alloc(0), code: 'SLUICE_INGEST_FILE_NOT_PARQUET' },
    { name: 'mark only', edit: () => Buffer.from('PAR1'), code: 'SLUICE_INGEST_FILE_TRUNCATED' },
    {
      name: 'cut',
      edit: (bytes) => bytes.subarray(0, bytes.length >> 1),
      code: 'SLUICE_INGEST_FILE_TRUNCATED',
    },
    { name: 'cut by a byte', edit: (bytes) => bytes.subarray(0, -1), code: 'SLUICE_INGEST_FILE_TRUNCATED' },
    {
      name: 'long footer',
      edit: (bytes) => {
        bytes.writeUInt32LE(0x7fffffff, bytes.length - 8);
        return bytes;
      },
      code: 'SLUICE_INGEST_FILE_DAMAGED',
    },
    {
      name: 'footer of zeros',
      edit: withoutFooter,
      code: 'SLUICE_INGEST_FILE_DAMAGED',
    },
    // The codec of the old, framed LZ4 is 5, of LZ4_RAW 7; both as zigzag, after the field's head in the footer.
    {
      name: 'old lz4',
      edit: (bytes) =>
        Buffer.from(bytes.toString('latin1').replaceAll('\x15\x0e\x16', '\x15\x0a\x16'), 'latin1'),
      code: 'SLUICE_INGEST_FILE_CODEC_UNSUPPORTED',
    },
  ])('are rejected with $code: $name', async ({ name, edit, code }) => {
    const file = change(await bench.write(`${name}.parquet`, ROWS, 'COMPRESSION lz4_raw'), edit);
    expect(await problemOf(file)).toMatchObject({ code, message: expect.stringContaining(file.name) });
  });

  it.each([{ name: 'encrypted-footer.parquet' }, { name: 'encrypted-columns.parquet' }])(
    'are rejected as encrypted: $name',
    async ({ name }) => {
      expect(await problemOf(bench.fixture(name))).toMatchObject({ code: 'SLUICE_INGEST_FILE_ENCRYPTED' });
    },
  );

  it('are each reported among good ones, and the others are read', async () => {
    const first = await bench.write('good-1.parquet', ROWS);
    const bad = change(await bench.write('bad.parquet', ROWS), withoutFooter);
    const others = await Promise.all([2, 3].map((n) => bench.write(`good-${n}.parquet`, ROWS)));
    const described = await bench.describe([first, bad, ...others]);
    expect(described.map((file) => ('problem' in file ? file.problem.code : file.rows))).toEqual([
      1_000,
      'SLUICE_INGEST_FILE_DAMAGED',
      1_000,
      1_000,
    ]);
  });

  it('are identified among many while these are loaded', async () => {
    const file = await bench.write('damaged.parquet', ROWS, 'COMPRESSION zstd');
    change(file, (bytes) => bytes.fill(0xff, 40, 120));
    const files = [await bench.write('whole.parquet', ROWS), file];
    const load = bench.load(events, files);
    await fails(load, 'SLUICE_INGEST_FILE_DAMAGED');
    await expect(load).rejects.toThrow('damaged.parquet');
  });

  describe('with a text that is not UTF-8 are reported with its column', () => {
    /** Writes a file with a text that only row 700 has, and spoils it. */
    const spoiled = async (columns: string, options = 'DICTIONARY_SIZE_LIMIT 1') => {
      const sql = `SELECT *, i, ${columns} FROM (${ROWS.replace(' FROM', ', i FROM')})`;
      const file = await bench.write('spoiled.parquet', sql, `COMPRESSION uncompressed, ${options}`);
      return change(file, (bytes) =>
        Buffer.from(bytes.toString('latin1').replaceAll('m\xc3\xbcller', 'm\xff\xfeller'), 'latin1'),
      );
    };
    const text = "if(i = 700, 'müller', 'x' || i)";
    const dataset = (column: string): DatasetInput => ({ kind: 'events', mapping: { metadata: [column] } });

    it.each([
      { what: 'a text', sql: text },
      { what: 'a list', sql: `[NULL, 'a', ${text}]` },
      { what: 'a struct', sql: `{a: 1, "B c": [{t: ${text}}], file_row_number: 'y'}` },
      { what: 'a map by its values', sql: `MAP {'k': ${text}}` },
      { what: 'a map by its keys', sql: `MAP {${text}: 1}` },
      { what: 'JSON', sql: `to_json('"' || ${text} || '"')` },
    ])('$what', async ({ sql }) => {
      const file = await spoiled(`${sql} AS "Other"`);
      await fails(bench.load(dataset('Other'), [file]), 'SLUICE_INGEST_FILE_TEXT_INVALID', {
        detail: 'spoiled.parquet: column "Other".',
      });
    });

    it('in a dictionary, beside names that a load adds', async () => {
      const file = await spoiled(`1 AS file_row_number, ${text} AS file_index`, 'DICTIONARY_SIZE_LIMIT 5000');
      await expect(bench.load(dataset('file_index'), [file])).rejects.toMatchObject({
        detail: expect.stringContaining('column "file_index"'),
      });
    });
  });

  it('are reported without row data or details of this machine', async () => {
    const file = await bench.write(
      'quoted.parquet',
      ROWS.replace("'u' || i", "'said \"mar-ker\"' || chr(10) || 'mar-ker' || i"),
      'COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1',
    );
    change(file, (bytes) =>
      Buffer.from(bytes.toString('latin1').replaceAll('mar-ker', 'mar\xffker'), 'latin1'),
    );
    const error: unknown = await bench.load(events, [file]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SLUICE_INGEST_FILE_TEXT_INVALID' });
    const { message } = z.instanceof(Error).parse(error);
    expect(message).toContain('quoted.parquet: column "unit_id".');
    expect(message).not.toMatch(/mar|ker|said|\//);
  });

  it('include files with a damaged column that only raw rows need', async () => {
    const file = await bench.write(
      'other-column.parquet',
      `SELECT timestamp, nullif(event_name, 'e3') AS event_name, unit_id, md5(unit_id) AS other FROM (${ROWS})`,
      'COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1',
    );
    change(file, (bytes) => {
      const end = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
      return bytes.fill(0xff, end - 10_000, end - 100);
    });
    const load = bench.load(events, [await bench.write('sound.parquet', ROWS), file]);
    await fails(load, 'SLUICE_INGEST_FILE_DAMAGED');
    await expect(load).rejects.toThrow('other-column.parquet: ');
  });

  // Two of 10,000 damaged files: one whose footer states a row too many, and one that has fewer rows than it states.
  it.each(['says-a-row-more.parquet', 'loses-rows.parquet'])(
    'include files with a damaged unmapped column, depending on their rows: %s',
    async (name) => {
      const load = bench.load(events, [await bench.write('sound.parquet', ROWS), bench.fixture(name)]);
      await fails(load, 'SLUICE_INGEST_FILE_DAMAGED');
      await expect(load).rejects.toThrow(`${name}: `);
    },
  );

  it('include files that hold fewer rows than their footers say', async () => {
    const [file] = await bench.describe([await bench.write('short.parquet', ROWS)]);
    if (file === undefined || 'problem' in file) throw new Error('not described');
    const files = [{ ...file, rows: 1_001 }];
    const load = duckDbEngine(bench.limits).load({
      files,
      mapping: compileMapping(subjectOf(events), files),
      rowsPath: `${file.path}.rows`,
      refusedPath: `${file.path}.refused`,
      loadedAt: 0,
    });
    await fails(load, 'SLUICE_INGEST_FILE_DAMAGED', { detail: expect.stringMatching(/^short\.parquet: /) });
  });

  it('include unsupported encodings only if the mapping needs the column', async () => {
    const file = bench.fixture('fixed-split.parquet');
    expect((await bench.load(events, [file])).rows).toHaveLength(3);
    await fails(
      bench.load({ kind: 'events', mapping: { eventValue: 'fixed' } }, [file]),
      'SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED',
    );
  });

  it('are reported with the signal’s reason when reading is stopped', async () => {
    const file = await bench.write('stopped.parquet', ROWS);
    const reason = new Error('too late');
    await expect(bench.load(events, [file], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
