import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manifestSchema } from '../../lib/export/TargetBucket.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import type { DropDay } from '../../observe/facts/days/dropDays.ts';
import type { DropsCalendar } from '../../observe/facts/days/dropsPage.ts';
import type { QueryRow } from '../../packages/local-aws/src/trino/index.ts';
import {
  acme,
  acmeDatasets,
  type DatasetName,
  eventRows,
  exposureRows,
  revenueRows,
} from '../harness/acmeDrops.ts';
import { calendarMarks } from '../harness/calendarMarks.ts';
import { byDuckDb, byParquetJs, type DropRows, type DropWriter } from '../harness/dropWriters.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { eventually } from '../harness/waiting.ts';

/** Days of the local cloud, whatever day it is on the machine. */
const D16 = '2026-11-16';
const D18 = '2026-11-18';
const D19 = '2026-11-19';
const D20 = '2026-11-20';
const D21 = '2026-11-21';
const DAYS = [D16, D18, D19, D20];

const WAREHOUSE = 'acme-warehouse';
const target = { bucket: WAREHOUSE, owner: CUSTOMER };
const names = ['events', 'revenue', 'exposures'] as const;

let ingest: Awaited<ReturnType<typeof ingestCloud>>;
let customer: S3Client;
beforeAll(async () => {
  ingest = await ingestCloud(
    {
      unitIds: { companyID: 'company_id' },
      sources: [acme],
      exports: [
        { name: 'drops', table: 'acme_events', lookbackDays: 3, target },
        { name: 'sdks', table: 'statsig_forwarded_events', target },
      ],
    },
    { startsAt: `${D20}T07:00:00Z` },
  );
  customer = ingest.customer();
});
afterAll(() => ingest.close());

const sluice = (...args: string[]) => ingest.sluice(...args);

/** Rows that the tables have to have, by the key of the file that has them. */
const wanted = new Map<string, { readonly name: DatasetName; readonly rows: readonly object[] }>();

async function drop(
  name: DatasetName,
  day: string,
  file: string,
  write: DropWriter,
  rows: DropRows,
): Promise<void> {
  const { folder, columns, row } = acmeDatasets[name];
  const key = `${folder(day)}${file}`;
  await ingest.drop(key, await write(columns, rows));
  wanted.set(key, {
    name,
    rows: rows.flatMap((loaded) => (row(loaded) === null ? [] : [{ ds: day, ...row(loaded) }])),
  });
}

async function remove(name: DatasetName, day: string, file: string): Promise<void> {
  const key = `${acmeDatasets[name].folder(day)}${file}`;
  await ingest.removeDrop(key);
  wanted.delete(key);
}

/** Rows as texts, in an order of their own: as both ways of asking can answer them. */
const comparable = (rows: readonly object[]) =>
  rows
    .map((row) =>
      Object.entries(row)
        .map(([name, value]) => `${name}=${value ?? 'null'}`)
        .sort()
        .join(' '),
    )
    .sort();

/** The tables have what was dropped, row for row, by DuckDB's SQL and by Athena's. */
async function tablesAreRight(): Promise<void> {
  for (const name of names) {
    const expected = comparable(
      [...wanted.values()].flatMap((file) => (file.name === name ? file.rows : [])),
    );
    const { selected, time } = acmeDatasets[name];
    const sql = (shown: string) =>
      `SELECT CAST(ds AS varchar) AS ds, ${selected}, ${shown} AS time FROM acme_${name}`;
    const duckDb = sql(`strftime(CAST(${time} AS timestamp), '%Y-%m-%d %H:%M:%S.%g')`);
    expect(comparable(await ingest.query(duckDb))).toEqual(expected);
    const trino = sql(`CAST(CAST(${time} AS timestamp(3)) AS varchar)`);
    expect(comparable(await ingest.ask(trino))).toEqual(expected);
  }
}

/** The ledger's days, by `<dataset> <day>`. */
async function entries(): Promise<ReadonlyMap<string, DropDay>> {
  const { datasets } = await ingest.json<DropsCalendar>('ingest', 'status', '--days', '6');
  return new Map(
    datasets.flatMap(({ dataset, days }) =>
      days.flatMap((day) => (day.state === null ? [] : [[`${dataset} ${day.day}`, day] as const])),
    ),
  );
}

/** The marks of a day by dataset, in the order of {@link names}. */
const marked = (...marks: readonly string[]) =>
  Object.fromEntries(names.map((name, i) => [`acme/${name}`, marks[i]]));

/** Expected state of each day in the ledger. */
const states = new Map<string, string>();

/** Looks until the ledger says so: functions run beside us. */
async function statesAreRight(): Promise<void> {
  const expected = String([...states].map(String).sort());
  await eventually(
    expected,
    async () => {
      await ingest.cloud.flush();
      const found = [...(await entries())].map(([place, { state }]) => `${place},${state}`);
      return String(found.sort());
    },
    (seen) => seen === expected,
  );
}

/** `explain`'s entry for each file of a day: name, fate, reason, rows in, out and refused. */
async function fates(name: DatasetName, day: string): Promise<readonly unknown[]> {
  const place = ['--source', 'acme', '--dataset', name, '--day', day];
  const { files } = await ingest.json<LedgerEntry>('ingest', 'explain', ...place);
  return files.map(({ key, fate, reason, rows }) => [
    key.slice(key.lastIndexOf('/') + 1),
    fate,
    ...(reason === undefined ? [] : [reason]),
    ...(rows === undefined ? [] : [`${rows.in} ${rows.out} ${rows.refused}`]),
  ]);
}

/** Rows of an exported day, read by the bucket's owner; rows of our table; and the objects that exist. */
async function exported(name: string, table: string, day: string) {
  const keys = await ingest.keys(`${name}/${day}/`, WAREHOUSE, customer);
  const folder = mkdtempSync(join(ingest.scratch, 'exported-'));
  const files = keys.filter((key) => key.endsWith('.parquet'));
  const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);
  const manifest = await ingest.read(`${name}/${day}/_manifest.json`, WAREHOUSE, customer);
  const manifestContent = manifestSchema.parse(JSON.parse(Buffer.from(manifest).toString()));
  expect(manifestContent.files.map((file) => file.name).sort()).toEqual(files.map(nameOf).sort());
  for (const key of files)
    writeFileSync(join(folder, nameOf(key)), await ingest.read(key, WAREHOUSE, customer));
  const list = files.map((key) => `'${join(folder, nameOf(key))}'`).join();
  return {
    theirs: await ingest.query(`SELECT * FROM read_parquet([${list}]) ORDER BY ALL`),
    ours: await ingest.query(`SELECT * EXCLUDE (ds) FROM ${table} WHERE ds = DATE '${day}' ORDER BY ALL`),
    /** When the files were written. */
    exportedAt: manifestContent.exportedAt,
  };
}

const exportStates = async (): Promise<Readonly<Record<string, string>>> => {
  await ingest.cloud.flush();
  const { exports } = await ingest.json<DropsCalendar>('export', 'status');
  return Object.fromEntries(
    exports.flatMap((dayExport) =>
      dayExport.days.flatMap(({ day, state }) =>
        state === null ? [] : [[`${dayExport.export} ${day}`, state]],
      ),
    ),
  );
};

// One month of one customer, told in order: each case begins where the one before it ended.
describe('customers’ drops', () => {
  it('of four days, written by two tools, are in the tables after the scheduled run', async () => {
    for (const day of DAYS) {
      const actions = day === D18 ? ['bought', null, 'seen'] : ['bought', 'seen'];
      await drop('events', day, 'part-0.parquet', byDuckDb, eventRows(day, actions));
      await drop('revenue', day, 'part-0.parquet', byParquetJs, revenueRows(day));
      await drop('exposures', day, 'part-0.parquet', byDuckDb, exposureRows(day, ['u1', 'u2']));
    }
    await drop('exposures', D18, 'part-1.parquet', byParquetJs, exposureRows(D18, ['u3']));
    for (const name of ['_SUCCESS', 'empty.parquet']) await ingest.drop(`events/${D19}/${name}`, Buffer.of());
    await ingest.drop(`events/${D19}/notes.csv`, Buffer.from('a,b\n'));

    await ingest.jumpTo(`${D20}T09:05:00Z`);
    for (const day of DAYS) {
      for (const name of names) states.set(`${name} ${day}`, 'succeeded');
    }
    // Beyond the three days that are looked back at.
    states.delete(`exposures ${D16}`);
    await statesAreRight();
    const backfill = ['--source', 'acme', '--dataset', 'exposures', '--from', D16];
    expect(await sluice('ingest', 'backfill', ...backfill)).toMatchObject({ code: 0 });
    states.set(`exposures ${D16}`, 'succeeded');
    await statesAreRight();
    await tablesAreRight();
  });

  it('are shown as a calendar, and each day with the result of each file', async () => {
    const { code, stdout } = await sluice('ingest', 'status', '--days', '6');
    expect(code).toBe(0);
    for (const day of [D16, D18, D19]) expect(calendarMarks(stdout, day)).toEqual(marked('✓', '✓', '✓'));
    expect(stdout).toContain(`acme/events ${D18} refused 1 of 3 rows, which are in quarantine`);
    expect(stdout).toContain(`acme/events ${D19} left out 2 objects: events/${D19}/empty.parquet (empty), `);
    expect(await fates('events', D18)).toEqual([['part-0.parquet', 'loaded', '3 2 1']]);
    const place = ['--source', 'acme', '--dataset', 'events', '--day', D18];
    const explained = await sluice('ingest', 'explain', ...place);
    expect(explained.stdout).toContain('1 of 3 rows went to quarantine.');
    expect(explained.stdout).toMatch(
      /part-0\.parquet +\d+ +loaded +3 +2 +1 +SLUICE_INGEST_ROW_NAME_MISSING: 1\n/,
    );
    expect(await ingest.query('SELECT reason, path FROM quarantine')).toEqual([
      { reason: 'SLUICE_INGEST_ROW_NAME_MISSING', path: `s3://${DROPS}/events/${D18}/part-0.parquet` },
    ]);
    // The deployed load runs in this process: what it fetched is gone.
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-load-${process.pid}-`));
    expect(left).toEqual([]);
  });

  it('are exported as tables to the customer’s bucket on schedule, row for row', async () => {
    const events = ['first', 'second'].map((eventName) => ({
      eventName,
      value: 2.5,
      user: { userID: 'ada' },
    }));
    expect(await ingest.post({ events })).toBe(202);
    const cloudFormation = ingest.kept(new CloudFormationClient(ingest.clientOptions()));
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({}));
    const role = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'ExportRoleArn')?.OutputValue;
    await ingest.letIn(CUSTOMER, WAREHOUSE, 'export-target', role);

    await ingest.jumpTo(`${D20}T11:35:00Z`);
    expect(await exportStates()).toEqual({
      [`drops ${D18}`]: 'succeeded',
      [`drops ${D19}`]: 'succeeded',
    });
    for (const day of [D18, D19]) {
      const { theirs, ours } = await exported('drops', 'acme_events', day);
      expect(theirs).toHaveLength(2);
      expect(theirs).toEqual(ours);
    }
  });

  it('are corrected when files are replaced, added late, deleted or broken, with a result for each', async () => {
    const before = await entries();
    await drop('events', D19, 'part-0.parquet', byParquetJs, eventRows(D19, ['mended', 'mended', 'added']));
    await drop('exposures', D19, 'late.parquet', byParquetJs, exposureRows(D19, ['u9']));
    await remove('exposures', D18, 'part-0.parquet');
    const good = await byDuckDb(acmeDatasets.events.columns, eventRows(D20, ['late']));
    await ingest.drop(`events/${D20}/part-1.parquet`, good.subarray(0, -20));

    // A file that is gone may come back, so its day waits for a while.
    await ingest.jumpTo(`${D21}T09:05:00Z`);
    states.set(`exposures ${D18}`, 'waiting').set(`events ${D20}`, 'failed');
    await statesAreRight();
    await ingest.jumpTo(`${D21}T09:20:00Z`);
    states.set(`exposures ${D18}`, 'succeeded');
    await statesAreRight();
    await tablesAreRight();

    expect(await fates('events', D19)).toEqual([
      ['part-0.parquet', 'loaded', '3 3 0'],
      ['_SUCCESS', 'left_out', 'success_marker'],
      ['empty.parquet', 'left_out', 'empty'],
      ['notes.csv', 'left_out', 'not_parquet'],
    ]);
    expect(await fates('exposures', D18)).toEqual([
      ['part-1.parquet', 'loaded', '1 1 0'],
      ['part-0.parquet', 'gone'],
    ]);
    expect(await fates('events', D20)).toEqual([
      ['part-0.parquet', 'loaded'],
      ['part-1.parquet', 'failed', 'SLUICE_INGEST_FILE_TRUNCATED'],
    ]);
    // Days that did not change were not loaded again.
    const after = await entries();
    for (const place of [`events ${D18}`, `revenue ${D19}`, `exposures ${D20}`])
      expect(after.get(place)).toEqual(before.get(place));

    const { code, stdout } = await sluice('ingest', 'status', '--days', '6');
    expect(code).toBe(3);
    expect(calendarMarks(stdout, D20)).toEqual(marked('✗', '✓', '✓'));
    expect(stdout).toContain(`acme/events ${D20} failed: SLUICE_INGEST_FILE_TRUNCATED`);
    expect(stdout).toContain('queries see the last good version');
  });

  it('are exported again for the days that changed, and for no others', async () => {
    const untouched = (await exported('drops', 'acme_events', D18)).exportedAt;
    await ingest.jumpTo(`${D21}T11:35:00Z`);
    expect(await exportStates()).toMatchObject({
      [`drops ${D20}`]: 'succeeded',
      [`sdks ${D20}`]: 'succeeded',
    });
    const rows: Record<string, readonly QueryRow[]> = {};
    for (const [name, table, day] of [
      ['drops', 'acme_events', D19],
      ['drops', 'acme_events', D20],
      ['sdks', 'statsig_forwarded_events', D20],
    ] as const) {
      const { theirs, ours } = await exported(name, table, day);
      expect(theirs).toEqual(ours);
      rows[`${name} ${day}`] = theirs;
    }
    const mended = rows[`drops ${D19}`]?.map((row) => row['event_name']).sort();
    expect(mended).toEqual(['added', 'mended', 'mended']);
    expect(rows[`drops ${D20}`]?.length).toBe(2);
    expect(rows[`sdks ${D20}`]?.length).toBe(2);
    expect((await exported('drops', 'acme_events', D18)).exportedAt).toBe(untouched);
  });

  it('are loaded by hand after a repair, and at once when their owner requests it', async () => {
    await drop('events', D20, 'part-1.parquet', byDuckDb, eventRows(D20, ['late']));
    await ingest.jumpTo(`${D21}T12:00:00Z`);
    const run = await sluice('ingest', 'run', '--source', 'acme', '--dataset', 'events');
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('1 dataset.') });
    states.set(`events ${D20}`, 'succeeded');
    await statesAreRight();

    // The file is too young for the schedule: its owner asks for it.
    await drop('events', D21, 'part-0.parquet', byDuckDb, eventRows(D21, ['fresh']));
    const ready = () =>
      ingest.send({
        path: '/v1/mark_data_ready_dwh',
        headers: { 'statsig-api-key': 'secret-acme', 'content-type': 'application/json' },
        body: JSON.stringify({ datestamps: [D21], type: 'events' }),
      });
    const first = await ready();
    const second = await ready();
    expect(first.status).toBe(200);
    expect(await first.json()).toMatchObject({ success: true, started: ['acme'] });
    expect(second.status).toBe(429);
    expect(second.headers.get('retry-after')).toBe('600');
    states.set(`events ${D21}`, 'succeeded');
    await statesAreRight();
    await tablesAreRight();
    expect((await sluice('ingest', 'status')).code).toBe(0);
  });
});
