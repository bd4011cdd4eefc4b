import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../lib/base/time.ts';
import { isUnderErasure, noteErasure, settleErasures } from '../../../lib/ledger/erasureNotes.ts';

describe('erasures of a day', () => {
  /** At 5 ms, after which it is noted for thirty days. */
  const open = { id: 'open', at: 5, replaced: [{ name: 'a', from: '1', to: '2' }] };
  const ended = { id: 'ended', at: 0, endedAt: 50, replaced: [] };

  it.each([
    { listedAt: 50, title: 'stay while one ended at that time', left: [open, ended] },
    { listedAt: 51, title: 'are those that had not ended by then', left: [open] },
  ])('$title once the day is settled by files of $listedAt', ({ listedAt, left }) => {
    const entry = { version: 'v1', erasures: [open, ended] };
    expect(settleErasures(entry, listedAt)).toEqual({ version: 'v1', erasures: left });
  });

  it('leave no member behind once all of them have ended', () => {
    expect(settleErasures({ version: 'v1', erasures: [ended] }, 51)).toEqual({ version: 'v1' });
  });

  it('are noted once each, with all that each has replaced', () => {
    const more = { name: 'b', from: '3', to: '4' };
    const { erasures } = noteErasure({ erasures: [ended, open] }, { id: 'open', at: 7 }, [more]);
    expect(erasures).toEqual([ended, { id: 'open', at: 7, replaced: [...open.replaced, more] }]);
  });

  it('are under way until they end, or for thirty days after their last note', () => {
    const month = open.at + 30 * DAY_MS;
    expect(isUnderErasure({ erasures: [open, ended] }, month - 1)).toBe(true);
    expect(isUnderErasure({ erasures: [open, ended] }, month)).toBe(false);
    expect(isUnderErasure({ erasures: [ended] }, 1)).toBe(false);
  });
});
