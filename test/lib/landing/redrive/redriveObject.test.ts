import { gunzipSync, gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { s3Claim } from '../../../../lib/aws/s3Claim.ts';
import { deliverOrSpill, overflowBody, overflowObject } from '../../../../lib/landing/delivery/deliver.ts';
import type { PutOutcome } from '../../../../lib/landing/delivery/putRecords.ts';
import {
  type Redrive,
  type RedriveStore,
  redriveObject,
} from '../../../../lib/landing/redrive/redriveObject.ts';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { claimKey } from '../../../../lib/tables/ledgerKeys.ts';
import { overflowKey } from '../../../../lib/tables/objectKeys.ts';
import { BUCKET, CLAIM_MS, rows, START, startRedrive } from './startRedrive.ts';

let world: Awaited<ReturnType<typeof startRedrive>>;
beforeAll(async () => {
  world = await startRedrive();
});
afterEach(() => world.empty());
afterAll(() => world.close());

const throttled: PutOutcome = { kind: 'failed', code: 'ServiceUnavailableException', retryable: true };
const down = () => throttled;
const KEY = overflowKey('events', 'a'.repeat(64));

const returnAll = (documents: readonly string[]) =>
  documents.map((_, index) => ({ index, reason: 'not_acknowledged' as const, code: 'Throttled' }));

async function spill(documents: readonly string[]): Promise<string> {
  const object = await overflowObject('events', documents, returnAll(documents), START);
  await world.putOverflow(object, 5_000);
  return object.key;
}

async function contentOf(key: string): Promise<string[]> {
  const object = await world.store.read(key);
  return object === null ? [] : gunzipSync(object.body).toString('utf8').trimEnd().split('\n');
}

describe('an overflow object', () => {
  it('is put on its stream, and deleted', async () => {
    const key = await spill(rows(3));
    expect(await redriveObject(key, world.redrive, world.tried())).toEqual({
      outcome: 'delivered',
      documents: 3,
    });
    expect(world.landed).toEqual(rows(3));
    expect([await world.keys('overflow/'), await world.keys('ledger/')]).toEqual([[], []]);
  });

  it('contains the documents as they were packed, and its reason', async () => {
    const documents = ['{"event_id":"a","t":"ünï\u2028"}', '{"event_id":"b"}'];
    const key = await spill(documents);
    expect(await contentOf(key)).toEqual(documents);
    expect((await world.store.read(key))?.metadata).toEqual({
      documents: '2',
      since: '2026-11-20T07:32:00.000Z',
      code: 'Throttled',
    });
  });

  it('has the same key for the same rows, and another one when their batch was sent again', async () => {
    const keyOf = async (...documents: string[]) =>
      (await overflowObject('events', documents, returnAll(documents), START)).key;
    const first = await keyOf('{"event_id":"a","received_at":1}', '{"event_id":"b"}');
    expect(await keyOf('{"event_id":"a","received_at":1}', '{"event_id":"b"}')).toBe(first);
    expect(await keyOf('{"event_id":"a","received_at":2}', '{"event_id":"b"}')).not.toBe(first);
    expect(await keyOf('{"event_id":"a"}')).not.toBe(first);
    expect(await keyOf('{"event_id":"b"}', '{"event_id":"a"}')).not.toBe(first);
  });

  it('stays unchanged while its stream accepts nothing', async () => {
    const key = await spill(rows(2));
    world.answerWith(down);
    expect(await redriveObject(key, world.redrive, world.tried())).toEqual({
      outcome: 'kept',
      code: 'SLUICE_REDRIVE_NOT_DELIVERED',
      detail: 'ServiceUnavailableException',
    });
    expect(await contentOf(key)).toEqual(rows(2));
    expect(await world.keys('ledger/')).toEqual([]);
  });

  it('is parked after its last try, and complete when it is moved back', async () => {
    const key = await spill(rows(2));
    world.answerWith(down);
    expect(await redriveObject(key, world.redrive, world.tried(true))).toEqual({
      outcome: 'parked',
      code: 'SLUICE_REDRIVE_NOT_DELIVERED',
      detail: 'ServiceUnavailableException',
      to: `parked/${key}`,
    });
    expect([await world.keys('overflow/'), await world.keys('parked/')]).toEqual([[], [`parked/${key}`]]);

    world.answerWith(undefined);
    await world.store.copy(`parked/${key}`, key);
    expect(await redriveObject(key, world.redrive, world.tried())).toMatchObject({ outcome: 'delivered' });
    expect(world.landed).toEqual(rows(2));
  });

  it('is not parked without an attempt', async () => {
    const key = await spill(rows(2));
    const late = { ...world.tried(true), deadline: world.clock.now() };
    expect(await redriveObject(key, world.redrive, late)).toEqual({
      outcome: 'kept',
      code: 'SLUICE_REDRIVE_NO_TIME',
      detail: '',
    });
    expect(await world.keys('overflow/')).toEqual([key]);
  });

  it('keeps only the remaining documents when its stream accepted some', async () => {
    // A row a record, for each is larger than half of one.
    const large = rows(4).map((row) => `${row.slice(0, -1)},"x":"${'x'.repeat(MAX_RECORD_BYTES / 2)}"}`);
    const key = await spill(large);
    world.answerWith((records) => ({
      kind: 'answered',
      errorCodes: records.map(([row = '']) => (/"n":[13]/.test(row) ? 'InternalFailure' : null)),
    }));
    expect(await redriveObject(key, world.redrive, world.tried(true))).toEqual({
      outcome: 'rewritten',
      documents: 2,
      left: 2,
    });
    expect(await contentOf(key)).toEqual([large[1], large[3]]);
    expect((await world.store.read(key))?.metadata).toMatchObject({
      documents: '2',
      since: '2026-11-20T07:32:00.000Z',
      code: 'InternalFailure',
    });
    world.answerWith(undefined);
    await redriveObject(key, world.redrive, world.tried());
    expect([...world.landed].sort()).toEqual([...large].sort());
  }, 20_000);

  it('that was rewritten meanwhile is not overwritten with the remaining documents', async () => {
    const large = rows(2).map((row) => `${row.slice(0, -1)},"x":"${'x'.repeat(MAX_RECORD_BYTES / 2)}"}`);
    const key = await spill(large);
    const store: RedriveStore = {
      ...world.store,
      rewrite: async (...given) => {
        await world.putOverflow(
          { key, body: await overflowBody(rows(2)), metadata: { documents: '2', since: '', code: '' } },
          5_000,
        );
        return world.store.rewrite(...given);
      },
    };
    let puts = 0;
    world.answerWith((records) => {
      puts += 1;
      return {
        kind: 'answered',
        errorCodes: records.map((_, i) => (puts === 1 && i === 0 ? null : 'InternalFailure')),
      };
    });
    expect(await redriveObject(key, { ...world.redrive, store }, world.tried())).toMatchObject({
      outcome: 'rewritten',
    });
    expect(await contentOf(key)).toEqual(rows(2));
  });

  it.each([
    ['no gzip', Buffer.from('{"event_id":"a"}\n')],
    ['cut', gzipSync('{"event_id":"a"}\n'.repeat(100)).subarray(0, 40)],
    ['no whole lines', gzipSync('{"event_id":"a"}\n{"event')],
  ])('that is %s is parked immediately, because it can never be read', async (_what, body) => {
    await world.putOverflow({ key: KEY, body, metadata: { documents: '', since: '', code: '' } }, 5_000);
    expect(await redriveObject(KEY, world.redrive, world.tried())).toMatchObject({
      outcome: 'parked',
      code: 'SLUICE_REDRIVE_UNREADABLE',
    });
    expect(await world.keys('parked/')).toEqual([`parked/${KEY}`]);
  });

  it('that is deleted or foreign is ignored', async () => {
    expect(await redriveObject(KEY, world.redrive, world.tried())).toEqual({ outcome: 'gone' });
    for (const key of ['overflow/other/x', 'overflow/events/', `${KEY}.tmp`, 'errors/events/', 'a']) {
      expect(await redriveObject(key, world.redrive, world.tried())).toEqual({ outcome: 'ignored' });
    }
    expect(await world.keys('ledger/')).toEqual([]);
  });

  it('that S3 never returns is parked after its last try, and not before', async () => {
    const key = await spill(rows(2));
    world.faults.set({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['GetObject'], calls: 'all' }],
    });
    expect(await redriveObject(key, world.redrive, world.tried())).toMatchObject({ outcome: 'kept' });
    expect(await redriveObject(key, world.redrive, world.tried(true))).toEqual({
      outcome: 'parked',
      code: 'SLUICE_REDRIVE_BUCKET_FAILED',
      detail: 'AccessDenied',
      to: `parked/${key}`,
    });
    expect([await world.keys('overflow/'), await world.keys('ledger/')]).toEqual([[], []]);
  });

  it.each([
    ['PutObject', ['PutObject']],
    ['GetObject and CopyObject', ['GetObject', 'CopyObject']],
    ['DeleteObject', ['DeleteObject']],
  ])('survives S3 failing every %s', async (_what, operations) => {
    const key = await spill(rows(2));
    world.faults.set({
      s3: [{ fault: 'failCalls', code: 'InternalError', operations, calls: 'all' }],
    });
    expect(await redriveObject(key, world.redrive, world.tried(true))).toEqual({
      outcome: 'kept',
      code: 'SLUICE_REDRIVE_BUCKET_FAILED',
      detail: 'InternalError',
    });
    world.faults.clear();
    world.clock.advance(CLAIM_MS);
    expect(await redriveObject(key, world.redrive, world.tried())).toMatchObject({ outcome: 'delivered' });
    expect(new Set(world.landed)).toEqual(new Set(rows(2)));
    expect(await world.keys('overflow/')).toEqual([]);
  });
});

describe('claims on an object', () => {
  it('admit one of many runs, and none that is late', async () => {
    const key = await spill(rows(5));
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => redriveObject(key, world.redrive, world.tried())),
    );
    expect(world.landed).toEqual(rows(5));
    expect(outcomes.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(1);
    expect(outcomes.every(({ outcome }) => ['delivered', 'busy', 'gone'].includes(outcome))).toBe(true);
  });

  it('of killed runs expire in time, and not before', async () => {
    const key = await spill(rows(1));
    await world.store.claim(key, world.clock.now() + CLAIM_MS);
    expect(await redriveObject(key, world.redrive, world.tried())).toEqual({ outcome: 'busy' });
    world.clock.advance(CLAIM_MS - 1);
    expect(await redriveObject(key, world.redrive, world.tried())).toEqual({ outcome: 'busy' });
    world.clock.advance(1);
    expect(await redriveObject(key, world.redrive, world.tried())).toMatchObject({ outcome: 'delivered' });
    expect(await world.keys('ledger/')).toEqual([]);
  });

  it('are held when only the response of the claim was lost', async () => {
    const retrying = new S3Client({ ...world.options, maxAttempts: 3 });
    try {
      world.faults.set({ s3: [{ fault: 'loseResponse', operations: ['PutObject'] }] });
      const object = { Bucket: BUCKET, Key: claimKey(KEY) };
      const claim = await s3Claim(retrying, world.clock, object, world.clock.now() + CLAIM_MS);
      expect(claim).not.toBeNull();
      expect(await world.store.claim(KEY, world.clock.now() + CLAIM_MS)).toBeNull();
      await claim?.release();
      expect(await world.store.claim(KEY, world.clock.now() + CLAIM_MS)).not.toBeNull();
    } finally {
      retrying.destroy();
    }
  });
});

/** A store whose process dies at its n-th call, before or after it was done. */
function dying(store: RedriveStore, at: number, when: 'before' | 'after'): RedriveStore {
  let calls = 0;
  const step = async <T>(call: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls > at || (calls === at && when === 'before')) throw new Error('dead');
    const done = await call();
    if (calls === at) throw new Error('dead');
    return done;
  };
  return {
    read: (key) => step(() => store.read(key)),
    lines: (key) => step(() => store.lines(key)),
    rewrite: (key, overflow) => step(() => store.rewrite(key, overflow)),
    remove: (key) => step(() => store.remove(key)),
    copy: (from, to) => step(() => store.copy(from, to)),
    list: (prefix) => store.list(prefix),
    claim: async (key, until) => {
      const claim = await step(() => store.claim(key, until));
      return claim === null ? null : { release: () => step(() => claim.release()) };
    },
  };
}

/** Calls of the store in a whole run, the claim's release included. */
const STEPS = { delivered: 4, parked: 5 } as const;

describe('a redrive killed at any step', () => {
  for (const [course, steps] of Object.entries(STEPS)) {
    for (let at = 1; at <= steps; at += 1) {
      for (const when of ['before', 'after'] as const) {
        it(`loses nothing: ${when} step ${at} of an object that is ${course}`, async () => {
          const key = await spill(rows(3));
          world.answerWith(course === 'parked' ? down : undefined);
          const redrive: Redrive = { ...world.redrive, store: dying(world.store, at, when) };
          await redriveObject(key, redrive, world.tried(course === 'parked'));
          const kept = [...world.landed, ...(await contentOf(key)), ...(await contentOf(`parked/${key}`))];
          expect(new Set(kept)).toEqual(new Set(rows(3)));

          world.clock.advance(CLAIM_MS);
          world.answerWith(undefined);
          await redriveObject(key, world.redrive, world.tried());
          if (course === 'delivered') {
            // Twice only when it died between the stream's word and the removal.
            const twice = at === 3 && when === 'before';
            expect([...world.landed].sort()).toEqual([...rows(3), ...(twice ? rows(3) : [])].sort());
          }
          expect(await world.keys('overflow/')).toEqual([]);
        });
      }
    }
  }
});

describe('deliver, spill and redrive', () => {
  it('keep every row through any faults of streams and bucket, and never acknowledge an unsafe one', async () => {
    const fates = fc.array(fc.constantFrom('take', 'fail', 'throttle', 'lose', 'refuse'), { maxLength: 40 });
    const faulty = fc.array(fc.constantFrom('PutObject', 'GetObject', 'DeleteObject', 'CopyObject'), {
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(
        fates,
        faulty,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (script, operations, count, hopeless) => {
          await world.empty();
          // Half a record each, so that streams can take some and fail others.
          const documents = rows(count).map((row) => `${row.slice(0, -1)},"x":"${'x'.repeat(600_000)}"}`);
          const lost: string[] = [];
          const left = [...script];
          world.answerWith((records) => {
            const fate = left.shift() ?? 'take';
            if (fate === 'throttle') return throttled;
            if (fate === 'refuse')
              return { kind: 'failed', code: 'ResourceNotFoundException', retryable: false };
            if (fate === 'lose') {
              // Taken, but nobody heard: these may come twice.
              world.landed.push(...records.flat());
              lost.push(...records.flat());
              return { kind: 'failed', code: 'TimeoutError', retryable: true };
            }
            return {
              kind: 'answered',
              errorCodes: records.map((_, i) => (fate === 'fail' && i % 2 === 0 ? 'InternalFailure' : null)),
            };
          });
          const faults = {
            s3: operations.map((operation) => ({
              fault: 'failCalls' as const,
              code: 'SlowDown',
              operations: [operation],
            })),
          };
          world.faults.set(faults);
          const { isSafe } = await deliverOrSpill('events', documents, {
            ...world.timing,
            putOverflow: world.putOverflow,
            deadline: world.clock.now() + 2_500,
          });
          const everywhere = async () => {
            const found = [...world.landed];
            for (const folder of ['overflow/', 'parked/']) {
              for (const key of await world.keys(folder)) found.push(...(await contentOf(key)));
            }
            return new Set(found);
          };
          world.faults.clear();
          if (isSafe) expect(await everywhere()).toEqual(new Set(documents));

          let bucketFailures = 0;
          for (let round = 0; round < 4; round += 1) {
            world.clock.advance(CLAIM_MS);
            for (const key of await world.keys('overflow/')) {
              if (round < 2) world.faults.set(faults);
              const done = await redriveObject(key, world.redrive, world.tried(hopeless && round === 3));
              if ('code' in done && done.code === 'SLUICE_REDRIVE_BUCKET_FAILED') bucketFailures += 1;
              world.faults.clear();
            }
            if (isSafe) expect(await everywhere()).toEqual(new Set(documents));
          }
          left.length = 0;
          world.clock.advance(CLAIM_MS);
          for (const key of await world.keys('overflow/')) {
            await redriveObject(key, world.redrive, world.tried());
          }
          expect(await world.keys('overflow/')).toEqual([]);
          // No row is there more often than answers about it were lost, or the bucket failed to take note of one.
          for (const document of new Set(world.landed)) {
            const copies = world.landed.filter((one) => one === document).length;
            expect(copies).toBeLessThanOrEqual(
              1 + bucketFailures + lost.filter((one) => one === document).length,
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it('acknowledge nothing when neither stream nor bucket accepts it', async () => {
    world.answerWith(down);
    world.faults.set({ s3: [{ fault: 'failCalls', code: 'InternalError', calls: 'all' }] });
    const kept = await deliverOrSpill('events', rows(2), {
      ...world.timing,
      putOverflow: world.putOverflow,
      deadline: world.clock.now() + 2_500,
    });
    expect(kept).toMatchObject({
      isSafe: false,
      acknowledged: 0,
      overflowed: 0,
      overflowError: 'InternalError',
    });
    world.faults.clear();
    expect(await world.keys('overflow/')).toEqual([]);
  });
});
