import { afterEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import {
  curatedDayStatus,
  hasCurationProblems,
  readCuratedCalendar,
  type SeenCuratedDay,
} from '../../../../observe/facts/days/curatedCalendar.ts';
import type { ViewDays } from '../../../../observe/facts/days/viewDays.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import {
  closeDeployments,
  dayAt,
  deploymentOf,
  ENTRIES,
  glueOf,
  listedOf,
  lists,
  NOW,
} from './curatedEntries.ts';

afterEach(closeDeployments);

const OLD = '2026-11-10';
const failure = { code: 'SLUICE_CURATE_BUCKET_FAILED', message: 'The bucket failed.' };
const lease = { owner: 'one', until: NOW + HOUR_MS };
/** A request of more than a day ago. */
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
  interface StateCase {
    readonly what: string;
    readonly entry?: Partial<LedgerEntry> | null;
    readonly seen?: Partial<SeenCuratedDay>;
    readonly config?: { readonly curate: boolean };
    readonly state: string;
  }

  it.each<StateCase>([
    { what: 'that all views read', state: 'curated' },
    {
      what: 'that all views read while a try of it fails',
      entry: { state: 'failed', failure },
      state: 'curated',
    },
    { what: 'that one view does not read', seen: { unread }, state: 'waiting' },
    { what: 'whose partition is gone', seen: { isLost: true, isListed: false }, state: 'waiting' },
    { what: 'without an entry', entry: null, seen: { isListed: false }, state: 'waiting' },
    {
      what: 'without an entry, on the first day that is too young',
      entry: null,
      seen: { isListed: false, day: '2026-11-18' },
      state: 'too_young',
    },
    {
      what: 'without an entry, on the last day that is not too young',
      entry: null,
      seen: { isListed: false, day: '2026-11-17' },
      state: 'waiting',
    },
    { what: 'whose version is not listed', seen: { isListed: false }, state: 'outdated' },
    { what: 'that is listed and lacks files', seen: { lackingSince: NOW }, state: 'lacking' },
    {
      what: 'that lacks files and fails',
      entry: { state: 'failed', failure },
      seen: { lackingSince: NOW },
      state: 'failed',
    },
    {
      what: 'that fails, without curation',
      entry: { state: 'failed', failure },
      seen: { isListed: false },
      config: { curate: false },
      state: 'off',
    },
    {
      what: 'that a function works on, without curation',
      entry: { state: 'loading', lease },
      seen: { isListed: false },
      config: { curate: false },
      state: 'curating',
    },
    {
      what: 'whose function has lost its lease',
      entry: { state: 'loading', lease: { ...lease, until: NOW } },
      seen: { isListed: false },
      state: 'outdated',
    },
  ])('$what is $state', ({ entry = {}, seen, config, state }) => {
    expect(statusOf(entry, seen, config).state).toBe(state);
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
    { state: 'waiting', entry: { version: undefined, queued } },
    { state: 'outdated', entry: { queued } },
  ])('that is $state is late if it was queued more than a day ago', ({ state, entry }) => {
    expect(statusOf(entry, { isListed: false })).toMatchObject({ state, isLate: true });
  });

  it.each([
    {
      what: 'is waiting and was queued a day ago',
      state: 'waiting',
      entry: { version: undefined, queued: { ...queued, at: NOW - DAY_MS } },
    },
    {
      what: 'has failed and was queued more than a day ago',
      state: 'failed',
      entry: { state: 'failed', failure, queued } as const,
    },
  ])('that $what is not late', ({ state, entry }) => {
    expect(statusOf(entry, { isListed: false })).toMatchObject({ state, isLate: false });
  });
});

describe('what a calendar of curated days has to tell of', () => {
  it.each([
    { what: 'has no problem', state: 'curated', isLate: false, hasProblems: false },
    { what: 'has no problem', state: 'waiting', isLate: false, hasProblems: false },
    { what: 'has a problem, as it is late,', state: 'waiting', isLate: true, hasProblems: true },
    { what: 'has a problem', state: 'failed', isLate: false, hasProblems: true },
    { what: 'has a problem', state: 'lacking', isLate: false, hasProblems: true },
  ] as const)('$what with a day that is $state', ({ state, isLate, hasProblems }) => {
    const well = { state: 'curated', isLate: false } as const;
    expect(hasCurationProblems({ tables: [{ days: [well] }, { days: [{ state, isLate }] }] })).toBe(
      hasProblems,
    );
  });
});

describe('the calendar of curated days', () => {
  const glue = glueOf(1, 5, 6, 7, 8, 13);
  const calendar = (days: number, until: number) =>
    readCuratedCalendar(
      { ...deploymentOf(ENTRIES, lists({ ...listedOf([4, 5, 7]), ...listedOf([1, 6, 8], 'other') })), glue },
      { kinds: ['events'], days, until: dayAt(until) },
    );

  it('has so many days up to the last, those with a raw folder or in the list, the newest first', async () => {
    const { tables, ...about } = await calendar(10, 14);
    expect(about).toEqual({ isOn: true, curateAfter: 2, firstYoung: dayAt(18) });
    expect(tables).toMatchObject([
      { kind: 'events', table: 'curated_events', rawTable: 'statsig_forwarded_events', listed: 6 },
    ]);
    expect(tables[0]?.days.map(({ day }) => day)).toEqual([14, 13, 12, 8, 7, 6, 5].map(dayAt));
  });

  it('has the state, version, account and failure of each', async () => {
    const { tables } = await calendar(14, 14);
    expect(tables[0]?.days.map(({ day, state, isLate }) => ({ day, state, isLate }))).toEqual([
      { day: '2026-11-14', state: 'failed', isLate: false },
      { day: '2026-11-13', state: 'outdated', isLate: true },
      { day: '2026-11-12', state: 'waiting', isLate: false },
      { day: '2026-11-08', state: 'outdated', isLate: false },
      { day: '2026-11-07', state: 'waiting', isLate: false },
      { day: '2026-11-06', state: 'outdated', isLate: false },
      { day: '2026-11-05', state: 'waiting', isLate: false },
      { day: '2026-11-04', state: 'waiting', isLate: false },
      { day: '2026-11-01', state: 'waiting', isLate: false },
    ]);
    expect(tables[0]?.days[0]).toMatchObject({
      version: 'v',
      account: null,
      failure: { code: 'SLUICE_CURATE_X' },
    });
    expect(tables[0]?.days[4]).toMatchObject({ version: 'v', account: { rows: 30 }, failure: null });
  });
});
