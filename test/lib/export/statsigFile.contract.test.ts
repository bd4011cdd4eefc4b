import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exportDay } from '../../../lib/export/exportDay.ts';
import { statsigRewriter } from '../../../lib/export/statsigFile.ts';
import { type StatsigFormat, statsigFormat } from '../../../lib/tables/exports/statsigFormat.ts';
import { exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { duckDb } from '../../harness/duckDb.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { DAY, type ExporterOptions, type ExportWorld, startExport } from './startExport.ts';

const tables = { exposures: 'exposures', events: 'events', quarantine: 'quarantine' };
const curatedTables = { exposures: 'curated_exposures', events: 'curated_events' };
const formatOf = (table: string): StatsigFormat => {
  const made = statsigFormat(
    { tables, curatedTables, unitIds: { companyID: 'company_id' }, sources: [] },
    table,
  );
  if ('expected' in made) throw new Error(made.expected);
  return made.format;
};
const LONG = `repeat('x', 128)`;
const EVENTS = `SELECT * FROM (VALUES
  (TIMESTAMP '2026-11-19 10:00:00.999', 'purchase', '12.5', 'ada', NULL, '{"item":"hat"}', 'production'),
  (TIMESTAMP '1969-12-31 23:59:59.5', repeat('й', 127), NULL, NULL, 'device', NULL, 'production'),
  (TIMESTAMP '2026-11-19 10:00:00', 'purchase', '1', 'ada', NULL, NULL, 'staging'),
  (TIMESTAMP '2026-11-19 10:00:00', 'purchase', '1', NULL, NULL, NULL, 'production'),
  (TIMESTAMP '2026-11-19 10:00:00', NULL, '1', 'ada', NULL, NULL, 'production'),
  (TIMESTAMP '2026-11-19 10:00:00', ${LONG}, '1', 'ada', NULL, NULL, 'production'),
  (TIMESTAMP '2026-11-19 10:00:00', 'note', ${LONG}, 'ada', NULL, NULL, 'production')
) AS rows ("timestamp", event_name, event_value, user_id, stable_id, company_metadata, environment)`;

describe('a file for Statsig', () => {
  const directory = temporaryDirectory();
  const limits = { memoryMegabytes: 200, threads: 1, temporaryDirectory: directory.path };
  afterAll(() => directory.remove());

  it('has its columns and types, and counts the rows that Statsig does not take', async () => {
    const bytes = await parquetOf(EVENTS);
    const file = await statsigRewriter(formatOf('events'), limits).rewrite(Readable.from([bytes]));
    const path = join(directory.path, 'out.parquet');
    writeFileSync(path, Buffer.concat(await file.open().toArray()));
    await file.remove();
    expect(file.rows).toBe(2);
    expect(file.leftOut).toEqual({
      other_environment: 1,
      no_unit: 1,
      no_event_name: 1,
      long_event_name: 1,
      long_event_value: 1,
    });
    expect(await typesOf(path)).toEqual([
      ['timestamp', 'BIGINT'],
      ['event_name', 'VARCHAR'],
      ['event_value', 'VARCHAR'],
      ['user_id', 'VARCHAR'],
      ['stable_id', 'VARCHAR'],
      // The file is older than the column.
      ['company_id', 'VARCHAR'],
      ['metadata_json', 'VARCHAR'],
    ]);
    expect(await rowsOf(path)).toEqual([
      ['1795082400', 'purchase', '12.5', 'ada', null, null, '{"item":"hat"}'],
      ['-1', 'й'.repeat(127), null, null, 'device', null, null],
    ]);
  });

  it('has the assignments alone of exposures, and of a curated day one row an event', async () => {
    const bytes = await parquetOf(`SELECT * FROM (VALUES
      ('checkout', 'rule', 'ada', true, 1), ('checkout', 'rule', 'bob', false, 1), ('checkout', 'rule', 'ada', true, 2)
    ) AS rows (experiment_id, group_id, user_id, is_assignment, "copy"),
    (SELECT TIMESTAMP '2026-11-19 10:00:00' AS "timestamp", 'production' AS environment, NULL AS user_dimensions)`);
    const fileOf = async (table: string, from = bytes) => {
      const made = await statsigRewriter(formatOf(table), limits).rewrite(Readable.from([from]));
      await made.remove();
      return { rows: made.rows, leftOut: made.leftOut };
    };
    expect(await fileOf('exposures')).toEqual({ rows: 2, leftOut: { other_is_assignment: 1 } });
    expect(await fileOf('curated_exposures')).toEqual({
      rows: 1,
      leftOut: { other_is_assignment: 1, other_copy: 1 },
    });
    // A file that is older than the column does not say which of its rows are assignments.
    const old = await parquetOf(
      `SELECT TIMESTAMP '2026-11-19 10:00:00' AS "timestamp", 'production' AS environment, 'ada' AS user_id`,
    );
    expect(await fileOf('exposures', old)).toEqual({ rows: 0, leftOut: { other_is_assignment: 1 } });
  });

  it('fails by name if it cannot be read, and leaves nothing behind', async () => {
    const before = readdirSync(directory.path);
    const rewriting = statsigRewriter(formatOf('events'), limits).rewrite(Readable.from([Buffer.from('x')]));
    await expect(rewriting).rejects.toMatchObject({ code: 'SLUICE_EXPORT_REWRITE_FAILED' });
    expect(readdirSync(directory.path)).toEqual(before);
  });
});

describe('the export of a day for Statsig', () => {
  const directory = temporaryDirectory();
  const limits = { memoryMegabytes: 200, threads: 1, temporaryDirectory: directory.path };
  let world: ExportWorld;
  beforeEach(async () => {
    world = await startExport();
    await world.register(DAY);
    await world.put('a.parquet', await parquetOf(EVENTS));
    await world.put('b.parquet', await parquetOf(EVENTS));
  });
  afterEach(async () => {
    await world.close();
    expect(readdirSync(directory.path)).toEqual([]);
  });
  afterAll(() => directory.remove());
  const task = { day: DAY, fingerprint: 'as planned' };
  const run = (format?: StatsigFormat, log: unknown[] = [], more: ExporterOptions = {}) =>
    exportDay(
      world.exporter({
        ...(format === undefined ? {} : { rewriter: statsigRewriter(format, limits) }),
        log: (fields) => log.push(fields),
        ...more,
      }),
      world.configured(),
      task,
    );

  it('writes files and nothing beside them, names them in the ledger, and logs what it left out', async () => {
    const log: unknown[] = [];
    expect(await run(formatOf('events'), log)).toMatchObject({ outcome: 'settled', copied: 2, removed: 0 });
    const names = [...(await world.exported()).keys()];
    expect(names).toEqual([
      expect.stringMatching(/^sluice-\w+\.parquet$/),
      expect.stringMatching(/^sluice-/),
    ]);
    const entry = await world.ledger.read(exportSubject(world.configured(), DAY));
    expect(entry?.files.map(({ detail }) => detail).sort()).toEqual(names.sort());
    expect(log).toMatchObject([
      { event: 'export_rewritten', rows: 2, left_out: { other_environment: 1 } },
      { event: 'export_rewritten', rows: 2 },
    ]);
    expect(await run(formatOf('events'))).toMatchObject({ copied: 0, removed: 0 });
  });

  it('has one file at a time on the disk, which goes whether it was written or not', async () => {
    const { target } = world.exporter();
    const onDisk: number[] = [];
    const write = () => {
      onDisk.push(readdirSync(directory.path).length);
      return Promise.reject(new Error('away'));
    };
    expect(await run(formatOf('events'), [], { target: { ...target, write } })).toMatchObject({
      entry: { state: 'failed' },
    });
    // The file and what is made of it.
    expect(onDisk).toEqual([2]);
  });

  it('replaces files and the manifest of an export that copied, and files in other columns', async () => {
    await run();
    expect([...(await world.exported()).keys()]).toContain('_manifest.json');
    expect(await run(formatOf('events'))).toMatchObject({ copied: 2, removed: 3 });
    expect([...(await world.exported()).keys()]).not.toContain('_manifest.json');
    const other = { ...formatOf('events'), only: {} };
    expect(await run(other)).toMatchObject({ copied: 2, removed: 2 });
    expect((await world.exported()).size).toBe(2);
  });
});

async function ask(sql: string): Promise<(string | null)[][]> {
  const rows = await duckDb(sql);
  return rows.map((row) => Object.values(row).map((value) => (value === null ? null : String(value))));
}

async function typesOf(path: string): Promise<(string | null)[][]> {
  return (await ask(`DESCRIBE SELECT * FROM '${path}'`)).map(([name = null, type = null]) => [name, type]);
}

function rowsOf(path: string): Promise<(string | null)[][]> {
  return ask(`SELECT * FROM '${path}' ORDER BY 1 DESC`);
}
