import { describe, expect, it } from '@jest/globals';
import { settleInBatches } from '../../../../lib/landing/catalog/settleInBatches.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

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
});
