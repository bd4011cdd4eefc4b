import { gunzipSync, gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { s3Claim } from '../../../../lib/aws/s3Claim.ts';
import { deliverOrSpill } from '../../../../lib/landing/delivery/deliver.ts';
import { overflowObject } from '../../../../lib/landing/delivery/overflow.ts';
import type { PutOutcome } from '../../../../lib/landing/delivery/putRecords.ts';
import type { Redrive, RedriveOutcome, RedriveStore } from '../../../../lib/landing/redrive/Redrive.ts';
import { laneOf } from '../../../../lib/landing/redrive/redriveOverflow.ts';
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
  const spilled = [{ kind: 'events', documents, returned: returnAll(documents) }] as const;
  const object = await overflowObject(spilled, START, '');
  await world.putOverflow(object, 5_000);
  return object.key;
}

/** Redrives one object with what was not known before of any stream. */
async function redriveOne(
  key: string,
  options: { readonly isLast?: boolean; readonly using?: Redrive } = {},
): Promise<RedriveOutcome | undefined> {
  return (await world.redriveAll([key], options))[0];
}

async function contentOf(key: string): Promise<string[]> {
  const object = await world.store.read(key);
  return object === null ? [] : gunzipSync(object).toString('utf8').trimEnd().split('\n');
}

describe('an overflow object', () => {
  it('is put on its stream, and deleted', async () => {
    const key = await spill(rows(3));
    expect(await redriveOne(key)).toEqual({
      outcome: 'delivered',
      documents: 3,
    });
    expect(world.landed).toEqual(rows(3));
    expect([await world.keys('overflow/'), await world.keys('ledger/')]).toEqual([[], []]);
  });

  it('contains the documents as they were packed', async () => {
    const documents = ['{"event_id":"a","t":"ünï\u2028"}', '{"event_id":"b"}'];
    const key = await spill(documents);
    expect(await contentOf(key)).toEqual(documents);
  });

  it('stays unchanged while its stream accepts nothing', async () => {
    const key = await spill(rows(2));
    world.answerWith(down);
    expect(await redriveOne(key)).toEqual({
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
    expect(await redriveOne(key, { isLast: true })).toEqual({
      outcome: 'parked',
      code: 'SLUICE_REDRIVE_NOT_DELIVERED',
      detail: 'ServiceUnavailableException',
      to: `parked/${key}`,
    });
    expect([await world.keys('overflow/'), await world.keys('parked/')]).toEqual([[], [`parked/${key}`]]);

    world.answerWith(undefined);
    await world.store.copy(`parked/${key}`, key);
    expect(await redriveOne(key)).toMatchObject({ outcome: 'delivered' });
    expect(world.landed).toEqual(rows(2));
  });

  it('is not parked without an attempt', async () => {
    const key = await spill(rows(2));
    world.answerWith(down);
    const using = world.redrive();
    // The breaker opens, and the time of the invocation is too short for a probe.
    await world.redriveAll([key], { using });
    expect(await world.redriveAll([key], { isLast: true, using })).toEqual([undefined]);
    world.clock.advance(20_000);
    expect(await world.redriveAll([key], { isLast: true, using, withinMs: 0 })).toEqual([undefined]);
    expect(await world.keys('overflow/')).toEqual([key]);
  });

  it('stays whole when its stream accepted some, and is deleted when it has accepted all', async () => {
    // A row a record, for each is larger than half of one.
    const large = rows(4).map((row) => `${row.slice(0, -1)},"x":"${'x'.repeat(MAX_RECORD_BYTES / 2)}"}`);
    const key = await spill(large);
    world.answerWith((records) => ({
      kind: 'answered',
      errorCodes: records.map(([row = '']) => (/"n":[13]/.test(row) ? 'InternalFailure' : null)),
    }));
    expect(await redriveOne(key)).toEqual({
      outcome: 'kept',
      code: 'SLUICE_REDRIVE_NOT_DELIVERED',
      detail: 'InternalFailure',
      doubles: 2,
    });
    expect(await contentOf(key)).toEqual(large);
    world.answerWith(undefined);
    await redriveOne(key);
    expect(new Set(world.landed)).toEqual(new Set(large));
    expect(await world.keys('overflow/')).toEqual([]);
  }, 120_000);

  it.each([
    ['no gzip', Buffer.from('{"event_id":"a"}\n')],
    ['cut', gzipSync('{"event_id":"a"}\n'.repeat(100)).subarray(0, 40)],
    ['no whole lines', gzipSync('{"event_id":"a"}\n{"event')],
  ])('that is %s is parked immediately, because it can never be read', async (_what, body) => {
    await world.putOverflow({ key: KEY, body, metadata: { documents: '', since: '', code: '' } }, 5_000);
    expect(await redriveOne(KEY)).toMatchObject({
      outcome: 'parked',
      code: 'SLUICE_REDRIVE_UNREADABLE',
    });
    expect(await world.keys('parked/')).toEqual([`parked/${KEY}`]);
  });

  it('that is deleted or foreign is ignored', async () => {
    expect(await redriveOne(KEY)).toEqual({ outcome: 'gone' });
    for (const key of ['overflow/other/x', 'overflow/events/', `${KEY}.tmp`, 'errors/events/', 'a']) {
      expect(await redriveOne(key)).toBeUndefined();
    }
    expect(await world.keys('ledger/')).toEqual([]);
  });

  it('that S3 never returns is parked after its last try, and not before', async () => {
    const key = await spill(rows(2));
    world.faults.set({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['GetObject'], calls: 'all' }],
    });
    expect(await redriveOne(key)).toMatchObject({ outcome: 'kept' });
    expect(await redriveOne(key, { isLast: true })).toEqual({
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
    ['DeleteObjects', ['DeleteObjects']],
  ])('survives S3 failing every %s', async (_what, operations) => {
    const key = await spill(rows(2));
    world.faults.set({
      s3: [{ fault: 'failCalls', code: 'InternalError', operations, calls: 'all' }],
    });
    expect(await redriveOne(key, { isLast: true })).toMatchObject({
      outcome: 'kept',
      code: 'SLUICE_REDRIVE_BUCKET_FAILED',
      detail: 'InternalError',
    });
    world.faults.clear();
    world.clock.advance(CLAIM_MS);
    expect(await redriveOne(key)).toMatchObject({ outcome: 'delivered' });
    expect(new Set(world.landed)).toEqual(new Set(rows(2)));
    expect(await world.keys('overflow/')).toEqual([]);
  });
});

describe('claims on an object', () => {
  it('admit one of many runs, and none that is late', async () => {
    const key = await spill(rows(5));
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => redriveOne(key)));
    expect(world.landed).toEqual(rows(5));
    expect(outcomes.filter((one) => one?.outcome === 'delivered')).toHaveLength(1);
    expect(outcomes.every((one) => ['delivered', 'busy', 'gone'].includes(one?.outcome ?? ''))).toBe(true);
  });

  it('of killed runs expire in time, and not before', async () => {
    const key = await spill(rows(1));
    await world.store.claim(laneOf(key) ?? '', world.clock.now() + CLAIM_MS);
    expect(await redriveOne(key)).toEqual({ outcome: 'busy' });
    world.clock.advance(CLAIM_MS - 1);
    expect(await redriveOne(key)).toEqual({ outcome: 'busy' });
    world.clock.advance(1);
    expect(await redriveOne(key)).toMatchObject({ outcome: 'delivered' });
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
    remove: (keys) => step(() => store.remove(keys)),
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
          const using: Redrive = { ...world.redrive(), store: dying(world.store, at, when) };
          await redriveOne(key, { isLast: course === 'parked', using });
          const kept = [...world.landed, ...(await contentOf(key)), ...(await contentOf(`parked/${key}`))];
          expect(new Set(kept)).toEqual(new Set(rows(3)));

          world.clock.advance(CLAIM_MS);
          world.answerWith(undefined);
          await redriveOne(key);
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
    const faulty = fc.array(fc.constantFrom('PutObject', 'GetObject', 'DeleteObjects', 'CopyObject'), {
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
          const { putRecordBatch, ...timing } = world.timing;
          const deliveries = await deliverOrSpill([{ kind: 'events', documents, to: [{ putRecordBatch }] }], {
            ...timing,
            putOverflow: world.putOverflow,
            deadline: world.clock.now() + 2_500,
          });
          const isSafe = deliveries.every((delivery) => delivery.isSafe);
          const everywhere = async () => {
            const found = [...world.landed];
            for (const folder of ['overflow/', 'parked/']) {
              for (const key of await world.keys(folder)) found.push(...(await contentOf(key)));
            }
            return new Set(found);
          };
          world.faults.clear();
          if (isSafe) expect(await everywhere()).toEqual(new Set(documents));

          // Runs that took note of nothing, because a part was not accepted or the bucket failed.
          let kept = 0;
          for (let round = 0; round < 4; round += 1) {
            world.clock.advance(CLAIM_MS);
            for (const key of await world.keys('overflow/')) {
              if (round < 2) world.faults.set(faults);
              const done = await redriveOne(key, { isLast: hopeless && round === 3 });
              if (done === undefined || 'code' in done) kept += 1;
              world.faults.clear();
            }
            if (isSafe) expect(await everywhere()).toEqual(new Set(documents));
          }
          left.length = 0;
          world.clock.advance(CLAIM_MS);
          for (const key of await world.keys('overflow/')) {
            await redriveOne(key);
          }
          expect(await world.keys('overflow/')).toEqual([]);
          // No row is there more often than answers about it were lost, or its object stayed after a part of it was accepted.
          for (const document of new Set(world.landed)) {
            const copies = world.landed.filter((one) => one === document).length;
            expect(copies).toBeLessThanOrEqual(1 + kept + lost.filter((one) => one === document).length);
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  it('acknowledge nothing when neither stream nor bucket accepts it', async () => {
    world.answerWith(down);
    world.faults.set({ s3: [{ fault: 'failCalls', code: 'InternalError', calls: 'all' }] });
    const { putRecordBatch, ...timing } = world.timing;
    const kept = await deliverOrSpill([{ kind: 'events', documents: rows(2), to: [{ putRecordBatch }] }], {
      ...timing,
      putOverflow: world.putOverflow,
      deadline: world.clock.now() + 2_500,
    });
    expect(kept).toMatchObject([
      { isSafe: false, acknowledged: 0, overflowed: 0, overflowError: 'InternalError' },
    ]);
    world.faults.clear();
    expect(await world.keys('overflow/')).toEqual([]);
  });
});
