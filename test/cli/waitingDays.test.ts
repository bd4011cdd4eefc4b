import { describe, expect, it } from '@jest/globals';
import { calendarText } from '../../cli/ingest/calendarText.ts';
import { dayText } from '../../cli/ingest/dayText.ts';
import { addDays } from '../../lib/base/time.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';

const day = '2026-11-19';
const at = Date.parse('2026-11-20T09:00:00Z');
const place = { source: 'acme', dataset: 'events', table: 'acme_events' };
const handedBack: LedgerEntry = {
  ...place,
  day,
  state: 'waiting',
  fingerprint: null,
  queued: { fingerprint: 'f', reason: 'new', at },
  attempts: 2,
  files: [],
  rows: { in: 0, out: 0, refused: 0 },
  rowsByDaysLate: {},
  bytes: 0,
  durations: {},
  superseded: [],
  failure: { code: 'SLUICE_LOAD_CATALOG_FAILED', message: 'AccessDeniedException.' },
  updatedAt: at,
  token: 't',
};

describe('the calendar', () => {
  const days = Array.from({ length: 30 }, (_, i) => ({ day: addDays(day, i - 29), entry: null }));
  const datasets = [{ ...place, late: [], lastLook: { at, newestDay: day, stopped: false }, days }];

  it('is no wider than the terminal, and has every day once', () => {
    for (let width = 40; width <= 200; width += 1) {
      const lines = calendarText(datasets, width).split('\n');
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      const heads = lines.filter((line) => /^ +[\d ]+$/.test(line) && !line.includes('-'));
      expect(heads.join(' ').trim().split(/ +/)).toEqual(days.map((one) => one.day.slice(8)));
    }
  });

  it('is one in a pipe, however long', () => {
    expect(calendarText(datasets).match(/^acme\/events /gm)).toHaveLength(1);
  });
});

describe('a day that will be retried', () => {
  it.each(['waiting', 'loading'] as const)('is %s in the calendar, with its reason', (state) => {
    const text = calendarText([
      {
        ...place,
        late: [],
        lastLook: { at, newestDay: day, stopped: false },
        days: [{ day, entry: { ...handedBack, state } }],
      },
    ]);
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      `acme/events ${day} ${state}, will be retried: SLUICE_LOAD_CATALOG_FAILED: AccessDeniedException. (attempts: 2)`,
    );
  });

  it('is explained with its reason, without a claim', () => {
    const text = dayText(handedBack);
    expect(text).toContain('SLUICE_LOAD_CATALOG_FAILED: AccessDeniedException.');
    expect(text).toContain('waiting (2026-11-20T09:00:00.000Z, attempts: 2)');
    expect(text).not.toContain('claimed until');
  });
});

describe('a day that was loaded without some of its objects', () => {
  const object = (name: string, reason: string, fate: 'left_out' | 'failed' = 'left_out') => ({
    ...{ key: `events/${day}/${name}`, size: 1, eTag: '"1"' },
    ...{ fate, reason },
  });
  const files = [
    object('_SUCCESS', 'success_marker'),
    object('_temporary/a', 'temporary'),
    object('a.csv', 'not_parquet'),
    object('b.parquet', 'empty'),
    object('c.parquet', 'archived'),
    object('d.csv', 'not_parquet'),
  ];
  const status = (entry: Partial<LedgerEntry>) => {
    const { failure: _, ...rest } = handedBack;
    return calendarText([
      {
        ...place,
        late: [],
        lastLook: { at, newestDay: day, stopped: false },
        days: [{ day, entry: { ...rest, state: 'succeeded', ...entry } }],
      },
    ]);
  };

  it('names them, but neither markers nor leftovers of a job', () => {
    expect(status({ files }).trimEnd().split('\n').at(-1)).toBe(
      `acme/events ${day} left out 4 objects: events/${day}/a.csv (not_parquet), events/${day}/b.parquet (empty), events/${day}/c.parquet (archived), 1 more`,
    );
    expect(status({ files: files.slice(0, 2) })).not.toContain('left out');
    expect(status({ files, state: 'waiting' })).not.toContain('left out');
  });
});

describe('a drop that has not arrived', () => {
  const late = [{ day, due: Date.parse('2026-11-20T06:00:00Z') }];
  const dataset = { ...place, lastLook: { at, newestDay: day, stopped: false } };

  it('is late in the calendar, with its due time', () => {
    const text = calendarText([{ ...dataset, late, days: [{ day, entry: null }] }]);
    expect(text).toMatch(/^acme\/events {3}!$/m);
    expect(text).toContain('· no files  ! late\n');
    expect(text).toContain(
      `acme/events ${day} is late: it was expected by 2026-11-20T06:00:00.000Z and has not arrived\n`,
    );
  });

  it('is shown as no files if none is expected', () => {
    const text = calendarText([{ ...dataset, late: [], days: [{ day, entry: null }] }]);
    expect(text).toMatch(/^acme\/events {3}·$/m);
    expect(text).not.toContain('late');
  });
});
