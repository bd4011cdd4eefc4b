import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { DAY_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { erasures } from '../../../lib/erase/Manifest.ts';
import { type OpenErasureGroup, readOpenErasures } from '../../../observe/facts/openErasures.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { startAws } from '../../harness/startAws.ts';

const config = defineConfig({ bucket: 'acme' });
/** What a record has that nobody has gone on with. */
const begun = { version: 1, units: 1, startedAt: 0, runs: [], forgotten: 0, bodies: [] } as const;

describe('erasures that do not get complete by themselves', () => {
  let aws: Awaited<ReturnType<typeof startAws>>;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock(Date.UTC(2026, 10, 20));
    aws = await startAws({ clock });
    aws.store.createBucket(config.bucket);
  });
  afterEach(() => aws.close());

  const bucket = () => s3ObjectStore(aws.s3, config.bucket);
  /** Writes the record of an erasure. */
  const record = (id: string, more: object = {}, eTag: string | null = null) =>
    erasures(bucket()).write({ ...begun, runs: [], bodies: [], id, ...more }, eTag);
  const found = (now = clock.now()): Promise<readonly OpenErasureGroup[]> =>
    readOpenErasures({ s3: aws.s3, config, now });

  it('are those that are not complete and have not gone on for 30 days', async () => {
    await record('stopped');
    await record('complete', { completeAt: clock.now() });
    clock.advance(30 * DAY_MS);
    await record('young');
    expect(await found()).toEqual([]);
    clock.advance(1_000);
    expect(await found()).toMatchObject([
      { why: 'stopped', count: 1, last: [{ key: 'ledger/_erasures/stopped.json' }], left: [] },
    ]);
  });

  it('are seen when one goes on that was complete at an earlier look', async () => {
    const eTag = await record('again', { completeAt: clock.now() });
    expect(await found(clock.now() + 31 * DAY_MS)).toEqual([]);
    await record('again', {}, eTag);
    expect(await found(clock.now() + 31 * DAY_MS)).toMatchObject([{ why: 'stopped', count: 1 }]);
  });

  it('are named the newest first, with since when the oldest is so', async () => {
    const since = new Date(clock.now()).toISOString();
    await record('older');
    clock.advance(DAY_MS);
    await record('newer');
    const [stopped] = await found(clock.now() + 31 * DAY_MS);
    expect(stopped?.last.map(({ key }) => key)).toEqual([
      'ledger/_erasures/newer.json',
      'ledger/_erasures/older.json',
    ]);
    expect(stopped?.since).toBe(since);
  });

  it('are counted, and the last five of them named', async () => {
    for (const id of ['1', '2', '3', '4', '5', '6']) {
      await record(id);
      clock.advance(1_000);
    }
    const [stopped] = await found(clock.now() + 31 * DAY_MS);
    expect(stopped?.count).toBe(6);
    expect(stopped?.last.map(({ key }) => key.slice(-6, -5))).toEqual(['6', '5', '4', '3', '2']);
  });

  it('are named beside one whose record cannot be read', async () => {
    await bucket().write('ledger/_erasures/invalid.json', '{}');
    await record('stopped');
    const named = (await found(clock.now() + 31 * DAY_MS)).map(({ why, last }) => [why, last[0]?.key]);
    expect(named).toEqual([
      ['stopped', 'ledger/_erasures/stopped.json'],
      ['invalid', 'ledger/_erasures/invalid.json'],
    ]);
  });

  it('are those that cannot search a version, from the first run that could not until one can', async () => {
    const left = { key: 'events/a.parquet', versionId: 'v1', why: 'archived' } as const;
    const run = (endedAt: number, lefts: readonly (typeof left)[]) => {
      const counts = { startedAt: 0, endedAt, resumed: 0, leftCount: lefts.length };
      return { ...counts, places: {}, hasFound: false, left: [...lefts], expiring: [], onTheWay: [] };
    };
    const runs = [run(1_000, [left]), run(2_000, []), run(3_000, [left]), run(4_000, [left])];
    const eTag = await record('left', { runs });
    expect(await found()).toMatchObject([
      { why: 'unsearched', since: '1970-01-01T00:00:03.000Z', left: [left], leftCount: 1 },
    ]);
    await record('left', { runs: [...runs, run(5_000, [])] }, eTag);
    expect(await found()).toEqual([]);
  });
});
