import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

describe('raw files that are lost', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.s3.send(
      new PutBucketVersioningCommand({
        Bucket: curations.config.bucket,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    );
    await curations.land('a', exposures(0, 20));
    await curations.land('b', exposures(15, 30));
    await curations.night();
    expect(await curations.listedDays()).toEqual([DAY]);
  });
  afterEach(() => curations.close());

  const night = () => {
    curations.nextNight();
    return curations.night();
  };
  const kept = async () => (await curations.entry())?.curated?.kept;
  /** Takes the delete markers of the day's files away. */
  async function restore() {
    const { bucket: Bucket } = curations.config;
    const Prefix = dayFolder(curations.config, 'exposures', DAY);
    const { DeleteMarkers = [] } = await curations.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    for (const { Key = '', VersionId, IsLatest } of DeleteMarkers)
      if (IsLatest === true) await curations.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }

  it.each([
    { point: 'noted', outcome: 'curated' },
    { point: 'moved', outcome: 'unchanged' },
  ] as const)(
    'are kept by the next night when the task is killed at $point and its message is lost',
    async ({ point, outcome }) => {
      await curations.removeRaw('b');
      curations.nextNight();
      await curations.plan({ sluice: 'curate' });
      await curations.kill(curations.takeTasks()[0], point);
      // The sweep of the hour comes before the task.
      curations.clock.advance(DAY_MS + MINUTE_MS);
      await curations.plan({ sluice: 'curate' });
      await curations.sweep();
      expect(await curations.work()).toMatchObject([{ outcome }]);
      expect(await kept()).toMatchObject({ rows: 10 });
      await curations.expectRead(30);
    },
  );

  /** A task that is killed once the partition has moved, and what happens before anybody takes the day again. */
  async function killMoved(change: () => Promise<unknown>) {
    await curations.removeRaw('b');
    await curations.land('c', exposures(30, 40));
    curations.nextNight();
    const task = await curations.task();
    await curations.kill(task, 'moved');
    await change();
    await curations.check();
    curations.endLease();
    return task;
  }
  async function expectStay() {
    await night();
    await curations.expectRead(40);
    expect(await curations.curatedRows()).toHaveLength(40);
    await curations.sweep();
    expect(await night()).toEqual([]);
    await curations.expectRead(40);
  }

  it.each([
    { what: 'a late file is deleted', change: () => curations.removeRaw('c') },
    { what: 'files are back', change: () => restore() },
    { what: 'one is emptied', change: () => curations.land('c', exposures(0, 0)) },
  ])(
    'stay when a task is killed once the partition has moved and delivered again, and $what',
    async ({ change }) => {
      const task = await killMoved(change);
      expect(await curations.curate(task)).toMatchObject({ outcome: 'unchanged' });
      await curations.expectRead(40);
      expect(await curations.curatedRows()).toHaveLength(40);
      await expectStay();
    },
  );

  it.each([
    { what: 'a late file is deleted', change: () => curations.removeRaw('c') },
    {
      what: 'all files are deleted',
      change: () => Promise.all(['a', 'c'].map((name) => curations.removeRaw(name))),
    },
  ])(
    'stay when a task is killed once the partition has moved and its message is lost, and $what',
    async ({ change }) => {
      await killMoved(change);
      await expectStay();
    },
  );

  it('stay when the columns change meanwhile, and through a rebuild', async () => {
    await curations.removeRaw('b');
    await night();
    curations.clock.advance(HOUR_MS);
    await curations.plan({ sluice: 'curate', kinds: ['exposures'], days: [DAY], asked: 'rebuild' });
    expect(await curations.work()).toMatchObject([{ outcome: 'curated', account: { kept: 10 } }]);
    await curations.expectRead(30);
    // The list has a version of another shape.
    const list = await curations.listed.read('exposures');
    const entry = list?.days[DAY];
    if (entry === undefined) throw new Error('not listed');
    await curations.listed.write('exposures', { [DAY]: { ...entry, shape: 'old' } }, list?.eTag ?? null);
    await curations.check();
    await curations.expectRead(30);
  });
});
