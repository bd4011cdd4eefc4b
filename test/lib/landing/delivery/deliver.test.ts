import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Delivery, deliver } from '../../../../lib/landing/delivery/deliver.ts';
import type { PutOutcome } from '../../../../lib/landing/delivery/putRecords.ts';
import { MAX_ATTEMPTS, MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const START = Date.UTC(2026, 10, 20, 7, 32);
/** Documents so large that each takes a record of its own; the first character tells which it is. */
const single = (n: number) =>
  Array.from({ length: n }, (_, i) => String.fromCharCode(0x41 + i) + 'x'.repeat(MAX_RECORD_BYTES / 2));
const nameOf = (record: Uint8Array) => String.fromCharCode(record[0] ?? 0);

/** A stream that answers by script, and a clock that moves by what is waited. */
function scripted(answer: (records: readonly string[], call: number) => PutOutcome | Promise<PutOutcome>) {
  const clock = new ManualClock(START);
  const calls: string[][] = [];
  const waits: number[] = [];
  const timeouts: number[] = [];
  return {
    clock,
    calls,
    waits,
    timeouts,
    context: (deadline = START + 60_000, random = () => 0.5) => ({
      clock,
      random,
      deadline,
      wait: async (ms: number) => {
        waits.push(ms);
        clock.advance(ms);
      },
      putRecordBatch: async (records: readonly Uint8Array[], timeoutMs: number) => {
        const names = records.map(nameOf);
        calls.push(names);
        timeouts.push(timeoutMs);
        return answer(names, calls.length);
      },
    }),
  };
}

const answered = (errorCodes: (string | null)[]): PutOutcome => ({ kind: 'answered', errorCodes });
const accountedFor = ({ acknowledged, returned }: Delivery) => acknowledged + returned.length;

describe('deliver', () => {
  it('makes no call without documents', async () => {
    const stream = scripted(() => answered([]));
    expect(await deliver([], stream.context())).toMatchObject({ acknowledged: 0, returned: [], calls: 0 });
    expect(stream.calls).toEqual([]);
  });

  it('returns documents that are never acknowledged, with the error code, after the last attempt', async () => {
    const stream = scripted((names) =>
      answered(names.map((name) => (name === 'B' ? 'InternalFailure' : null))),
    );
    const delivered = await deliver(single(3), stream.context());
    expect(delivered).toMatchObject({
      acknowledged: 2,
      returned: [{ index: 1, reason: 'not_acknowledged', code: 'InternalFailure' }],
    });
    expect(stream.calls).toEqual([['A', 'B', 'C'], ...Array(MAX_ATTEMPTS - 1).fill(['B'])]);
  });

  it('backs off at random, longer each time, to a cap', async () => {
    const stream = scripted((names) => answered(names.map(() => 'ServiceUnavailableException')));
    await deliver(
      ['{}'],
      stream.context(START + 600_000, () => 0.999),
    );
    expect(stream.waits.map(Math.ceil)).toEqual([50, 100, 200, 400, 800]);
    const quick = scripted((names) => answered(names.map(() => 'ServiceUnavailableException')));
    await deliver(
      ['{}'],
      quick.context(START + 600_000, () => 0),
    );
    expect(quick.waits).toEqual([0, 0, 0, 0, 0]);
  });

  it('stops at the deadline, and passes each call its remaining time', async () => {
    const stream = scripted(() => {
      // Each answer takes 100 ms, or the time it was given.
      stream.clock.advance(Math.min(100, stream.timeouts.at(-1) ?? 0));
      return { kind: 'failed', code: 'ServiceUnavailableException', retryable: true };
    });
    const delivered = await deliver(['{}'], stream.context(START + 300));
    expect(delivered.returned).toEqual([
      { index: 0, reason: 'not_acknowledged', code: 'ServiceUnavailableException' },
    ]);
    expect(stream.clock.now()).toBe(START + 300);
    expect(stream.timeouts).toEqual([300, 175, 25]);
  });

  it('makes no call after the deadline', async () => {
    const stream = scripted(() => answered([null]));
    const delivered = await deliver(['{}'], stream.context(START));
    expect(delivered.returned).toEqual([{ index: 0, reason: 'not_acknowledged' }]);
    expect(stream.calls).toEqual([]);
  });

  it('retries a throttled call as a whole, and returns a denied one immediately', async () => {
    const throttled = scripted((_, call) =>
      call === 1
        ? { kind: 'failed', code: 'ServiceUnavailableException', retryable: true }
        : answered([null]),
    );
    expect(await deliver(['{}'], throttled.context())).toMatchObject({ acknowledged: 1, calls: 2 });
    const refused = scripted(() => ({ kind: 'failed', code: 'ResourceNotFoundException', retryable: false }));
    expect((await deliver(['{}', '[]'], refused.context())).returned).toEqual([
      { index: 0, reason: 'refused', code: 'ResourceNotFoundException' },
      { index: 1, reason: 'refused', code: 'ResourceNotFoundException' },
    ]);
    expect(refused.calls).toHaveLength(1);
  });

  it('does not treat a missing result as an acknowledgement', async () => {
    const stream = scripted(() => answered([]));
    expect((await deliver(['{}'], stream.context())).returned).toEqual([
      { index: 0, reason: 'not_acknowledged', code: 'NoResponse' },
    ]);
  });

  it('survives an adapter that throws', async () => {
    const stream = scripted(() => Promise.reject(new TypeError('defect')));
    expect((await deliver(['{}'], stream.context())).returned).toEqual([
      { index: 0, reason: 'refused', code: 'TypeError' },
    ]);
  });

  it('returns a document that is too large for a record', async () => {
    const stream = scripted((names) => answered(names.map(() => null)));
    const documents = ['{}', 'x'.repeat(MAX_RECORD_BYTES + 1), '[]'];
    expect(await deliver(documents, stream.context())).toMatchObject({
      acknowledged: 2,
      returned: [{ index: 1, reason: 'too_large' }],
    });
  });

  it('accounts for every document, whatever the stream does', async () => {
    const outcome = fc.oneof(
      fc.array(fc.constantFrom(null, null, 'ServiceUnavailableException'), { maxLength: 8 }).map(answered),
      fc.record({ kind: fc.constant('failed'), code: fc.constant('X'), retryable: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 12 }),
        fc.array(fc.constantFrom('{}', single(1)[0] ?? ''), { maxLength: 9 }),
        async (outcomes, documents) => {
          const stream = scripted((names, call) => outcomes[call - 1] ?? answered(names.map(() => null)));
          const delivered = await deliver(documents, stream.context());
          expect(accountedFor(delivered)).toBe(documents.length);
          const indexes = delivered.returned.map(({ index }) => index);
          expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
        },
      ),
      { numRuns: 300 },
    );
  });
});
