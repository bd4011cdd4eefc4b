import { describe, expect, it } from '@jest/globals';
import { curatedText } from '../../../cli/observe/curatedText.ts';

describe('the text of curated days', () => {
  const account = { rawRows: 9, kept: 0, rows: 7, resends: 2, differing: 1 };
  const day = {
    day: '2026-11-19',
    state: 'curated',
    account,
    why: '',
    version: 'v1',
    failure: null,
    isLate: false,
  } as const;
  const table = {
    kind: 'events',
    table: 'curated_events',
    rawTable: 'raw_events',
    listed: 3,
    days: [day],
  } as const;
  const calendar = { isOn: true, curateAfter: 2, firstYoung: '2026-11-20', tables: [table] };

  it('has what views read of each day, and what became of its rows', () => {
    const waits = { ...day, day: '2026-11-18', state: 'too_young', account: null, why: 'Waits.' } as const;
    const text = curatedText({ ...calendar, tables: [{ ...table, days: [day, waits] }] });
    expect(text).toMatch(/2 days .* 2026-11-20\.\n/);
    expect(text).toMatch(/^curated_events: .* 3 days .* raw_events\.$/m);
    expect(text).toMatch(/^2026-11-19 +curated +9 +7 +2 +1 +curated$/m);
    expect(text).toMatch(/^2026-11-18 +raw +too young +Waits\.$/m);
  });

  it('has no table of a curated table without rows', () => {
    expect(curatedText({ ...calendar, tables: [{ ...table, days: [] }] })).not.toContain('---');
  });

  it.each([
    { what: 'while views still read curated days', tables: [table], hasTable: true },
    {
      what: 'once they do not',
      tables: [{ ...table, days: [{ ...day, state: 'off' as const }] }],
      hasTable: false,
    },
  ])('names the setting where days are not curated, $what', ({ tables, hasTable }) => {
    const text = curatedText({ ...calendar, isOn: false, tables });
    expect(text).toContain('`curate: false`');
    expect(text.includes('---')).toBe(hasTable);
  });
});
