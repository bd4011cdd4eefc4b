import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import {
  curatedDayStatus,
  hasCurationProblems,
  type SeenCuratedDay,
} from '../../../../observe/facts/days/curatedCalendar.ts';
import type { ViewDays } from '../../../../observe/facts/days/viewDays.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const OLD = '2026-11-10';
const failure = { code: 'SLUICE_CURATE_BUCKET_FAILED', message: 'The bucket failed.' };
const lease = { owner: 'one', until: NOW + HOUR_MS };
const queued = { at: NOW - DAY_MS - 1, fingerprint: 'f', files: 1, reason: 'new' } as const;
const unread: readonly ViewDays[] = [{ view: 'product_events', fault: 'missing', has: () => false }];

/** The status of a day that has a version, and that all views read, but for what is given. */
function statusOf(
  entry: Partial<LedgerEntry> | null,
  seen: Partial<SeenCuratedDay> = {},
  config: { readonly curate?: boolean } = {},
) {
  return curatedDayStatus(
    { curate: true, curateAfter: 2, ...config },
    {
      day: OLD,
      entry: entry === null ? null : ledgerEntry({ day: OLD, version: 'v1', ...entry }),
      isLost: false,
      isListed: true,
      unread: [],
      lackingSince: null,
      ...seen,
    },
    NOW,
  );
}

describe('a day of a curated table', () => {
  it.each<{ readonly what: string; readonly status: ReturnType<typeof statusOf>; readonly state: string }>([
    { what: 'that all views read', status: statusOf({}), state: 'curated' },
    {
      what: 'that all views read while a try of it fails',
      status: statusOf({ state: 'failed', failure }),
      state: 'curated',
    },
    { what: 'that one view does not read', status: statusOf({}, { unread }), state: 'waiting' },
    {
      what: 'whose partition is gone',
      status: statusOf({}, { isLost: true, isListed: false }),
      state: 'waiting',
    },
    { what: 'without an entry', status: statusOf(null, { isListed: false }), state: 'waiting' },
    {
      what: 'without an entry, on the first day that is too young',
      status: statusOf(null, { isListed: false, day: '2026-11-18' }),
      state: 'too_young',
    },
    {
      what: 'whose version is not listed',
      status: statusOf({}, { isListed: false }),
      state: 'outdated',
    },
    {
      what: 'that is listed and lacks files',
      status: statusOf({}, { lackingSince: NOW }),
      state: 'lacking',
    },
    {
      what: 'that lacks files and fails',
      status: statusOf({ state: 'failed', failure }, { lackingSince: NOW }),
      state: 'failed',
    },
    {
      what: 'that fails, without curation',
      status: statusOf({ state: 'failed', failure }, { isListed: false }, { curate: false }),
      state: 'off',
    },
    {
      what: 'that a function works on, without curation',
      status: statusOf({ state: 'loading', lease }, { isListed: false }, { curate: false }),
      state: 'curating',
    },
    {
      what: 'whose function has lost its lease',
      status: statusOf({ state: 'loading', lease: { ...lease, until: NOW } }, { isListed: false }),
      state: 'outdated',
    },
  ])('$what is $state', ({ status, state }) => {
    expect(status.state).toBe(state);
  });

  it('says nothing of a day that all views read, unless it keeps rows', () => {
    const kept = { rows: 4, since: NOW, files: [] };
    const curated = { inputs: [], kept };
    expect(statusOf({}).why).toBe('');
    expect(statusOf({ curated }).why).toMatch(/\b4\b/);
  });

  it('that is too young says from which day on it is curated', () => {
    const { why } = statusOf(null, { isListed: false, day: '2026-11-18' });
    expect(why).toContain('2026-11-21');
  });

  it.each([
    { state: 'waiting', entry: { version: undefined, queued }, isLate: true },
    { state: 'outdated', entry: { queued }, isLate: true },
    {
      state: 'waiting',
      entry: { version: undefined, queued: { ...queued, at: NOW - DAY_MS } },
      isLate: false,
    },
    { state: 'failed', entry: { state: 'failed', failure, queued } as const, isLate: false },
  ])('that is $state and was queued at $entry.queued.at is late: $isLate', ({ state, entry, isLate }) => {
    expect(statusOf(entry, { isListed: false })).toMatchObject({ state, isLate });
  });
});

describe('a calendar of curated days', () => {
  it.each([
    { state: 'curated', isLate: false, expected: false },
    { state: 'waiting', isLate: false, expected: false },
    { state: 'waiting', isLate: true, expected: true },
    { state: 'failed', isLate: false, expected: true },
    { state: 'lacking', isLate: false, expected: true },
  ] as const)('with a day that is $state, late: $isLate, has problems: $expected', ({ expected, ...day }) => {
    const tables = [{ days: [{ state: 'curated', isLate: false } as const] }, { days: [day] }];
    expect(hasCurationProblems({ tables })).toBe(expected);
  });
});
