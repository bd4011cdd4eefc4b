import { describe, expect, it } from '@jest/globals';
import { checkText } from '../../../cli/observe/checkText.ts';
import { cellsOf } from './cellsOf.ts';

describe('the text of sluice check', () => {
  const group = { group_id: 'r1', group_name: 'Test', units: 90, expected: 50.4, crossovers: 0 };
  const experiment = {
    experiment: 'button',
    since: '2026-11-20',
    units: 100,
    crossovers: 3,
    groups: [group],
  };
  const list = { unit: 'user_id', experiments: [], scanned_bytes: 7 };

  it('has for each experiment its verdict, p-value, and groups with what was expected of each', () => {
    const text = checkText({
      ...list,
      experiments: [
        {
          ...experiment,
          groups: [group, { ...group, group_id: 'r2', group_name: null, units: 10, expected: null }],
          verdict: 'mismatch',
          p_value: 0.000_012_34,
        },
        {
          ...experiment,
          experiment: 'banner',
          since: null,
          groups: [],
          verdict: 'not_tested',
          p_value: null,
        },
      ],
    });
    expect(cellsOf(text)).toEqual([
      ['button since 2026-11-20', 'mismatch', '0.000012', '100', 'Test 90 (50), r2 10', '3'],
      ['banner', 'not tested', '100', '3'],
    ]);
    expect(text.match(/^MISMATCH of .*/gm)).toEqual([expect.stringContaining('button')]);
  });

  it('has no table without experiments', () => {
    expect(checkText(list)).toMatch(/^0 experiments, .*\n\n.* 7 bytes\.\n$/);
  });
});
