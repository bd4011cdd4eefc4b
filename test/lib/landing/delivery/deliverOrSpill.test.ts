import { expect, it } from '@jest/globals';
import { deliverOrSpill } from '../../../../lib/landing/delivery/deliver.ts';
import type { PutRecordBatch } from '../../../../lib/landing/delivery/putRecords.ts';
import { SPILL_AT_LEAST_MS } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

/** Delivers to a stream that fails when so much time is left; how often the bucket was asked, and what came of it. */
async function withLeft(leftMs: number) {
  const clock = new ManualClock(0);
  const deadline = 2_500;
  let asked = 0;
  const putRecordBatch: PutRecordBatch = async () => {
    clock.advance(deadline - leftMs - clock.now());
    return { kind: 'failed', code: 'TimeoutError', retryable: true };
  };
  const [kept] = await deliverOrSpill(
    [{ kind: 'events', documents: ['{"event_id":"a"}'], to: [{ putRecordBatch }] }],
    {
      putOverflow: async () => {
        asked += 1;
      },
      clock,
      wait: async (ms) => clock.advance(ms),
      random: () => 0.5,
      deadline,
    },
  );
  return { asked, kept };
}

it('deliverOrSpill starts no overflow write that could not end in time', async () => {
  expect(await withLeft(SPILL_AT_LEAST_MS)).toMatchObject({
    asked: 1,
    kept: { isSafe: true, overflowed: 1 },
  });
  for (const left of [SPILL_AT_LEAST_MS - 1, 0, -500]) {
    expect(await withLeft(left)).toMatchObject({
      asked: 0,
      kept: { isSafe: false, overflowed: 0, overflowError: 'OutOfTime', returned: [{ index: 0 }] },
    });
  }
});

it('deliverOrSpill puts nothing on a stream that is held, and spills its rows with those of no other', async () => {
  const put: string[] = [];
  const spilled: string[] = [];
  const stream = (kind: 'events' | 'exposures', isHeld: boolean) => ({
    kind,
    documents: [`{"event_id":"${kind}"}`],
    to: isHeld ? [] : [{ putRecordBatch: take(kind) }],
  });
  const take = (kind: string) => async (records: readonly Uint8Array[]) => {
    put.push(kind);
    return { kind: 'answered' as const, errorCodes: records.map(() => null) };
  };
  const deliver = (putOverflow: () => Promise<void>) =>
    deliverOrSpill([stream('exposures', false), stream('events', true)], {
      putOverflow,
      clock: new ManualClock(0),
      wait: async () => undefined,
      random: () => 0.5,
      deadline: 2_500,
    });
  const [exposures, events] = await deliver(async () => void spilled.push('one object'));
  expect([put, spilled]).toEqual([['exposures'], ['one object']]);
  expect(exposures).toMatchObject({ isSafe: true, acknowledged: 1, overflowed: 0 });
  expect(events).toMatchObject({
    ...{ isSafe: true, acknowledged: 0, overflowed: 1, calls: 0, records: 0 },
    returned: [{ index: 0, reason: 'held_back', code: 'StreamHeld' }],
  });
  // It is not put on the stream instead: what that accepts now may be dropped.
  const [, unsafe] = await deliver(() => Promise.reject(new Error('KMS.DisabledException')));
  expect([put, unsafe]).toMatchObject([['exposures', 'exposures'], { isSafe: false, acknowledged: 0 }]);
});
