import { describe, expect, it } from '@jest/globals';
import { calendarText } from '../../../cli/ingest/calendarText.ts';
import type { DatasetStatus } from '../../../observe/facts/days/ledgerDays.ts';

const days = ['2026-11-17', '2026-11-18', '2026-11-19'].map((day) => ({ day, entry: null }));
const status: DatasetStatus = {
  ...({ source: 'acme', dataset: 'events', kind: 'events', table: 'acme_events' } as const),
  ...({ folder: 's3://acme/events/', schedule: 'daily', lookbackDays: 1 } as const),
  lastLook: {
    ...{ at: 0, newestDay: null, stopped: true, openDays: [] },
    elsewhere: { days: [], others: ['year=2026/'] },
  },
  ...{ late: [], unusual: [], days },
  firstDay: '2026-11-01',
  unlooked: ['2025-01-01', '2025-02-01', '2026-10-01', '2026-10-31', '2026-11-01', '2026-11-17'],
};

describe('the calendar of drops', () => {
  it('says which days have files that no run looks at, with the command that loads them, and what is there instead', () => {
    const text = calendarText([status]);
    const load = (options: string) => `npx sluice ingest backfill --source acme --dataset events ${options}`;
    expect(text).toMatch(/2026-11-17 +\+\n2026-11-18 +·/);
    expect(text).toContain('+ files outside of the lookback');
    expect(text).toContain(load('--from 2026-10-31 --to 2026-11-01`'));
    expect(text).toContain(load('--from 2026-11-17`'));
    expect(text).toContain('2 more ranges');
    expect(text).toContain('year=2026/');
  });

  it('says nothing of names that are no days while the days of the lookback are known', () => {
    expect(calendarText([{ ...status, days: days.slice(-1), unlooked: [] }])).not.toContain('year=2026/');
  });
});
