import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { GROUPS_BYTES } from '../../../lib/groups/GroupRow.ts';
import { GROUPS_FRESH_MS, GroupsCache, groupsReader } from '../../../lib/groups/GroupsCache.ts';
import { groupsText, mergeGroups } from '../../../lib/groups/pullGroups.ts';
import { readSpecs } from '../../../lib/groups/readSpecs.ts';
import { groupsKey } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';
import { startAws } from '../../harness/startAws.ts';

const Bucket = 'own';
const Key = groupsKey({ statsigFolder: 'statsig' });
const START = Date.UTC(2026, 10, 20);
/** As long as a test may take. */
const TEST_MS = 240_000;
const clock = new ManualClock(START);
const aws = await startAws({ clock });
const { s3: client, faults } = aws;
afterAll(() => aws.close());

let bucket = 0;
beforeEach(async () => {
  bucket += 1;
  faults.clear();
  await client.send(new CreateBucketCommand({ Bucket: `${Bucket}-${bucket}` }));
});

const text = (state: 'running' | 'ended') =>
  groupsText(
    mergeGroups([], readSpecs(Buffer.from(JSON.stringify(experimentSpecs(state, START)))).rules, START).rows,
  );
const put = (Body: string) => client.send(new PutObjectCommand({ Bucket: `${Bucket}-${bucket}`, Key, Body }));

function start() {
  const lines: Record<string, unknown>[] = [];
  const failures = { count: 0 };
  const read = groupsReader(s3ObjectStore(client, `${Bucket}-${bucket}`), Key);
  const reads: (string | null)[] = [];
  const cache = new GroupsCache({
    read: (known) => {
      reads.push(known);
      // Its own limit is of real time, which a busy machine may not keep.
      return read(known, TEST_MS);
    },
    clock,
    random: () => 1,
    log: (fields) => void lines.push(fields),
    countFailure: () => {
      failures.count += 1;
    },
  });
  const look = async () => {
    cache.refresh(clock.now() + 2_000);
    await cache.settled();
    return cache.current;
  };
  return { lines, failures, reads, look };
}

describe("the groups in a collector's cache", () => {
  it('are empty without a table, without a failure', async () => {
    const { look, lines, failures } = start();
    expect((await look()).names).toEqual([]);
    expect(lines).toEqual([]);
    expect(failures.count).toBe(0);
  });

  it('are read at the start and again when they expire, but only if they changed', async () => {
    await put(text('running'));
    const { look, reads } = start();
    const first = await look();
    expect(first.find(false, 'search', 'searchTest')).toMatchObject({ kind: 'group' });
    await put(text('ended'));
    clock.advance(GROUPS_FRESH_MS - 1);
    expect(await look()).toBe(first);
    expect(reads).toHaveLength(1);
    clock.advance(1);
    const second = await look();
    expect(second.find(false, 'search', 'launchedGroup')).toMatchObject({ kind: 'launch' });
    clock.advance(GROUPS_FRESH_MS);
    expect(await look()).toBe(second);
    expect(reads).toHaveLength(3);
  });

  it('stay cached while S3 fails, which is counted, logged and retried with pauses', async () => {
    await put(text('running'));
    const { look, reads, lines, failures } = start();
    const known = await look();
    clock.advance(GROUPS_FRESH_MS);
    faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 100 }] });
    for (let second = 0; second < 60; second += 1) {
      expect(await look()).toBe(known);
      clock.advance(1_000);
    }
    expect(reads.length).toBeLessThan(6);
    expect(failures.count).toBe(reads.length - 1);
    expect(lines[0]).toMatchObject({ event: 'groups', code: 'SLUICE_GROUPS_STORE', failures: 1 });
    faults.clear();
    clock.advance(GROUPS_FRESH_MS);
    expect(await look()).toBe(known);
    expect(failures.count).toBe(reads.length - 2);
    // After a success the count of failures, and with it the pause, starts anew.
    faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 100 }] });
    clock.advance(GROUPS_FRESH_MS);
    expect(await look()).toBe(known);
    expect(failures.count).toBe(reads.length - 2);
    expect(lines.at(-1)).toMatchObject({ failures: 1 });
  });

  it('stay cached when the object is invalid or too large', async () => {
    await put(text('running'));
    const { look, lines } = start();
    const known = await look();
    for (const [body, code] of [
      ['{"experiment_id":7}', 'SLUICE_GROUPS_TABLE_INVALID'],
      [' '.repeat(GROUPS_BYTES + 1), 'SLUICE_GROUPS_TABLE_TOO_LARGE'],
    ] as const) {
      await put(body);
      clock.advance(GROUPS_FRESH_MS);
      expect(await look()).toBe(known);
      expect(lines.at(-1)).toMatchObject({ code });
    }
    // A clock that is set back does not stop the reads.
    await put(text('ended'));
    clock.advance(START - GROUPS_FRESH_MS - clock.now());
    expect((await look()).find(false, 'search', 'launchedGroup')).toBeDefined();
  });

  it('never delay a request for long, and are never read twice at once', async () => {
    const waits: number[] = [];
    let answer = (): void => undefined;
    const cache = new GroupsCache({
      read: (_, timeoutMs) => {
        waits.push(timeoutMs);
        return new Promise((resolve) => {
          answer = () => resolve('none');
        });
      },
      clock,
      random: () => 1,
      log: () => undefined,
      countFailure: () => undefined,
    });
    const started = { over: false };
    cache.refresh(clock.now() + 2_500);
    cache.refresh(clock.now() + 2_500);
    void cache.started().then(() => {
      started.over = true;
    });
    expect(waits).toEqual([500]);
    expect(started.over).toBe(false);
    answer();
    await cache.settled();
    expect(started.over).toBe(true);
    expect(cache.current.names).toEqual([]);
    clock.advance(GROUPS_FRESH_MS);
    cache.refresh(clock.now() + 5);
    expect(waits).toEqual([500, 5]);
    // Only the first read is waited for.
    await cache.started();
    answer();
  });
});
