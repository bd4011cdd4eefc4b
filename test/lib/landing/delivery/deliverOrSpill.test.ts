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
  const [kept] = await deliverOrSpill([{ kind: 'events', documents: ['{"event_id":"a"}'], putRecordBatch }], {
    putOverflow: async () => {
      asked += 1;
    },
    clock,
    wait: async (ms) => clock.advance(ms),
    random: () => 0.5,
    deadline,
  });
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
