import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { DuckDbSession } from '../../../lib/parquet/DuckDbSession.ts';
import { MappingBench } from '../drops/engine/MappingBench.ts';

const bench = await MappingBench.open();
mkdirSync(join(bench.directory, 'out'));
writeFileSync(join(bench.directory, 'secret.csv'), 'a,b\n1,2\n');
const { path } = await bench.write('reached.parquet', 'SELECT 1 AS a');
await bench.write('other.parquet', 'SELECT 1 AS a');
const reach = { files: [path], directories: [join(bench.directory, 'out')] };
const session = await DuckDbSession.open(bench.limits, reach);
afterAll(() => {
  session.close();
  bench.close();
});

const at = (name: string) => `'${join(bench.directory, name)}'`;

describe('a session', () => {
  it('can read its files and write into its directories', async () => {
    expect(await session.rows(`SELECT * FROM read_parquet(${at('reached.parquet')})`)).toEqual([{ a: 1 }]);
    await session.run(`COPY (SELECT 2 AS a) TO ${at('out/written.parquet')} (FORMAT parquet)`);
    expect(await session.rows(`SELECT * FROM read_parquet(${at('out/written.parquet')})`)).toEqual([
      { a: 2 },
    ]);
  });

  it.each([
    { what: 'another Parquet file', sql: () => `SELECT * FROM read_parquet(${at('other.parquet')})` },
    { what: 'a text file', sql: () => `SELECT * FROM read_text(${at('secret.csv')})` },
    { what: 'a file by a way around', sql: () => `SELECT * FROM read_text(${at('out/../secret.csv')})` },
    { what: 'files by a pattern', sql: () => `SELECT * FROM glob(${at('*')})` },
    { what: 'the machine', sql: () => "SELECT * FROM read_text('/etc/hosts')" },
    { what: 'the network', sql: () => "SELECT * FROM read_parquet('https://example.com/a.parquet')" },
    { what: 'a database', sql: () => `ATTACH ${at('new.db')} AS other` },
    { what: 'an extension', sql: () => "LOAD 'httpfs'" },
    { what: 'the registry of extensions', sql: () => 'INSTALL httpfs' },
    { what: 'a file to write', sql: () => `COPY (SELECT 1) TO ${at('leak.csv')}` },
  ])('cannot access $what', async ({ sql }) => {
    await expect(session.run(sql())).rejects.toThrow(
      /Permission|not allowed|disabled|Cannot|Failed to (copy|install) local/i,
    );
    expect(existsSync(join(bench.directory, 'leak.csv'))).toBe(false);
  });

  it.each([
    { sql: 'SET enable_external_access = true' },
    { sql: "SET allowed_directories = ['/']" },
    { sql: "SET temp_directory = '/tmp/elsewhere'" },
    { sql: "SET memory_limit = '100GB'" },
    { sql: 'RESET lock_configuration' },
  ])('cannot be unlocked: $sql', async ({ sql }) => {
    await expect(session.run(sql)).rejects.toThrow(/locked|Cannot/i);
  });

  it('without a thread does not open: SLUICE_ENGINE_FAILED', async () => {
    const none = { ...bench.limits, threads: 0 };
    await expect(DuckDbSession.open(none, { files: [], directories: [] })).rejects.toMatchObject({
      code: 'SLUICE_ENGINE_FAILED',
    });
  });

  it('leaves nothing open where a setting is refused once the engine runs', async () => {
    const instance = jest.spyOn(DuckDBInstance.prototype, 'closeSync');
    const connection = jest.spyOn(DuckDBConnection.prototype, 'closeSync');
    // SQL ends at the character.
    const refused = { files: ['a\0b'], directories: [] };
    await expect(DuckDbSession.openBeside(bench.limits, refused, 3)).rejects.toMatchObject({
      code: 'SLUICE_ENGINE_FAILED',
    });
    expect([instance.mock.calls.length, connection.mock.calls.length]).toEqual([1, 3]);
    instance.mockRestore();
    connection.mockRestore();
  });

  let stopped: DuckDbSession | undefined;
  afterEach(() => stopped?.close());
  it('stops a running query when its signal aborts', async () => {
    const abort = new AbortController();
    stopped = await DuckDbSession.open(bench.limits, { files: [], directories: [] }, abort.signal);
    const reason = new Error('deadline');
    const running = stopped.rows(
      'SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE hash(a.range) = hash(b.range + 1)',
    );
    setImmediate(() => abort.abort(reason));
    await expect(running).rejects.toBe(reason);
  });
});
