import {
  CopyObjectCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { addDays, DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import { turnMs } from '../../../lib/ledger/turns.ts';
import { type Curations, DAY, exposures, ids, startCurations } from './startCurations.ts';

const DAYS = Array.from({ length: 6 }, (_, i) => addDays(DAY, -i));
/** Long out of the window by now, and no day that a run begins with. */
const OLD = DAYS[3] ?? '';

let curations: Curations;
let keys: Readonly<Record<'a' | 'b', string>>;
let former: string | undefined;
beforeEach(async () => {
  curations = await startCurations();
  const { s3, config, clock } = curations;
  await s3.send(
    new PutBucketVersioningCommand({
      Bucket: config.bucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  await curations.land('b', exposures(100, 115, OLD), 'exposures', OLD);
  former = (await versionsOf(OLD))[0]?.id;
  for (const day of DAYS) {
    const a = await curations.land('a', exposures(0, 20, day), 'exposures', day);
    const b = await curations.land('b', exposures(15, 30, day), 'exposures', day);
    if (day === OLD) keys = { a, b };
  }
  await curations.night();
  clock.advance(30 * DAY_MS);
  await curations.night();
  expect(await curations.listedDays()).toEqual(DAYS.toSorted());
});
afterEach(() => curations.close());

/** Versions of objects whose key has a part. */
async function versionsOf(part: string) {
  const { s3, config } = curations;
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: config.bucket }));
  return Versions.flatMap(({ Key = '', VersionId: id, IsLatest: isLatest = false }) =>
    Key.includes(part) ? [{ key: Key, id, isLatest }] : [],
  );
}

/** Runs as the schedules do, until it is found. @returns Milliseconds. */
async function until(isFound: () => boolean | Promise<boolean>): Promise<number> {
  const began = curations.clock.now();
  for (let hour = 1; !(await isFound()); hour += 1) {
    curations.clock.advance(HOUR_MS);
    expect(curations.clock.now() - began).toBeLessThanOrEqual(turnMs(curations.config));
    await curations.plan({ sluice: 'curate-check' });
    if (hour % 24 === 0) await curations.plan({ sluice: 'curate' });
  }
  return curations.clock.now() - began;
}
const isQueued = () => curations.queues.tasks.some((body) => body.includes(OLD));
const kept = async () => (await curations.entry('exposures', OLD))?.curated?.kept?.rows;

it('has all rows after one of its raw files was deleted, which S3 still has when it is found', async () => {
  const { s3, config } = curations;
  await curations.removeRaw('b', 'exposures', OLD);
  await until(isQueued);
  await curations.work();
  expect([await curations.read(OLD), await kept()]).toEqual([ids(0, 30), 10]);
  const last = (await versionsOf(keys.b)).find(({ id }) => id !== former);
  expect(last).toMatchObject({ key: keys.b, isLatest: false });
  await s3.send(
    new CopyObjectCommand({
      Bucket: config.bucket,
      Key: keys.b,
      CopySource: `${config.bucket}/${keys.b}?versionId=${last?.id}`,
    }),
  );
  curations.clock.advance(DAY_MS);
  await curations.night();
  expect([await curations.read(OLD), await kept()]).toEqual([ids(0, 30), undefined]);
});

it('has all rows after an old Parquet was put back under the name of a raw file', async () => {
  const { s3, config } = curations;
  await s3.send(
    new CopyObjectCommand({
      Bucket: config.bucket,
      Key: keys.b,
      CopySource: `${config.bucket}/${keys.b}?versionId=${former}`,
    }),
  );
  await until(isQueued);
  await curations.work();
  expect(await curations.read(OLD)).toEqual([...ids(0, 30), ...ids(100, 115)]);
  expect(await kept()).toBe(10);
  expect((await versionsOf(keys.b)).filter(({ isLatest }) => !isLatest)).toHaveLength(2);
});

it('is read raw after its version has lost its file, and is curated again', async () => {
  const { s3, config } = curations;
  const location = (await curations.curatedLocation(OLD)) ?? '';
  for (const Key of await curations.keys(location))
    await s3.send(new DeleteObjectCommand({ Bucket: config.bucket, Key }));
  await until(async () => !(await curations.listedDays()).includes(OLD));
  expect(await curations.read(OLD)).toEqual(ids(0, 30));
  expect((await versionsOf(location)).length).toBeGreaterThan(0);
  curations.clock.advance(DAY_MS);
  await curations.night();
  expect(await curations.listedDays()).toContain(OLD);
  expect(await curations.read(OLD)).toEqual(ids(0, 30));
  expect(await curations.curatedLocation(OLD)).not.toBe(location);
});
