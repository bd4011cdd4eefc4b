import { describe, expect, it } from '@jest/globals';
import { deliver, deliverOrSpill } from '../../../../lib/landing/delivery/deliver.ts';
import type { PackedRecord } from '../../../../lib/landing/delivery/packDocuments.ts';
import { type PutOutcome, packCalls, putRecords } from '../../../../lib/landing/delivery/putRecords.ts';
import { MAX_CALL_BYTES, MAX_RECORD_BYTES, OVERFLOW_MS } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);
const acknowledge = (records: readonly unknown[]): PutOutcome => ({
  kind: 'answered',
  errorCodes: records.map(() => null),
});
const fail = (records: readonly unknown[]): PutOutcome => ({
  kind: 'answered',
  errorCodes: records.map(() => 'InternalFailure'),
});
/** Records of which four fill a call. */
const large = (count: number): PackedRecord[] =>
  Array.from({ length: count }, (_, i) => ({ data: new Uint8Array(MAX_RECORD_BYTES), documents: [i] }));

/** A stream whose calls take time by the clock, in milliseconds. */
function slowStream(
  answer: (records: readonly unknown[], call: number) => PutOutcome,
  tookMs: number[] = [],
) {
  const clock = new ManualClock(START);
  const waits: number[] = [];
  const timeouts: number[] = [];
  const context = (withinMs: number) => ({
    clock,
    deadline: START + withinMs,
    random: () => 0.5,
    wait: async (ms: number) => {
      waits.push(ms);
      clock.advance(ms);
    },
    putRecordBatch: async (records: readonly Uint8Array[], timeoutMs: number) => {
      timeouts.push(timeoutMs);
      clock.advance(tookMs.shift() ?? 0);
      return answer(records, timeouts.length);
    },
  });
  return { clock, waits, timeouts, context };
}

describe('putRecords', () => {
  it.each([0, 1])('makes no call %i ms after its deadline, and returns what it did not put', async (late) => {
    const stream = slowStream(acknowledge, [1_000 + late]);
    const records = large(5);
    const put = await putRecords(records, stream.context(1_000));
    expect(put).toStrictEqual({
      unacknowledged: [{ record: records[4], reason: 'not_acknowledged' }],
      calls: 1,
      retried: 0,
    });
  });

  it('keeps the error of an earlier attempt for a record that it has no time to put again', async () => {
    const stream = slowStream(
      (records, call) => (call <= 2 ? fail(records) : acknowledge(records)),
      [0, 0, 5_000],
    );
    const records = large(5);
    const put = await putRecords(records, stream.context(2_000));
    expect(put.unacknowledged).toStrictEqual([
      { record: records[4], reason: 'not_acknowledged', code: 'InternalFailure' },
    ]);
    expect([put.calls, put.retried]).toEqual([3, 4]);
  });

  it('does not wait once all is acknowledged', async () => {
    const stream = slowStream(acknowledge);
    expect(await putRecords(large(1), stream.context(10_000))).toMatchObject({
      unacknowledged: [],
      calls: 1,
    });
    expect(stream.waits).toEqual([]);
  });

  it('makes no empty call, even before a record that is larger than a call', () => {
    const huge = { data: new Uint8Array(MAX_CALL_BYTES + 1), documents: [0] };
    expect(packCalls([huge]).map((call) => call.length)).toEqual([1]);
  });
});

describe('a delivery', () => {
  it('counts the bytes of all records, and those that AWS bills', async () => {
    const documents = ['A', 'B', 'C'].map((name) => name + 'x'.repeat(MAX_RECORD_BYTES / 2));
    const delivered = await deliver(documents, slowStream(acknowledge).context(10_000));
    expect(delivered).toMatchObject({ records: 3, bytes: 3 * 512_001, billedBytes: 3 * 517_120 });
  });

  it('has no code for a document that was never put', async () => {
    const documents = Array.from({ length: 5 }, () => 'x'.repeat(MAX_RECORD_BYTES));
    const { returned } = await deliver(documents, slowStream(acknowledge, [1_000]).context(1_000));
    expect(returned).toStrictEqual([{ index: 4, reason: 'not_acknowledged' }]);
  });
});

describe('deliverOrSpill', () => {
  const never = async () => {
    throw new Error('nothing is spilled here');
  };

  it('spills nothing when all is acknowledged, even at the last moment', async () => {
    const stream = slowStream(acknowledge, [10_000]);
    const { putRecordBatch, ...context } = stream.context(10_000);
    const kept = await deliverOrSpill([{ kind: 'events', documents: ['{}'], to: [{ putRecordBatch }] }], {
      ...context,
      putOverflow: never,
    });
    expect(kept).toMatchObject([{ isSafe: true, overflowed: 0, acknowledged: 1 }]);
    expect(kept[0]?.overflowError).toBeUndefined();
  });

  it.each([
    [10_000, 10_000 - OVERFLOW_MS],
    [400, 200],
    [401, 201],
  ])('leaves the stream all of %i ms but the last second, or half of less', async (withinMs, streamMs) => {
    const stream = slowStream(() => ({ kind: 'failed', code: 'AccessDenied', retryable: false }), [150]);
    const spills: number[] = [];
    const { putRecordBatch, ...context } = stream.context(withinMs);
    const kept = await deliverOrSpill([{ kind: 'events', documents: ['{}'], to: [{ putRecordBatch }] }], {
      ...context,
      putOverflow: async (_, timeoutMs) => {
        spills.push(timeoutMs);
      },
    });
    expect(kept).toMatchObject([{ isSafe: true, overflowed: 1 }]);
    expect([stream.timeouts, spills]).toEqual([[streamMs], [withinMs - 150]]);
  });
});
