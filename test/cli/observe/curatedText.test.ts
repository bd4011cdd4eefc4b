import { describe, expect, it } from '@jest/globals';
import { curatedText } from '../../../cli/observe/curatedText.ts';
import type {
  CuratedCalendar,
  CuratedDayStatus,
  CuratedTableStatus,
} from '../../../observe/facts/days/curatedCalendar.ts';

/** The head of a table of days. */
const HEAD = /^day +state +raw rows +rows +resends +differing +note$/m;

// Of sentences only figures and names are asked.
describe('the text of curated days', () => {
  const day: CuratedDayStatus = {
    day: '2026-11-19',
    state: 'curated',
    account: { rawRows: 9, kept: 0, rows: 7, resends: 2, differing: 1 },
    why: '',
    version: 'v1',
    failure: null,
    isLate: false,
  };
  const table: CuratedTableStatus = {
    kind: 'events',
    table: 'curated_events',
    rawTable: 'raw_events',
    listed: 3,
    days: [day],
  };
  const calendar: CuratedCalendar = {
    isOn: true,
    curateAfter: 2,
    firstYoung: '2026-11-20',
    tables: [table],
  };

  it('has the state of each day, and what became of its rows', () => {
    const waits: CuratedDayStatus = {
      ...day,
      day: '2026-11-18',
      state: 'too_young',
      account: null,
      why: 'Waits.',
    };
    const text = curatedText({ ...calendar, tables: [{ ...table, days: [day, waits] }] });
    expect(text).toMatch(/2 days .* 2026-11-20\.\n/);
    expect(text).toMatch(/^curated_events: .* 3 days .* raw_events\.$/m);
    expect(text).toMatch(HEAD);
    expect(text).toMatch(/^2026-11-19 +curated +9 +7 +2 +1$/m);
    expect(text).toMatch(/^2026-11-18 +too young +Waits\.$/m);
  });

  it('lists no day of a curated table that has none, beside those of another', () => {
    const empty: CuratedTableStatus = { ...table, kind: 'exposures', table: 'curated_exposures', days: [] };
    const text = curatedText({ ...calendar, tables: [empty, table] });
    const [, first = '', second = ''] = text.split(/^curated_/m);
    expect(first).toMatch(/^exposures: /);
    expect(first).not.toMatch(HEAD);
    expect(second).toMatch(/^events: /);
    expect(second).toMatch(HEAD);
  });

  it('names the setting where days are not curated, and lists days while views read any', () => {
    const off: CuratedDayStatus = { ...day, day: '2026-11-18', state: 'off' };
    const unread: CuratedTableStatus = { ...table, table: 'curated_exposures', days: [off] };
    const tables = [{ ...table, days: [off, day] }, unread];
    const text = curatedText({ ...calendar, isOn: false, tables });
    expect(text).toContain('`curate: false`');
    expect(text.match(/^2026-11-1\d/gm)).toHaveLength(3);
  });

  it('names that setting alone once views read no curated day', () => {
    const off = [{ ...table, days: [{ ...day, state: 'off' as const }] }];
    const text = curatedText({ ...calendar, isOn: false, tables: off });
    expect(text).toContain('`curate: false`');
    expect(text).not.toMatch(HEAD);
    expect(text).not.toContain('curated_events');
  });
});
