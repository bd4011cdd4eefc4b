import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { curatedDaysKey, curatedSubject, ledgerKey } from '../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { startCloud } from '../../local/startCloud.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { control, deployed, unfinishedUploads, useConfig } from './deployed.ts';

const BUCKET = 'sluice-curate-proof';
const config = defineConfig({ bucket: BUCKET, curate: true, curateAfter: 1 });
/** Timeout of the function in this deployment, seconds: a day of some megabytes is more than one invocation takes. */
const SECONDS = 75;
const today = utcDay(Date.now());
/** A day of a few rows, one that fills more than a part of an upload, and one that is cut into slices. */
const [few, wide, large] = [addDays(today, -3), addDays(today, -4), addDays(today, -5)];

const listSchema = z.object({ days: z.record(z.string(), z.unknown()) });

const directory = temporaryDirectory();

useConfig(directory.path, { bucket: BUCKET, curate: true, curateAfter: 1 });
const made = await deployed();
const template: typeof made.loaded.template = structuredClone(made.loaded.template);
Object.assign(Object(template.Resources['CurateLambdaFunction']?.Properties), { Timeout: SECONDS });
const cloud = await startCloud({
  ...{ port: 0, edgePort: 0, enforceIam: true, data: join(directory.path, 'data') },
  load: async () => ({ ...made.loaded, template }),
});
const s3 = new S3Client({
  endpoint: cloud.edge,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
});
afterAll(async () => {
  delete process.env['SLUICE_CONFIG'];
  s3.destroy();
  await cloud.close();
  directory.remove();
});

describe('the curation of days, deployed', () => {
  it('puts days, slices and late files into tables and deletes old versions, by its policies alone', async () => {
    for (const kind of forwardedKinds) await land(kind, few, 'a', rows(kind, few, 3));
    await land(
      'exposures',
      large,
      'a',
      `SELECT *, i || repeat('x', 60000) AS ballast FROM (${rows('exposures', large, 3_000)})`,
    );
    for (const kind of forwardedKinds) await land(kind, wide, 'a', wideRows(kind));
    await faults({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['UploadPart'], calls: 'all' }],
    });
    await jump(0, '00:30');
    await control(cloud.edge, 'faults', 'DELETE');
    // Past the time for which messages are hidden.
    await jump(0, '06:00');
    for (const kind of forwardedKinds) await listed(kind, [few, wide]);
    await listed('exposures', [large]);

    // Late files: their day leaves the list at once, and is curated again in the next night.
    for (const kind of forwardedKinds) await land(kind, few, 'b', rows(kind, few, 2));
    await listed('events', [wide], [few]);
    await jump(1, '00:30');
    for (const kind of forwardedKinds) await listed(kind, [few]);

    // As if the columns had been others when the day was curated.
    await reshape('events', wide);
    // A file with fewer rows in the place of another: the rest is kept of the version before.
    for (const kind of forwardedKinds) await land(kind, few, 'a', rows(kind, few, 1));
    await jump(2, '00:30');
    await listed('events', [wide]);
    for (const kind of forwardedKinds) await keeps(kind, few);
    // Replaced objects are deleted a day later.
    await jump(4, '12:00');
    await cloud.flush();
    expect(await unfinishedUploads(cloud.edge, BUCKET)).toEqual([]);
  }, 300_000);

  /** Rows of a raw table: of most columns none, as in files of before they were added. */
  function rows(kind: ForwardedKind, day: string, count: number): string {
    const key = kind === 'exposures' ? 'experiment_id' : 'event_name';
    return `SELECT i, md5('${kind} ${day} ' || i) AS event_id, 'made' AS ${key}, 'u' || i AS user_id,
      TIMESTAMP '${day} 12:00:00' AS timestamp, TIMESTAMP '${day} 12:00:01' AS received_at,
      'production' AS environment FROM range(${count}) t(i)`;
  }

  /** Hashes hardly compress: more bytes than a part of an upload has. */
  function wideRows(kind: ForwardedKind): string {
    const text = "(SELECT string_agg(md5(i || '-' || n), '') FROM range(1500) s(n))";
    return `SELECT *, '{"text":"' || ${text} || '"}' AS statsig_metadata FROM (${rows(kind, wide, 1_000)})`;
  }

  async function land(kind: ForwardedKind, day: string, name: string, sql: string): Promise<void> {
    const path = join(directory.path, 'raw.parquet');
    const duckDb = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await duckDb.connect();
    const codec = name === 'a' && day === large ? 'uncompressed' : 'snappy';
    await connection.run(
      `COPY (SELECT * EXCLUDE (i) FROM (${sql})) TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`,
    );
    connection.closeSync();
    duckDb.closeSync();
    const Key = `${dayFolder(config, kind, day)}${name}.parquet`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: readFileSync(path) }));
    await cloud.flush();
  }

  /** Gives the ledger of a curated day another shape, and takes the day out of the list. */
  async function reshape(kind: ForwardedKind, day: string): Promise<void> {
    const { source, dataset } = curatedSubject(config, kind, day);
    const Key = ledgerKey(source, dataset, day);
    const entry = await readJson(Key);
    await writeJson(Key, { ...entry, curated: { ...Object(entry.curated), shape: 'other' } });
    const { days } = listSchema.parse(await readJson(curatedDaysKey(kind)));
    const { [day]: _, ...others } = days;
    await writeJson(curatedDaysKey(kind), { days: others });
  }

  async function keeps(kind: ForwardedKind, day: string): Promise<void> {
    const { source, dataset } = curatedSubject(config, kind, day);
    await until(async () => {
      const { curated } = await readJson(ledgerKey(source, dataset, day));
      return Object.hasOwn(Object(curated), 'kept');
    }, `${kind} keep nothing`);
    await cloud.flush();
  }

  async function readJson(Key: string): Promise<Record<string, unknown>> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return JSON.parse((await Body?.transformToString()) ?? '');
  }

  async function writeJson(Key: string, value: object): Promise<void> {
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: JSON.stringify(value) }));
  }

  /** Waits until the list has these days, and not those. */
  async function listed(kind: ForwardedKind, days: readonly string[], not: readonly string[] = []) {
    await until(async () => {
      const list = await readJson(curatedDaysKey(kind)).catch(() => ({ days: {} }));
      const there = Object.keys(listSchema.parse(list).days);
      return days.every((day) => there.includes(day)) && !not.some((day) => there.includes(day));
    }, `${kind} have no list with ${days} and without ${not}`);
    await cloud.flush();
  }

  async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(otherwise);
      await cloud.flush();
      await pause(100);
    }
  }

  /** Moves the clock to a time of a day from tomorrow on. */
  async function jump(days: number, time: string): Promise<void> {
    await control(cloud.edge, 'clock', 'POST', {
      now: Date.parse(`${addDays(today, 1 + days)}T${time}:00Z`),
    });
    await cloud.flush();
  }

  const faults = (wanted: object) => control(cloud.edge, 'faults', 'POST', wanted);
});
