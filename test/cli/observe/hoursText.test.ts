import { describe, expect, it } from '@jest/globals';
import { hoursText } from '../../../cli/observe/hoursText.ts';
import { shortHour } from '../../observe/statusFacts.ts';
import { cellsOf } from './cellsOf.ts';

describe('the text of sluice reconcile', () => {
  it('has the hours with events, and counts all by their states', () => {
    const empty = { ...shortHour, accepted: 0, finished: 0, missing: 0, state: 'whole' } as const;
    const open = { ...empty, hour: 9, finished: 4, unproved: 5, state: 'open', why: 'waits' } as const;
    const text = hoursText('2026-11-20', [shortHour, empty, empty, open]);
    expect(cellsOf(text)).toEqual([
      ['7', 'events', '300', '270', '0', '0', '0', '30', '0', 'short'],
      ['9', 'events', '0', '4', '0', '0', '0', '0', '5', 'open', 'waits'],
    ]);
    expect(text).toMatch(/\n\n2026-11-20, .*: 1 short, 2 whole, 1 open \(waits\)\. 5 events unproved\.\n$/);
    expect(hoursText('2026-11-20', [empty])).toMatch(/^2026-11-20, .*: 1 whole\. 0 events/);
  });
});
