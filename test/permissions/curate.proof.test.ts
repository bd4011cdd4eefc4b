import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { addDays } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import { curatedDaysKey, curatedSubject, ledgerKey } from '../../lib/tables/ledgerKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { duckDb } from '../harness/duckDb.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { flushUntil, resolveDeployment, unfinishedUploads } from './deployed.ts';
import { UsedPermissions } from './usedPermissions.ts';

const BUCKET = 'sluice-curate-proof';
const config = defineConfig({ bucket: BUCKET, curate: true, curateAfter: 1 });
/** Timeout of the function in this deployment, seconds: a day of some megabytes is more than one invocation takes. */
const SECONDS = 75;
const today = '2026-11-20';
/** A day of a few rows, one that fills more than a part of an upload, and one that is cut into slices. */
const few = addDays(today, -3);
const wide = addDays(today, -4);
const large = addDays(today, -5);

const listSchema = z.object({ days: z.record(z.string(), z.unknown()) });

const permissions = new UsedPermissions();
const story = await storyCloud(
  { bucket: BUCKET, curate: true, curateAfter: 1 },
  {
    startsAt: `${today}T07:30:00Z`,
    async load() {
      const { loaded } = await resolveDeployment();
      const template = structuredClone(loaded.template);
      Object.assign(Object(template.Resources['CurateLambdaFunction']?.Properties), { Timeout: SECONDS });
      return { ...loaded, template };
    },
  },
);
const { cloud } = story;
afterAll(() => story.close());

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
    await story.setFaults({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['UploadPart'], calls: 'all' }],
    });
    await jump(0, '00:30');
    await story.clearFaults();
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
    expect(await unfinishedUploads(story)).toEqual([]);
  }, 300_000);

  it('uses every permission of its roles', async () => {
    expect(await permissions.of('CuratePlanRole', 'CurateRole')).toEqual({ unused: [], refused: [] });
  });

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
    const path = join(story.scratch, 'raw.parquet');
    const codec = name === 'a' && day === large ? 'uncompressed' : 'snappy';
    await duckDb(
      `COPY (SELECT * EXCLUDE (i) FROM (${sql})) TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`,
    );
    await story.put(`${dayFolder(config, kind, day)}${name}.parquet`, readFileSync(path));
    await cloud.flush();
  }

  /** Gives the ledger of a curated day another shape, and takes the day out of the list. */
  async function reshape(kind: ForwardedKind, day: string): Promise<void> {
    const { source, dataset } = curatedSubject(config, kind, day);
    const Key = ledgerKey(source, dataset, day);
    const entry = await readJson(Key);
    const curated = { ...Object(entry['curated']), shape: 'other' };
    await story.put(Key, JSON.stringify({ ...entry, curated }));
    const { days } = listSchema.parse(await readJson(curatedDaysKey(kind)));
    const { [day]: _, ...others } = days;
    await story.put(curatedDaysKey(kind), JSON.stringify({ days: others }));
  }

  async function keeps(kind: ForwardedKind, day: string): Promise<void> {
    const { source, dataset } = curatedSubject(config, kind, day);
    await flushUntil(story, `what ${kind} ${day} has kept`, async () => {
      const { curated } = await readJson(ledgerKey(source, dataset, day));
      return Object.hasOwn(Object(curated), 'kept');
    });
    await cloud.flush();
  }

  async function readJson(key: string): Promise<Record<string, unknown>> {
    return JSON.parse(Buffer.from(await story.read(key)).toString());
  }

  /** Waits until the list has these days, and not those. */
  async function listed(kind: ForwardedKind, days: readonly string[], not: readonly string[] = []) {
    await flushUntil(story, `${days} of ${kind} in the list, without ${not}`, async () => {
      const list = await readJson(curatedDaysKey(kind)).catch(() => ({ days: {} }));
      const there = Object.keys(listSchema.parse(list).days);
      return days.every((day) => there.includes(day)) && !not.some((day) => there.includes(day));
    });
    await cloud.flush();
  }

  /** Moves the clock to a time of a day from tomorrow on. */
  async function jump(days: number, time: string): Promise<void> {
    await story.jumpTo(`${addDays(today, 1 + days)}T${time}:00Z`);
    await cloud.flush();
  }
});
