import { describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { CatalogCallError, RETRIES } from '../../../../lib/landing/catalog/catalogCalls.ts';
import { settleInBatches } from '../../../../lib/landing/catalog/settleInBatches.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';

const attempts = { clock: new ManualClock(0), wait: async () => {}, random: () => 0, deadline: 1_000 };
const partition = (day: string) => ({ values: [day], storage: {} });

describe('settleInBatches', () => {
  it('applies a failure without an item to all items that are not named', async () => {
    const settled = await settleInBatches(
      [partition('a'), partition('b')],
      async () => [
        { values: ['B'], code: 'InvalidInputException', message: 'case was folded' },
        { values: ['a'], code: 'AlreadyExistsException', message: '' },
      ],
      attempts,
    );
    expect(settled).toEqual({
      done: [],
      existed: [partition('a')],
      failed: [{ values: ['b'], code: 'InvalidInputException', message: 'case was folded' }],
    });
  });

  it('rethrows errors that are not failures of a call', async () => {
    const broken = settleInBatches([partition('a')], () => Promise.reject(new TypeError('ours')), attempts);
    await expect(broken).rejects.toThrow('ours');
  });

  /** Sends days to a catalog that answers by script, with a clock that moves by what is waited. */
  async function settle(
    days: readonly string[],
    answer: (batch: readonly string[], call: number) => Record<string, string> | CatalogCallError,
    deadline = 10 * MINUTE_MS,
  ) {
    const clock = new ManualClock(0);
    const calls: string[][] = [];
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
      clock.advance(ms);
    };
    const settled = await settleInBatches(
      days.map(partition),
      async (batch) => {
        const names = batch.map(({ values: [day = ''] }) => day);
        calls.push(names);
        const codes = answer(names, calls.length);
        if (codes instanceof CatalogCallError) throw codes;
        return Object.entries(codes).map(([day, code]) => ({ values: [day], code, message: `of ${day}` }));
      },
      { clock, wait, random: () => 0.5, deadline },
    );
    return { settled, calls, waits };
  }
  const exists = new CatalogCallError({
    code: 'AlreadyExistsException',
    message: 'one exists',
    isTransient: false,
  });

  it('sends only what failed for a passing reason again, before the next batch', async () => {
    const days = Array.from({ length: 101 }, (_, index) => `day ${index}`);
    const { settled, calls, waits } = await settle(
      days,
      (_, call): Record<string, string> =>
        call === 1
          ? {
              'day 7': 'InternalServiceException',
              'day 8': 'AlreadyExistsException',
              'day 9': 'InvalidInputException',
            }
          : {},
    );
    expect(calls.slice(1)).toEqual([['day 7'], ['day 100']]);
    expect(waits).toEqual([100]);
    expect(settled.existed).toEqual([partition('day 8')]);
    expect(settled.failed).toEqual([
      { values: ['day 9'], code: 'InvalidInputException', message: 'of day 9' },
    ]);
    expect(settled.done).toHaveLength(99);
  });

  it('returns what fails each time with its last error, after a bounded number of tries', async () => {
    const { settled, calls, waits } = await settle(['a', 'b'], (_, call) => ({
      a: call % 2 === 0 ? 'ThrottlingException' : 'InternalServiceException',
    }));
    expect(calls).toEqual([['a', 'b'], ...Array(RETRIES.tries - 1).fill(['a'])]);
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 2_500, 2_500]);
    expect(settled).toEqual({
      done: [partition('b')],
      existed: [],
      failed: [{ values: ['a'], code: 'ThrottlingException', message: 'of a' }],
    });
  });

  it('sends a whole call again when it fails for a passing reason, and not when it is refused', async () => {
    const lost = await settle(['a', 'b'], (_, call) =>
      call === 1 ? new CatalogCallError({ code: 'ECONNRESET', message: 'reset', isTransient: true }) : {},
    );
    expect(lost.calls).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(lost.settled.done).toEqual([partition('a'), partition('b')]);
    const refused = await settle(
      ['a', 'b'],
      () => new CatalogCallError({ code: 'AccessDeniedException', message: 'no', isTransient: false }),
    );
    expect(refused).toEqual({
      settled: {
        done: [],
        existed: [],
        failed: ['a', 'b'].map((day) => ({ values: [day], code: 'AccessDeniedException', message: 'no' })),
      },
      calls: [['a', 'b']],
      waits: [],
    });
  });

  it('sends each item of a batch alone that fails as a whole because one exists, without waiting', async () => {
    const { settled, calls, waits } = await settle(['a', 'b', 'c', 'd', 'e'], (batch) =>
      batch.includes('d') ? exists : {},
    );
    expect(calls).toEqual([['a', 'b', 'c', 'd', 'e'], ...['a', 'b', 'c', 'd', 'e'].map((day) => [day])]);
    expect(settled).toEqual({
      done: ['a', 'b', 'c', 'e'].map(partition),
      existed: [partition('d')],
      failed: [],
    });
    expect(waits).toEqual([]);
  });

  it('counts no such batch as a try of what is left', async () => {
    const { calls, waits } = await settle(['a', 'b'], (batch) =>
      batch.length > 1 ? exists : { [batch[0] ?? '']: 'OperationTimeoutException' },
    );
    expect(calls).toHaveLength(1 + 2 * RETRIES.tries);
    expect(waits).toHaveLength(2 * (RETRIES.tries - 1));
  });

  it('sends nothing at or after the deadline, and returns what is left as out of time', async () => {
    const days = Array.from({ length: 101 }, (_, index) => `day ${index}`);
    const late = await settle(days, () => ({}), 0);
    expect(late.calls).toEqual([]);
    expect(late.settled.failed).toEqual(
      days.map((day) => ({
        values: [day],
        code: 'OutOfTime',
        message: 'There was no time left to begin the call.',
      })),
    );
    // The pause of 100 ms would end at the deadline.
    const soon = await settle(['a'], () => ({ a: 'InternalServiceException' }), 100);
    expect(soon.calls).toEqual([['a']]);
    expect(soon.waits).toEqual([]);
    expect(soon.settled.failed).toEqual([
      { values: ['a'], code: 'InternalServiceException', message: 'of a' },
    ]);
  });
});
