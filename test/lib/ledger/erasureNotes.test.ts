import { describe, expect, it } from '@jest/globals';
import { isUnderErasure, noteErasure, settleErasures } from '../../../lib/ledger/erasureNotes.ts';

describe('erasures of a day', () => {
  const open = { id: 'open', at: 5, replaced: [{ name: 'a', from: '1', to: '2' }] };
  const ended = { id: 'ended', at: 0, endedAt: 50, replaced: [] };

  it('that had ended before its files were listed explain nothing once it is settled', () => {
    const entry = { version: 'v1', erasures: [open, ended] };
    expect(settleErasures(entry, 50)).toEqual(entry);
    expect(settleErasures(entry, 51)).toEqual({ version: 'v1', erasures: [open] });
    expect(settleErasures({ version: 'v1', erasures: [ended] }, 51)).toEqual({ version: 'v1' });
  });

  it('are noted once each, with all that each has replaced', () => {
    const more = { name: 'b', from: '3', to: '4' };
    const { erasures } = noteErasure({ erasures: [ended, open] }, { id: 'open', at: 7 }, [more]);
    expect(erasures).toEqual([ended, { id: 'open', at: 7, replaced: [...open.replaced, more] }]);
  });

  it('are under way until they end, or for thirty days after their last note', () => {
    const month = open.at + 30 * 86_400_000;
    expect(isUnderErasure({ erasures: [open, ended] }, month - 1)).toBe(true);
    expect(isUnderErasure({ erasures: [open, ended] }, month)).toBe(false);
    expect(isUnderErasure({ erasures: [ended] }, 1)).toBe(false);
  });
});
