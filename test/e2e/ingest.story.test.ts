import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { manifestSchema } from '../../lib/export/exportDay.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import type { DatasetStatus, ExportStatus } from '../../observe/facts/days/ledgerDays.ts';
import { type QueryRow, runQuery } from '../../packages/local-aws/src/trino/index.ts';
import {
  acme,
  acmeDatasets,
  type DatasetName,
  eventRows,
  exposureRows,
  revenueRows,
} from '../harness/acmeDrops.ts';
import { athenaRows } from '../harness/athenaRows.ts';
import { callMain } from '../harness/callMain.ts';
import { byDuckDb, byParquetJs, byPyarrow, type DropRows, type DropWriter } from '../harness/dropWriters.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { pythonWithPyarrow } from '../harness/python.ts';

/** Days of the local cloud, whatever day it is on the machine. */
const [D16, D17, D18] = ['2026-11-16', '2026-11-17', '2026-11-18'] as const;
const [D19, D20, D21] = ['2026-11-19', '2026-11-20', '2026-11-21'] as const;
const DAYS = [D16, D17, D18, D19, D20];

/** Owner of the bucket that we export to: the customer who sends the drops. */
const WAREHOUSE_OWNER = CUSTOMER;
const WAREHOUSE = 'acme-warehouse';
const target = { bucket: WAREHOUSE, owner: WAREHOUSE_OWNER };

const names = ['events', 'revenue', 'exposures'] as const;

const python = pythonWithPyarrow();
if (python === null) process.stderr.write('pyarrow is not installed: no file of its is dropped.\n');

let ingest: Awaited<ReturnType<typeof ingestCloud>>;
let athena: AthenaClient;
let warehouse: S3Client;
beforeAll(async () => {
  ingest = await ingestCloud({
    unitIds: { companyID: 'company_id' },
    sources: [acme],
    exports: [
      { name: 'drops', table: 'acme_events', lookbackDays: 3, target },
      { name: 'sdks', table: 'statsig_forwarded_events', target },
    ],
  });
  const place = { endpoint: ingest.cloud.edge, region: 'us-east-1' };
  athena = new AthenaClient({ ...place, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const credentials = { accessKeyId: WAREHOUSE_OWNER, secretAccessKey: 'test' };
  warehouse = new S3Client({ ...place, credentials });
}, 120_000);
afterAll(async () => {
  for (const client of [athena, warehouse]) client.destroy();
  await ingest.close();
});

const sluice = (...args: string[]) => callMain([...args, '--local'], { env: ingest.env });

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
    rows: rows.flatMap((one) => (row(one) === null ? [] : [{ ds: day, ...row(one) }])),
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
    const { stdout } = await callMain(['query', duckDb, '--json', '--data', ingest.data]);
    expect(comparable(JSON.parse(stdout))).toEqual(expected);
    const how = { WorkGroup: 'sluice', QueryExecutionContext: { Database: 'sluice' } };
    const trino = sql(`CAST(CAST(${time} AS timestamp(3)) AS varchar)`);
    expect(comparable(await athenaRows(athena, trino, how))).toEqual(expected);
  }
}

async function entries(): Promise<ReadonlyMap<string, LedgerEntry>> {
  const { stdout } = await sluice('ingest', 'status', '--json', '--days', '6');
  const found: DatasetStatus[] = JSON.parse(stdout).datasets;
  return new Map(
    found.flatMap(({ dataset, days }) =>
      days.flatMap(({ day, entry }) => (entry === null ? [] : [[`${dataset} ${day}`, entry] as const])),
    ),
  );
}

/** Expected state of each day in the ledger. */
const states = new Map<string, string>();

/** Looks again until the ledger says so: functions run beside us. */
async function statesAreRight(): Promise<void> {
  const until = Date.now() + 60_000;
  const sorted = (pairs: Iterable<readonly [string, string]>) => [...pairs].map(String).sort();
  for (;;) {
    await ingest.cloud.flush();
    const found = sorted([...(await entries())].map(([place, { state }]) => [place, state]));
    const expected = sorted(states);
    if (String(found) === String(expected) || Date.now() > until) {
      expect(found).toEqual(expected);
      return;
    }
    await pause(50);
  }
}

/** `explain`'s entry for each file of a day: name, fate, reason, rows in, out and refused. */
async function fates(name: DatasetName, day: string): Promise<readonly unknown[]> {
  const asked = ['--source', 'acme', '--dataset', name, '--day', day];
  const { stdout } = await sluice('ingest', 'explain', ...asked, '--json');
  const { files }: LedgerEntry = JSON.parse(stdout);
  return files.map(({ key, fate, reason, rows }) => [
    ...[key.slice(key.lastIndexOf('/') + 1), fate],
    ...(reason === undefined ? [] : [reason]),
    ...(rows === undefined ? [] : [`${rows.in} ${rows.out} ${rows.refused}`]),
  ]);
}

/** Rows of an exported day, read by the bucket's owner; rows of our table; and the objects that exist. */
async function exported(name: string, table: string, day: string) {
  const { Contents = [] } = await warehouse.send(
    new ListObjectsV2Command({ Bucket: WAREHOUSE, Prefix: `${name}/${day}/` }),
  );
  const folder = join(ingest.data, '..', 'read-back', name, day, String(Date.now()));
  mkdirSync(folder, { recursive: true });
  const keys = Contents.map(({ Key = '' }) => Key);
  const objects = new Map<string, Uint8Array>();
  for (const Key of keys) {
    const { Body } = await warehouse.send(new GetObjectCommand({ Bucket: WAREHOUSE, Key }));
    objects.set(Key.slice(Key.lastIndexOf('/') + 1), (await Body?.transformToByteArray()) ?? Buffer.of());
  }
  const manifest = manifestSchema.parse(
    JSON.parse(Buffer.from(objects.get('_manifest.json') ?? []).toString()),
  );
  objects.delete('_manifest.json');
  expect(manifest.files.map((file) => file.name).sort()).toEqual([...objects.keys()].sort());
  for (const [file, bytes] of objects) writeFileSync(join(folder, file), bytes);
  const theirs =
    objects.size === 0
      ? []
      : await runQuery(ingest.data, `SELECT * FROM read_parquet('${folder}/*.parquet') ORDER BY ALL`);
  const ours = await runQuery(
    ingest.data,
    `SELECT * EXCLUDE (ds) FROM ${table} WHERE ds = DATE '${day}' ORDER BY ALL`,
  );
  return { theirs, ours, files: [...objects.keys()] };
}

const exportStates = async (): Promise<Readonly<Record<string, string>>> => {
  await ingest.cloud.flush();
  const { stdout } = await sluice('export', 'status', '--json');
  const found: ExportStatus[] = JSON.parse(stdout).exports;
  return Object.fromEntries(
    found.flatMap((one) =>
      one.days.flatMap(({ day, entry }) => (entry === null ? [] : [[`${one.export} ${day}`, entry.state]])),
    ),
  );
};

describe('customers’ drops', () => {
  it('of five days, written by three tools, are in the tables after the scheduled run', async () => {
    await ingest.jumpTo(`${D20}T07:00:00Z`);
    for (const day of DAYS) {
      const actions = day === D18 ? ['bought', null, 'seen'] : ['bought', 'seen'];
      await drop('events', day, 'part-0.parquet', byDuckDb, eventRows(day, actions));
      await drop('revenue', day, 'part-0.parquet', byParquetJs, revenueRows(day));
      await drop('exposures', day, 'part-0.parquet', byDuckDb, exposureRows(day, ['u1', 'u2']));
    }
    await drop('exposures', D18, 'part-1.parquet', byParquetJs, exposureRows(D18, ['u3']));
    if (python !== null) {
      await drop('exposures', D18, 'spark.parquet', byPyarrow(python, 'int96'), exposureRows(D18, ['u4']));
      await drop('exposures', D19, 'arrow.parquet', byPyarrow(python, 'us'), exposureRows(D19, ['u3', 'u4']));
    }
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
  }, 120_000);

  it('are shown as a calendar, and each day with the result of each file', async () => {
    const { code, stdout } = await sluice('ingest', 'status', '--days', '6');
    expect(code).toBe(0);
    for (const name of names) expect(stdout).toMatch(new RegExp(`acme/${name} +· +✓ +✓ +✓ +✓ +✓\n`));
    expect(stdout).toContain(`acme/events ${D18} refused 1 of 3 rows, which are in quarantine`);
    expect(stdout).toContain(`acme/events ${D19} left out 2 objects: events/${D19}/empty.parquet (empty), `);
    expect(await fates('events', D18)).toEqual([['part-0.parquet', 'loaded', '3 2 1']]);
    expect(await fates('events', D19)).toEqual([
      ['part-0.parquet', 'loaded', '2 2 0'],
      ['_SUCCESS', 'left_out', 'success_marker'],
      ['empty.parquet', 'left_out', 'empty'],
      ['notes.csv', 'left_out', 'not_parquet'],
    ]);
    const explained = await sluice(
      'ingest',
      'explain',
      ...['--source', 'acme', '--dataset', 'events', '--day', D18],
    );
    expect(explained.stdout).toContain('3 in, 2 out, 1 refused');
    expect(explained.stdout).toMatch(
      /part-0\.parquet +\d+ +loaded +3 +2 +1 +SLUICE_INGEST_ROW_NAME_MISSING: 1\n/,
    );
    expect(await runQuery(ingest.data, 'SELECT reason, path FROM quarantine')).toEqual([
      { reason: 'SLUICE_INGEST_ROW_NAME_MISSING', path: `s3://${DROPS}/events/${D18}/part-0.parquet` },
    ]);
    // The deployed load runs in this process: what it fetched is gone.
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-load-${process.pid}-`));
    expect(left).toEqual([]);
  }, 120_000);

  it('are exported as tables to another customer’s bucket on schedule, row for row', async () => {
    const post = await fetch(`${ingest.cloud.collector}/v1/my-product-data`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-acme' },
      body: JSON.stringify({
        events: ['first', 'second'].map((eventName) => ({ eventName, value: 2.5, user: { userID: 'ada' } })),
      }),
    });
    expect(post.status).toBe(202);
    const cloudFormation = new CloudFormationClient({
      ...{ endpoint: ingest.cloud.edge, region: 'us-east-1' },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({}));
    cloudFormation.destroy();
    const role = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'ExportRoleArn')?.OutputValue;
    await ingest.letIn(WAREHOUSE_OWNER, WAREHOUSE, 'export-target', role);

    await ingest.jumpTo(`${D20}T11:35:00Z`);
    expect(await exportStates()).toEqual({
      [`drops ${D17}`]: 'succeeded',
      [`drops ${D18}`]: 'succeeded',
      [`drops ${D19}`]: 'succeeded',
    });
    for (const day of [D17, D18, D19]) {
      const { theirs, ours } = await exported('drops', 'acme_events', day);
      expect([theirs.length, theirs]).toEqual([2, ours]);
    }
  }, 120_000);

  it('are corrected when files are replaced, added late, deleted or broken, with a result for each', async () => {
    const before = await entries();
    await drop('events', D19, 'part-0.parquet', byParquetJs, eventRows(D19, ['mended', 'mended', 'added']));
    await drop('exposures', D19, 'late.parquet', byParquetJs, exposureRows(D19, ['u9']));
    await remove('exposures', D18, 'part-0.parquet');
    await remove('revenue', D18, 'part-0.parquet');
    const good = await byDuckDb(acmeDatasets.events.columns, eventRows(D20, ['late']));
    await ingest.drop(`events/${D20}/part-1.parquet`, good.subarray(0, -20));

    // A file that is gone may come back, so its day waits for a while.
    await ingest.jumpTo(`${D21}T09:05:00Z`);
    states.set(`revenue ${D18}`, 'waiting').set(`exposures ${D18}`, 'waiting').set(`events ${D20}`, 'failed');
    await statesAreRight();
    await ingest.jumpTo(`${D21}T09:20:00Z`);
    states.set(`revenue ${D18}`, 'succeeded_no_data').set(`exposures ${D18}`, 'succeeded');
    await statesAreRight();
    await tablesAreRight();

    const files = (...more: string[]) => (python === null ? [] : [[...more]]);
    expect(await fates('events', D19)).toEqual([
      ['part-0.parquet', 'loaded', '3 3 0'],
      ['_SUCCESS', 'left_out', 'success_marker'],
      ['empty.parquet', 'left_out', 'empty'],
      ['notes.csv', 'left_out', 'not_parquet'],
    ]);
    expect(await fates('exposures', D19)).toEqual([
      ...files('arrow.parquet', 'loaded', '2 2 0'),
      ['late.parquet', 'loaded', '1 1 0'],
      ['part-0.parquet', 'loaded', '2 2 0'],
    ]);
    expect(await fates('exposures', D18)).toEqual([
      ['part-1.parquet', 'loaded', '1 1 0'],
      ...files('spark.parquet', 'loaded', '1 1 0'),
      ['part-0.parquet', 'gone'],
    ]);
    expect(await fates('revenue', D18)).toEqual([['part-0.parquet', 'gone']]);
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
    expect(stdout).toMatch(/acme\/events +✓ +✓ +✓ +✓ +✗ +·\n/);
    expect(stdout).toMatch(/acme\/revenue +✓ +✓ +– +✓ +✓ +·\n/);
    expect(stdout).toContain(`acme/events ${D20} failed: SLUICE_INGEST_FILE_TRUNCATED`);
    expect(stdout).toContain('queries see the last good version');
  }, 120_000);

  it('are exported again for the days that changed, and for no others', async () => {
    const untouched = (await exported('drops', 'acme_events', D18)).files;
    await ingest.jumpTo(`${D21}T11:35:00Z`);
    expect(await exportStates()).toMatchObject({
      [`drops ${D20}`]: 'succeeded',
      [`sdks ${D20}`]: 'succeeded',
    });
    const rows: Record<string, readonly QueryRow[]> = {};
    for (const [name, table, day] of [
      ['drops', 'acme_events', D18],
      ['drops', 'acme_events', D19],
      ['drops', 'acme_events', D20],
      ['sdks', 'statsig_forwarded_events', D20],
    ] as const) {
      const { theirs, ours } = await exported(name, table, day);
      expect(theirs).toEqual(ours);
      rows[`${name} ${day}`] = theirs;
    }
    expect(rows[`drops ${D19}`]?.map((row) => row['event_name']).sort()).toEqual([
      'added',
      'mended',
      'mended',
    ]);
    expect(rows[`drops ${D20}`]).toHaveLength(2);
    expect(rows[`sdks ${D20}`]).toHaveLength(2);
    expect((await exported('drops', 'acme_events', D18)).files).toEqual(untouched);
  }, 120_000);

  it('are loaded by hand after a repair, and at once when their owner requests it', async () => {
    await drop('events', D20, 'part-1.parquet', byDuckDb, eventRows(D20, ['late']));
    await ingest.jumpTo(`${D21}T12:00:00Z`);
    const run = await sluice('ingest', 'run', '--source', 'acme', '--dataset', 'events');
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('1 dataset.') });
    states.set(`events ${D20}`, 'succeeded');
    await statesAreRight();

    // Not settled yet.
    await drop('events', D21, 'part-0.parquet', byDuckDb, eventRows(D21, ['fresh']));
    const ready = () =>
      fetch(`${ingest.cloud.collector}/v1/mark_data_ready_dwh`, {
        method: 'POST',
        headers: { 'statsig-api-key': 'secret-acme', 'content-type': 'application/json' },
        body: JSON.stringify({ datestamps: [D21], type: 'events' }),
      });
    const [first, second] = [await ready(), await ready()];
    expect([first.status, await first.json()]).toEqual([
      200,
      { success: true, started: ['acme'], tooSoon: [] },
    ]);
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '600']);
    states.set(`events ${D21}`, 'succeeded');
    await statesAreRight();
    await tablesAreRight();
    expect((await sluice('ingest', 'status')).code).toBe(0);
  }, 120_000);

  it('are loaded and exported with the deployed policies: no service was refused a call', () => {
    expect(ingest.cloud.status().refusals).toEqual([]);
  });
});
