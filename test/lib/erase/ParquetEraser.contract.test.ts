import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type ExaminedFile, ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { parseUnit } from '../../../lib/erase/units/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const config = { unitIds: { companyID: 'company_id', account_id: 'account' } };

const { path: directory, remove } = temporaryDirectory();
/** Where DuckDB puts what does not fit its memory: it may read the files of another folder only if it is told so. */
const spilled = temporaryDirectory();
const from = join(directory, 'from.parquet');
const to = join(directory, 'to.parquet');
const erasers: ParquetEraser[] = [];
const duckDb = await DuckDBInstance.create(':memory:', { threads: '1' });
afterAll(() => {
  for (const eraser of erasers) eraser.close();
  duckDb.closeSync();
  remove();
  spilled.remove();
});

/** A file that may have rows of a unit. */
interface UnitColumn {
  /** As `sluice erase --unit` takes it. */
  readonly unit: string;
  readonly what: string;
  /** The rows of the file. */
  readonly sql: string;
  /** How many of them are the unit's. Default 1. */
  readonly own?: number;
}

describe('the rows of a unit in a Parquet file', () => {
  async function ask(sql: string) {
    const connection = await duckDb.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.closeSync();
    }
  }

  const unitsOf = (texts: readonly string[]) => texts.map((text) => parseUnit(text, config));
  async function openWith(
    matcher: UnitMatcher,
    memoryMegabytes = 256,
    signal?: AbortSignal,
  ): Promise<ParquetEraser> {
    const limits = { memoryMegabytes, temporaryDirectory: spilled.path };
    const eraser = await ParquetEraser.open(limits, directory, matcher, signal);
    erasers.push(eraser);
    return eraser;
  }
  /** What an eraser finds in the file. */
  async function examined(eraser: ParquetEraser): Promise<ExaminedFile> {
    const file = await eraser.examine(from);
    if (file === null) throw new Error('The file cannot be read.');
    return file;
  }
  const open = (...units: string[]) => openWith(new UnitMatcher(unitsOf(units)));

  const write = (sql: string, options = 'COMPRESSION snappy') =>
    ask(`COPY (${sql}) TO '${from}' (FORMAT parquet, ${options})`);

  it.each<UnitColumn>([
    {
      unit: 'user_id=a',
      what: 'a text',
      sql: "SELECT 'a' AS user_id UNION ALL SELECT 'A' UNION ALL SELECT NULL",
    },
    { unit: 'user_id=7', what: 'an integer', sql: 'SELECT 7 AS user_id UNION ALL SELECT 8' },
    {
      unit: 'user_id=a',
      what: 'a text that is not annotated, as Hive writes it',
      sql: "SELECT 'a'::BLOB AS user_id UNION ALL SELECT 'b'::BLOB",
    },
    {
      unit: 'company_id=c',
      what: 'its type in custom_ids',
      sql: `SELECT '{"companyID":"c"}' AS custom_ids UNION ALL SELECT '{"companyID":"d"}'`,
    },
    {
      unit: 'company_id=c',
      what: 'its column in another case of letters',
      sql: "SELECT 'c' AS CompanyId UNION ALL SELECT 'd'",
    },
    {
      unit: 'custom_ids.teamID=t',
      what: 'its type in unit_ids, beside a text that is no JSON',
      sql: `SELECT '{"teamID":"t"}' AS unit_ids UNION ALL SELECT 'no JSON'`,
    },
    {
      unit: 'user_id=a',
      what: 'unit_id, beside the name of its column',
      sql: "SELECT 'a' AS unit_id, 'user_id' AS id_type UNION ALL SELECT 'a', 'companyID'",
    },
    {
      unit: 'user_id=a',
      what: 'unit_id, beside its type',
      sql: "SELECT 'a' AS unit_id, 'userID' AS unit_type UNION ALL SELECT 'a', NULL",
    },
    {
      unit: 'company_id=c',
      what: 'unit_id, beside its custom type',
      sql: "SELECT 'c' AS unit_id, 'companyID' AS id_type UNION ALL SELECT 'c', 'userID'",
    },
    {
      unit: 'account=x',
      what: 'unit_id, beside its type in another spelling',
      sql: "SELECT 'x' AS unit_id, 'accountID' AS id_type UNION ALL SELECT 'x', 'userID'",
    },
    {
      unit: 'user_id=person-a',
      what: 'a refused text, a body in base64 and a message',
      sql: `SELECT '{"user":{"userID":"person-a"}}' AS raw, 'text' AS raw_encoding, NULL AS detail UNION ALL
       SELECT 'cGVyc29uLWE=', 'base64', NULL UNION ALL SELECT '{}', 'text', 'quotes a row: person-a' UNION ALL SELECT '{}', NULL, 'bare'`,
      own: 3,
    },
    {
      unit: 'user_id=4711',
      what: 'a double without a fraction',
      sql: 'SELECT 4711.0::DOUBLE AS user_id UNION ALL SELECT 4712.0 UNION ALL SELECT NULL',
    },
    { unit: 'user_id=4711', what: 'a float', sql: 'SELECT 4711::FLOAT AS user_id UNION ALL SELECT 4712' },
    {
      unit: 'user_id=4711',
      what: 'a decimal without a fraction',
      sql: 'SELECT 4711::DECIMAL(10, 2) AS user_id UNION ALL SELECT 4711.5',
    },
    {
      unit: 'user_id=ABCDEF00-0000-4000-8000-000000000001',
      what: 'a UUID, in any case of letters',
      sql: "SELECT 'abcdef00-0000-4000-8000-000000000001'::UUID AS user_id UNION ALL SELECT uuid()",
    },
    {
      unit: 'user_id=mü',
      what: 'bytes that are UTF-8, beside others that are not',
      sql: "SELECT encode('mü') AS user_id UNION ALL SELECT '\\xFF'::BLOB",
    },
    {
      unit: 'user_id=\\xFF',
      what: 'a text that looks like the bytes beside it',
      sql: "SELECT encode('\\xFF') AS user_id UNION ALL SELECT '\\xFF'::BLOB",
    },
    {
      unit: 'company_id=c',
      what: 'a struct of IDs',
      sql: "SELECT {'companyID': 'c'} AS custom_ids UNION ALL SELECT {'companyID': 'd'}",
    },
    {
      unit: 'company_id=7',
      what: 'a map of IDs',
      sql: "SELECT MAP {'companyID': 7} AS unit_ids UNION ALL SELECT MAP {'companyID': 8}",
    },
    {
      unit: 'user_id=person-a',
      what: 'a refused text, beside columns without any value',
      sql: "SELECT 'mine: person-a' AS raw, NULL AS raw_encoding, NULL AS raw_location, NULL AS detail, NULL AS custom_ids, NULL AS unit_id, NULL AS id_type",
    },
    {
      unit: 'user_id=person-a',
      what: 'its column, beside columns of quarantine without any value',
      sql: "SELECT 'person-a' AS user_id, NULL AS raw, NULL AS raw_encoding, NULL AS raw_location, NULL AS detail",
    },
    {
      unit: 'user_id=4711.25',
      what: 'a decimal with its fraction',
      sql: 'SELECT 4711.25::DECIMAL(30, 12) AS user_id',
    },
    {
      unit: 'user_id=9007199254740991',
      what: 'the largest whole number of a double',
      sql: 'SELECT 9007199254740991::DOUBLE AS user_id',
    },
    {
      unit: "user_id=it's",
      what: 'a text with a quote',
      sql: "SELECT 'it''s' AS user_id UNION ALL SELECT 'its'",
    },
  ])('of $unit are found by $what', async ({ unit, sql, own = 1 }) => {
    await write(sql);
    const eraser = await open(unit);
    expect(await eraser.examine(from)).toMatchObject({ own });
  });

  it.each<UnitColumn>([
    { unit: 'user_id=47.5', what: 'an integer near it', sql: 'SELECT 48::BIGINT AS user_id' },
    {
      unit: 'user_id=0x10',
      what: 'the number that its hexadecimal digits mean',
      sql: 'SELECT 16::BIGINT AS user_id',
    },
    { unit: 'user_id=007', what: 'the number without its zeros', sql: 'SELECT 7::DOUBLE AS user_id' },
    { unit: 'user_id=7e1', what: 'the number that its exponent means', sql: 'SELECT 70::DOUBLE AS user_id' },
    {
      unit: 'user_id=16777217',
      what: 'a float that cannot hold it',
      sql: 'SELECT 16777216::FLOAT AS user_id',
    },
    {
      unit: 'user_id=9007199254740993',
      what: 'a double that cannot hold it',
      sql: 'SELECT 9007199254740992::DOUBLE AS user_id',
    },
    { unit: 'user_id=x', what: 'a number, if it is a text', sql: 'SELECT 4711::BIGINT AS user_id' },
    {
      unit: 'company_id=c',
      what: 'a column that says nothing of units',
      sql: `SELECT '{"companyID":"c"}' AS note`,
    },
    { unit: 'user_id=a', what: 'the name of its type, without a value', sql: "SELECT 'userID' AS id_type" },
    {
      unit: 'user_id=person-a',
      what: 'a refused text without its encoding',
      sql: `SELECT '{"userID":"person-a"}' AS raw`,
    },
    {
      unit: 'user_id=person-a',
      what: 'a message without a refused text',
      sql: "SELECT 'text' AS raw_encoding, 'person-a' AS detail",
    },
    {
      unit: 'user_id=4711.555',
      what: 'a decimal that is rounded',
      sql: 'SELECT 4711.56::DECIMAL(10, 2) AS user_id',
    },
  ])('of $unit are not those with $what', async ({ unit, sql }) => {
    await write(sql);
    const eraser = await open(unit);
    expect(await eraser.examine(from)).toMatchObject({ own: 0 });
  });

  it('are those whose body is an object that is the unit’s', async () => {
    const place = 's3://bucket/quarantine-large/d/q';
    const unit = new UnitMatcher(unitsOf(['user_id=person-a']));
    const eraser = await openWith(unit);
    unit.addLocation(place);
    const columns = "NULL::VARCHAR AS raw, 'text' AS raw_encoding";
    await write(
      `SELECT ${columns}, '${place}' AS raw_location UNION ALL SELECT NULL, NULL, 's3://bucket/other'`,
    );
    expect(await eraser.examine(from)).toMatchObject({ rows: 2, own: 1, others: 0 });
    await write(`SELECT ${columns}`);
    expect(await eraser.examine(from)).toMatchObject({ rows: 1, own: 0 });
  });

  it('are taken out, and nothing else of the file is other than before', async () => {
    await write(
      `SELECT CASE WHEN i % 3 = 0 THEN 'gone-' || (i % 2) ELSE 'stays' END AS user_id, i::BIGINT AS n, i / 7 AS d,
         TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS "timestamp", i % 2 = 0 AS flag, NULL::VARCHAR AS nothing
       FROM range(20000) t(i)`,
      'COMPRESSION zstd, ROW_GROUP_SIZE 4096',
    );
    const eraser = await open('user_id=gone-0', 'user_id=gone-1');
    const file = await examined(eraser);
    expect(file).toMatchObject({ rows: 20_000, own: 6_667, mentions: 0 });
    await eraser.rewrite(from, file, to);
    const rows = (path: string) => ask(`SELECT * FROM read_parquet('${path}')`);
    // In their order.
    expect(await rows(to)).toEqual((await rows(from)).filter(({ user_id }) => user_id === 'stays'));
    const schema = (path: string) => ask(`DESCRIBE SELECT * FROM read_parquet('${path}')`);
    expect(await schema(to)).toEqual(await schema(from));
    const groups = await ask(
      `SELECT DISTINCT compression, max(row_group_num_rows) AS n FROM parquet_metadata('${to}') GROUP BY ALL`,
    );
    expect(groups).toEqual([{ compression: 'ZSTD', n: '4096' }]);
    // Neither statistics nor dictionaries have the value.
    await write("SELECT 'stays' AS user_id UNION ALL SELECT 'gone-0'", 'COMPRESSION uncompressed');
    const small = await examined(eraser);
    await eraser.rewrite(from, small, to);
    expect(readFileSync(from).includes('gone-0')).toBe(true);
    expect(readFileSync(to).includes('gone-0')).toBe(false);
  });

  it('keep times of the type INT96, which Firehose writes', async () => {
    writeFileSync(from, readFileSync(join(import.meta.dirname, '../../fixtures/parquet/int96.parquet')));
    const eraser = await open('user_id=u2');
    const file = await examined(eraser);
    // The column `unit_id` has no type beside it, so it is anybody's.
    expect(file.own).toBe(0);
    expect(file.mentions).toBe(1);
    await eraser.rewrite(from, file, to);
    const rows = (path: string) => ask(`SELECT * FROM read_parquet('${path}')`);
    expect(await rows(to)).toEqual(await rows(from));
    expect((await rows(to))[0]).toMatchObject({ timestamp: '2026-11-20 10:15:30.123456' });
  });

  it('are not taken out of a file that is another by then', async () => {
    await write("SELECT 'a' AS user_id UNION ALL SELECT 'b'");
    const eraser = await open('user_id=a');
    const before = await examined(eraser);
    await write("SELECT 'b' AS user_id");
    await expect(eraser.rewrite(from, before, to)).resolves.toBeUndefined();
    await write("SELECT 'b' AS user_id UNION ALL SELECT 'c'");
    await expect(eraser.rewrite(from, before, to)).rejects.toMatchObject({
      code: 'SLUICE_ERASE_ROWS_DIFFER',
    });
  });

  it('leave an empty file of the same columns if there are no others', async () => {
    await write("SELECT 'a' AS user_id, 1::BIGINT AS n");
    const eraser = await open('user_id=a');
    const file = await examined(eraser);
    await eraser.rewrite(from, file, to);
    expect(await ask(`SELECT count(*) AS n FROM read_parquet('${to}')`)).toEqual([{ n: '0' }]);
    expect(await ask(`SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet('${to}'))`)).toEqual([
      { column_name: 'user_id' },
      { column_name: 'n' },
    ]);
  });

  it('are told apart from mentions in other columns, which are counted by words', async () => {
    await write(
      `SELECT * FROM (VALUES ('a.b', NULL), ('x', '{"friend":"a.b"}'), ('y', 'a.bc'), ('z', 'aXb'), ('v', 'for a.b')) t(user_id, metadata)`,
    );
    const eraser = await open('user_id=a.b');
    expect(await eraser.examine(from)).toMatchObject({ rows: 5, own: 1, mentions: 2 });
  });

  it('are counted as mentions also where they are escaped, in any column', async () => {
    const id = `zoë "O'Brien" <x>\\ 漢字`;
    const json = JSON.stringify({ friend: id });
    const ascii = json.replaceAll(
      /[^\0-\x7f]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const texts = [json, ascii, JSON.stringify({ inner: ascii }), `https://x/?u=${encodeURIComponent(id)}`];
    const row = (text: string) =>
      `SELECT 'x' AS user_id, '${text.replaceAll("'", "''")}' AS metadata, NULL::BLOB AS b`;
    const others = [...texts.map(row), row(ascii.replace('u00eb', 'u00ebx')), row('\\u00eb%20')];
    const nested = `SELECT 'x', '{}', encode('${ascii.replaceAll("'", "''")}')`;
    await write([...others, nested].join(' UNION ALL '));
    const eraser = await open(`user_id=${id}`);
    expect(await eraser.examine(from)).toMatchObject({ rows: 7, own: 0, mentions: 1 });
    expect(await eraser.examine(from, true)).toMatchObject({ rows: 7, own: 0, mentions: 7 });
  });

  it('are told apart in quarantine from rows of others, and from bodies that nobody can read, which go as well', async () => {
    const noise = Buffer.from('93a1f0c8d2e6bb17ff02849c5d', 'hex').toString('base64');
    const other = '{"user":{"userID":"anna-1"}}';
    const rows = [
      ['{"user":{"userID":"m\\u00fcller-1"}}', 'text'],
      [Buffer.from('{"plan":"müller-1"}').toString('base64'), 'base64'],
      ['{"user":{"userID":"m\\u00fcller-1', 'text'],
      ['note=m%C3%BCller-1', 'text'],
      [noise, 'base64'],
      [other, 'text'],
    ];
    await write(
      rows.map(([raw, how]) => `SELECT '${raw}' AS raw, '${how}' AS raw_encoding`).join(' UNION ALL '),
    );
    const eraser = await open('user_id=müller-1');
    const file = await examined(eraser);
    expect(file).toMatchObject({ own: 5, others: 4, unreadable: 3, mentions: 0 });
    await eraser.rewrite(from, file, to);
    expect(await ask(`SELECT raw FROM read_parquet('${to}')`)).toEqual([{ raw: other }]);
  });

  it('are counted as mentions in columns of any type', async () => {
    await write(
      `SELECT 'x' AS user_id, 4711 AS n, NULL AS j, NULL AS l, NULL AS s, NULL::BLOB AS b UNION ALL
       SELECT 'x', 47110, '{"a":4711}'::JSON, NULL, NULL, NULL UNION ALL SELECT 'x', 0, NULL, [4711, 2], NULL, NULL UNION ALL
       SELECT 'x', 0, NULL, NULL, {'a': '4711'}, NULL UNION ALL SELECT 'x', 0, NULL, NULL, NULL, encode('4711') UNION ALL
       SELECT 'x', 0, NULL, NULL, NULL, '\\xFF'::BLOB`,
    );
    const eraser = await open('user_id=4711');
    expect(await eraser.examine(from)).toMatchObject({ rows: 6, own: 0, mentions: 5 });
  });

  it('may be a thousand, of as many types, whose values are mentioned in a result', async () => {
    // All together are longer than a pattern may be that RE2 takes.
    const value = (i: number) => `v${i}-`.padEnd(1_000, 'abcdefghij');
    await write(
      `SELECT '${value(999)}' AS unit_id, 'type999' AS id_type, '${value(1_000)}' AS note UNION ALL
       SELECT 'x', 'type1', 'see ${value(7)}' UNION ALL SELECT 'x', 'type1', 'see ${value(998)}'`,
    );
    const eraser = await open(...Array.from({ length: 1_000 }, (_, i) => `custom_ids.type${i}=${value(i)}`));
    expect(await eraser.examine(from, true)).toMatchObject({ rows: 3, own: 1, mentions: 2 });
  });

  it.each([
    { count: 100, mentions: 1 },
    { count: 101, mentions: 0 },
  ])('are mentioned $mentions times by others, if $count are looked for', async ({ count, mentions }) => {
    await write("SELECT 'x' AS user_id, 'see v7' AS note");
    const eraser = await open(...Array.from({ length: count }, (_, i) => `user_id=v${i}`));
    expect(await eraser.examine(from)).toMatchObject({ own: 0, mentions });
  });

  it('do not make a file damaged if it is a condition that fails', async () => {
    await write(`SELECT '{"userID":"a"}' AS custom_ids`);
    class Failing extends UnitMatcher {
      override hasIds(): boolean {
        throw new Error('out of order');
      }
    }
    const eraser = await openWith(new Failing(unitsOf(['user_id=a'])));
    await expect(eraser.examine(from)).rejects.toThrow(
      expect.objectContaining({ code: 'SLUICE_ENGINE_FAILED' }),
    );
  });

  it('do not make a file damaged if the memory does not suffice, or somebody stops the run', async () => {
    await write("SELECT repeat('a', 8000000) || i AS user_id FROM range(4) t(i)", 'COMPRESSION uncompressed');
    const matcher = new UnitMatcher(unitsOf(['user_id=a']));
    const small = await openWith(matcher, 8);
    await expect(small.examine(from)).rejects.toMatchObject({ code: 'SLUICE_ENGINE_OUT_OF_MEMORY' });
    const stop = new AbortController();
    class Stopping extends UnitMatcher {
      override hasIds(): boolean {
        stop.abort(new Error('stopped'));
        throw new Error('out of order');
      }
    }
    await write(`SELECT '{"userID":"a"}' AS custom_ids`);
    const stopped = await openWith(new Stopping(unitsOf(['user_id=a'])), 256, stop.signal);
    for (const _ of ['while it runs', 'before it begins'])
      await expect(stopped.examine(from)).rejects.toThrow('stopped');
  });

  it('are not looked for in what is no Parquet, or has damaged pages', async () => {
    writeFileSync(from, 'PAR1 no footer');
    const eraser = await open('user_id=a');
    expect(await eraser.examine(from)).toBeNull();
    await write("SELECT 'a' || i AS user_id FROM range(1000) t(i)", 'COMPRESSION zstd');
    const bytes = readFileSync(from);
    writeFileSync(from, bytes.fill(0xff, 40, 200));
    expect(await eraser.examine(from)).toBeNull();
  });

  it.each([
    { codec: 'snappy', kept: 'SNAPPY' },
    { codec: 'gzip', kept: 'GZIP' },
    { codec: 'uncompressed', kept: 'UNCOMPRESSED' },
    { codec: 'brotli', kept: 'ZSTD' },
  ])('are taken out of a file of $codec, which then is one of $kept', async ({ codec, kept }) => {
    await write("SELECT 'a' AS user_id UNION ALL SELECT 'b'", `COMPRESSION ${codec}`);
    const eraser = await open('user_id=a');
    const file = await examined(eraser);
    await eraser.rewrite(from, file, to);
    const codecs = await ask(`SELECT DISTINCT compression FROM parquet_metadata('${to}')`);
    expect(codecs).toEqual([{ compression: kept }]);
  });

  it.each([
    { what: 'lacks a row of others', answers: [false, true, false, false] },
    { what: 'has one that is a unit’s', answers: [true, false, true, false, true] },
  ])('are not taken out if what is written $what', async ({ answers }) => {
    const asked = [...answers];
    class Wavering extends UnitMatcher {
      override hasIds(): boolean {
        return asked.shift() ?? false;
      }
    }
    await write(`SELECT '{}' AS custom_ids UNION ALL SELECT '{"a":1}'`);
    const eraser = await openWith(new Wavering(unitsOf(['user_id=a'])));
    const file = { rows: 2, own: 1, others: 0, unreadable: 0, mentions: 0 };
    const columns = [{ name: 'custom_ids', type: 'VARCHAR' }];
    await expect(eraser.rewrite(from, { ...file, columns }, to)).rejects.toMatchObject({
      code: 'SLUICE_ERASE_ROWS_DIFFER',
    });
    expect(asked).toEqual([]);
  });
});
