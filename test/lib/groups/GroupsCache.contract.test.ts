import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { GROUPS_BYTES } from '../../../lib/groups/GroupRow.ts';
import { GROUPS_FRESH_MS, GroupsCache, groupsReader } from '../../../lib/groups/GroupsCache.ts';
import { groupsText, mergeGroups } from '../../../lib/groups/groupsTable.ts';
import { readSpecs } from '../../../lib/groups/readSpecs.ts';
import { groupsKey } from '../../../lib/tables/tableFolders.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { experimentSpecs } from '../../harness/experimentSpecs.ts';
import { startAws } from '../../harness/startAws.ts';

const Bucket = 'own';
const Key = groupsKey({ statsigFolder: 'statsig' });
const START = Date.UTC(2026, 10, 20);
/** As long as a test may take. */
const TEST_MS = 4 * MINUTE_MS;
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

/** A cache before the bucket of a test, with what it logs, counts and reads. */
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

  it('are read at the start, and not again while they are fresh', async () => {
    await put(text('running'));
    const { look, reads } = start();
    const first = await look();
    expect(first.find(false, 'search', 'searchTest')).toMatchObject({ kind: 'group' });
    await put(text('ended'));
    clock.advance(5 * MINUTE_MS - 1);
    expect(await look()).toBe(first);
    expect(reads).toHaveLength(1);
  });

  it('are others once they expire and the table has changed', async () => {
    await put(text('running'));
    const { look } = start();
    await look();
    await put(text('ended'));
    clock.advance(GROUPS_FRESH_MS);
    expect((await look()).find(false, 'search', 'launchedGroup')).toMatchObject({ kind: 'launch' });
  });

  it('are the same object when they expire and the table has not changed', async () => {
    await put(text('running'));
    const { look, reads } = start();
    const first = await look();
    clock.advance(GROUPS_FRESH_MS);
    expect(await look()).toBe(first);
    expect(reads).toHaveLength(2);
  });

  it('are known again once a deleted table is back with the same bytes', async () => {
    await put(text('running'));
    const { look } = start();
    await look();
    await client.send(new DeleteObjectCommand({ Bucket: `${Bucket}-${bucket}`, Key }));
    clock.advance(GROUPS_FRESH_MS);
    expect((await look()).names).toEqual([]);
    await put(text('running'));
    clock.advance(GROUPS_FRESH_MS);
    expect((await look()).find(false, 'search', 'searchTest')).toMatchObject({ kind: 'group' });
  });

  describe('while S3 fails', () => {
    const failing = { fault: 'failCalls', code: 'SlowDown', calls: 100 } as const;

    /** A cache whose groups have expired once, when S3 fails. */
    async function startFailing() {
      await put(text('running'));
      const started = start();
      const known = await started.look();
      clock.advance(GROUPS_FRESH_MS);
      faults.set({ s3: [failing] });
      return { ...started, known };
    }

    it('stay cached', async () => {
      const { look, known } = await startFailing();
      expect(await look()).toBe(known);
    });

    it('are read again with pauses, and each failure is counted and logged', async () => {
      const { look, reads, lines, failures } = await startFailing();
      for (let second = 0; second < 60; second += 1) {
        await look();
        clock.advance(1_000);
      }
      const failed = reads.length - 1;
      expect(failed).toBe(3);
      expect(failures.count).toBe(failed);
      const line = { event: 'groups', code: 'SLUICE_GROUPS_STORE' };
      expect(lines).toMatchObject(Array.from({ length: failed }, (_, i) => ({ ...line, failures: i + 1 })));
    });

    it('have their failures counted anew after a success', async () => {
      const { look, lines } = await startFailing();
      await look();
      faults.clear();
      clock.advance(GROUPS_FRESH_MS);
      await look();
      faults.set({ s3: [failing] });
      clock.advance(GROUPS_FRESH_MS);
      await look();
      expect(lines).toMatchObject([{ failures: 1 }, { failures: 1 }]);
    });
  });

  it.each([
    { what: 'invalid', body: '{"experiment_id":7}', code: 'SLUICE_GROUPS_TABLE_INVALID' },
    { what: 'too large', body: ' '.repeat(GROUPS_BYTES + 1), code: 'SLUICE_GROUPS_TABLE_TOO_LARGE' },
  ])('stay cached when the object is $what, and each read of it fails', async ({ body, code }) => {
    await put(text('running'));
    const { look, lines, failures } = start();
    const known = await look();
    await put(body);
    for (const failed of [1, 2]) {
      clock.advance(GROUPS_FRESH_MS);
      expect(await look()).toBe(known);
      expect(failures.count).toBe(failed);
    }
    expect(lines).toMatchObject([{ code }, { code }]);
  });

  it('are read again after the clock was set back', async () => {
    await put(text('running'));
    const { look } = start();
    await look();
    await put(text('ended'));
    clock.advance(-1);
    expect((await look()).find(false, 'search', 'launchedGroup')).toBeDefined();
  });

  describe('whose read goes on', () => {
    /** A cache whose reads end when the test says so. `waits` are their timeouts, milliseconds. */
    function startSlow() {
      const waits: number[] = [];
      const reads: (() => void)[] = [];
      const cache = new GroupsCache({
        read: (_, timeoutMs) => {
          waits.push(timeoutMs);
          return new Promise((resolve) => {
            reads.push(() => resolve('none'));
          });
        },
        clock,
        random: () => 1,
        log: () => undefined,
        countFailure: () => undefined,
      });
      return { cache, waits, reads };
    }

    it.each([
      { left: 2_500, waits: [500] },
      { left: 5, waits: [5] },
    ])('are waited for no longer than half a second or until the deadline: $left ms', ({ left, waits }) => {
      const slow = startSlow();
      slow.cache.refresh(clock.now() + left);
      expect(slow.waits).toEqual(waits);
    });

    it('are not read twice at once', () => {
      const { cache, waits } = startSlow();
      for (const _ of [1, 2]) cache.refresh(clock.now() + 2_500);
      expect(waits).toHaveLength(1);
    });

    it('let a start wait for the first read, and for no other', async () => {
      const { cache, reads } = startSlow();
      const ended: string[] = [];
      cache.refresh(clock.now() + 2_500);
      const first = cache.started().then(() => ended.push('first'));
      await new Promise(setImmediate);
      expect(ended).toEqual([]);
      reads[0]?.();
      await first;
      await cache.settled();
      clock.advance(GROUPS_FRESH_MS);
      cache.refresh(clock.now() + 2_500);
      await cache.started();
      expect(reads).toHaveLength(2);
    });
  });
});
