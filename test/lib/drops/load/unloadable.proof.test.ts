import { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays } from '../../../../lib/base/time.ts';
import type { IngestTask, PlanRequest } from '../../../../lib/drops/plan/messageBodies.ts';
import { planDay } from './planDay.ts';
import { DAY, DROPS, type Loads, parquetOf, readEvents, someEvents, startLoads } from './startLoads.ts';

const HOUR_MS = 3_600_000;
const text = new TextEncoder().encode('timestamp,event_name,unit_id\n1,seen,u1\n');
const none = new Uint8Array();

let loads: Loads;
let good: Uint8Array;
beforeEach(async () => {
  loads = await startLoads();
  good = await parquetOf(someEvents(0, 3));
});
afterEach(() => loads.close());

const put = (name: string, Body: Uint8Array, StorageClass?: 'GLACIER' | 'DEEP_ARCHIVE', day = DAY) =>
  loads.theirs.send(
    new PutObjectCommand({
      Bucket: DROPS,
      Key: `events/${day}/${name}`,
      Body,
      ...(StorageClass === undefined ? {} : { StorageClass }),
    }),
  );

/** Takes all of a day's objects away. */
async function clear(day = DAY): Promise<void> {
  const { Contents = [] } = await loads.theirs.send(
    new ListObjectsV2Command({ Bucket: DROPS, Prefix: `events/${day}/` }),
  );
  const Objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
  if (Objects.length > 0)
    await loads.theirs.send(new DeleteObjectsCommand({ Bucket: DROPS, Delete: { Objects } }));
}

/** Plans the day as the schedule does, and loads what was queued. */
async function run(day = DAY, asked?: PlanRequest['asked']) {
  const { tasks } = await planDay(loads, day, asked);
  const [task] = tasks;
  return task === undefined ? null : loads.load(task);
}

const failed = (code: string) => ({ outcome: 'failed', failure: { code } });

describe('a day without any loadable file', () => {
  it('keeps its last good version until files arrive, however it is asked for', async () => {
    await put('a.parquet', good);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    await loads.remove('a.parquet');
    await put('a.csv', text);
    for (const asked of [undefined, 'triggered', 'backfill'] as const) {
      expect(await run(DAY, asked)).toMatchObject(failed('SLUICE_SOURCE_NOTHING_LOADABLE'));
      expect(await loads.read()).toEqual(readEvents(0, 3));
      expect(await loads.entry()).toMatchObject({ state: 'failed', version: expect.any(String) });
      loads.clock.advance(13 * HOUR_MS);
    }
    await clear();
    await put('_SUCCESS', none);
    expect(await run()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await run(DAY, 'empty')).toMatchObject({ outcome: 'succeeded_no_data' });
  });

  it('is not failed by a message that is delivered again after its files were archived', async () => {
    await put('a.parquet', good);
    const { tasks } = await planDay(loads, DAY);
    const task = tasks[0] as IngestTask;
    await loads.load(task);
    await put('a.parquet', good, 'GLACIER');
    expect(await loads.load(task)).toEqual({ outcome: 'unchanged' });
  });
});

describe('a day that loses files while unloadable ones arrive', () => {
  beforeEach(async () => {
    await put('a.parquet', good);
    await loads.drop('b.parquet', someEvents(3, 5));
    await put('notes.csv', text);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 5));
  });

  it('keeps its last good version at every attempt until the file is back or its loss is accepted', async () => {
    await loads.remove('b.parquet');
    await put('b.csv', text);
    for (let tries = 1; tries <= 3; tries += 1) {
      expect(await run()).toMatchObject(failed('SLUICE_SOURCE_FILES_REPLACED'));
      expect(await loads.read()).toEqual(readEvents(0, 5));
      loads.clock.advance(13 * HOUR_MS);
    }
    const fates = (await loads.entry())?.files.map(({ key, fate, reason }) => [
      key.split('/')[2],
      fate,
      reason,
    ]);
    expect(fates).toEqual([
      ['a.parquet', 'loaded', undefined],
      ['b.csv', 'failed', 'not_parquet'],
      ['notes.csv', 'left_out', 'not_parquet'],
      ['b.parquet', 'loaded', undefined],
    ]);
    for (const asked of ['triggered', 'backfill', 'keep'] as const)
      expect(await run(DAY, asked)).toMatchObject(failed('SLUICE_SOURCE_FILES_REPLACED'));
    expect(await run(DAY, 'empty')).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 3));
  });
});

describe('after any sequence of drops of a day', () => {
  const kinds = {
    good: () => good,
    empty: () => none,
    text: () => text,
  };
  const object = fc.record({
    name: fc.constantFrom(
      'a.parquet',
      'b.parquet',
      'c',
      'd.csv',
      'e.snappy',
      '_SUCCESS',
      '_f.parquet',
      'g/',
      'h/.i',
    ),
    kind: fc.constantFrom<keyof typeof kinds>('good', 'empty', 'text'),
    archived: fc.boolean(),
  });
  const drop = fc.uniqueArray(object, { selector: ({ name }) => name, maxLength: 4 });

  it('it keeps its rows while it has no file with rows, and rows are removed only with their files', async () => {
    let days = 0;
    await fc.assert(
      fc.asyncProperty(drop, drop, async (...drops) => {
        days += 1;
        const day = addDays('2020-01-01', days);
        let before: readonly string[] = [];
        for (const objects of drops) {
          await clear(day);
          for (const { name, kind, archived } of objects)
            await put(name, kinds[kind](), archived ? 'GLACIER' : undefined, day);
          loads.clock.advance(HOUR_MS);
          const loaded = await run(day);
          const entry = await loads.entry(day);
          const hasObjects = objects.some(({ name }) => !['_SUCCESS', 'g/'].includes(name));
          const rows = (await loads.read(day)) ?? [];
          if (hasObjects) expect(entry?.state).not.toBe('succeeded_no_data');
          else if (objects.length > 0)
            expect(entry?.state).toBe(before.length > 0 ? 'inputs_missing' : 'succeeded_no_data');
          if (entry?.state === 'failed' || entry?.state === 'inputs_missing') expect(rows).toEqual(before);
          if (entry?.state === 'failed') {
            expect(entry.failure?.code).toMatch(/^SLUICE_(SOURCE|INGEST)_/);
          }
          const readable = objects.filter(
            ({ name, kind, archived }) => kind === 'good' && !archived && !/^_|\/$|\/\./.test(name),
          );
          if (entry?.state === 'succeeded' && loaded !== null) expect(rows).toHaveLength(3 * readable.length);
          before = rows;
        }
      }),
      { numRuns: 60 },
    );
  });
});
