import { describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { type CurateTerms, type DayState, decideDay } from '../../../lib/curate/decideDay.ts';
import type { CuratedDay, CurationRun } from '../../../lib/ledger/CuratedDay.ts';
import { type LedgerEntry, NO_FILES } from '../../../lib/ledger/LedgerEntry.ts';
import { curationRun, ledgerEntry } from '../../harness/ledgerEntry.ts';

const NOW = Date.UTC(2026, 10, 22);
const V1 = '20261121T000000000Z-00000000';
const terms: CurateTerms = { shape: 's', now: NOW };
const lost = [{ name: 'a', eTag: '"1"' }];
const kept: CuratedDay['kept'] = { files: lost, rows: 1, since: 0 };
const curated = (more: Partial<CuratedDay> = {}): CuratedDay => ({ shape: 's', ...more });

/** A day whose version is of today's files and shape, is in the catalog, and is read by views. */
function state(entry: Partial<LedgerEntry> = {}, more: Partial<DayState> = {}): DayState {
  const place = { source: 'curated', dataset: 'exposures', day: '2026-11-16', table: 'curated_exposures' };
  const day = ledgerEntry({ ...place, version: V1, curated: curated(), ...entry });
  const listed = { version: V1, shape: 's', fingerprint: 'f' };
  return { raw: { fingerprint: 'f' }, lost: [], entry: day, listed, version: V1, ...more };
}

describe('the plan', () => {
  /** A day and what is asked, and the decision. */
  interface Decided<Decision> {
    /** The day, in words. */
    readonly what: string;
    readonly day: DayState;
    /** Default: the nightly run. */
    readonly asked?: CurateTerms['asked'];
    readonly decision: Decision;
  }
  const noFiles = { raw: { fingerprint: NO_FILES } };
  const failure = { code: 'c', message: 'm' };
  const queued = { fingerprint: 'f', reason: 'changed', at: 0 } as const;
  const sentAt = (at: number) => curated({ sentAt: at });

  it.each<Decided<string>>([
    { what: 'as its version is', day: state(), decision: 'current' },
    {
      what: 'without files and entry',
      day: state({}, { ...noFiles, entry: null }),
      asked: 'rebuild',
      decision: 'no_files',
    },
    {
      what: 'that somebody works on',
      day: state({ lease: { owner: 'o', until: NOW + 1 } }),
      asked: 'rebuild',
      decision: 'working',
    },
    {
      what: 'whose task was sent less than 20 hours ago',
      day: state({ fingerprint: 'old', queued, curated: sentAt(NOW - 20 * HOUR_MS + 1) }),
      decision: 'queued',
    },
    {
      what: 'that had no rows, and has no files',
      day: state({ state: 'succeeded_no_data', fingerprint: NO_FILES }, { ...noFiles, listed: undefined }),
      decision: 'current',
    },
    {
      what: 'that keeps rows of lost files, as the list says',
      day: state(
        { curated: curated({ kept }) },
        { lost, listed: { version: V1, shape: 's', fingerprint: 'f', keeps: true } },
      ),
      decision: 'current',
    },
  ])('leaves a day $what: $decision', ({ day, asked, decision }) => {
    expect(decideDay(day, { ...terms, asked })).toEqual({ skip: decision });
  });

  it.each<Decided<string>>([
    { what: 'without an entry', day: state({}, { entry: null }), decision: 'new' },
    { what: 'without a partition', day: state({}, { version: undefined }), decision: 'new' },
    {
      what: 'whose partition has a version that somebody brought back',
      day: state({}, { version: '20261120T000000000Z-00000000' }),
      decision: 'reshaped',
    },
    { what: 'with other files', day: state({ fingerprint: 'old' }), decision: 'changed' },
    {
      what: 'whose task was sent for other files',
      day: state({
        fingerprint: 'old',
        queued: { fingerprint: 'old', reason: 'new', at: 0 },
        curated: sentAt(NOW),
      }),
      decision: 'changed',
    },
    {
      what: 'whose task was sent 20 hours ago',
      day: state({ fingerprint: 'old', queued, curated: sentAt(NOW - 20 * HOUR_MS) }),
      decision: 'changed',
    },
    {
      what: 'whose task was sent, when a person asks',
      day: state({ fingerprint: 'old', queued, curated: sentAt(NOW) }),
      asked: 'run',
      decision: 'changed',
    },
    {
      what: 'of another shape',
      day: state({ curated: curated({ shape: 'old' }) }),
      decision: 'reshaped',
    },
    { what: 'that has lost files', day: state({}, { lost }), decision: 'kept' },
    {
      what: 'whose kept rows may go, as somebody accepts it or the files are back',
      day: state({ curated: curated({ kept }) }),
      decision: 'reshaped',
    },
    { what: 'without files', day: state({}, noFiles), decision: 'deleted' },
    { what: 'that has lost all files', day: state({}, { ...noFiles, lost }), decision: 'kept' },
    { what: 'that failed', day: state({ state: 'failed', failure }), decision: 'retried' },
    {
      what: 'that failed with other files',
      day: state({ state: 'failed', fingerprint: 'old', failure }),
      decision: 'changed',
    },
    {
      what: 'whose worker has lost it',
      day: state({ fingerprint: 'old', lease: { owner: 'o', until: NOW } }),
      decision: 'changed',
    },
    { what: 'that a person wants again', day: state(), asked: 'rebuild', decision: 'rebuild' },
    { what: 'whose version lacks files', day: state({}, { isLacking: true }), decision: 'rebuild' },
    {
      what: 'whose version lacks files, and is not listed',
      day: state({}, { isLacking: true, listed: undefined }),
      decision: 'rebuild',
    },
    {
      what: 'whose version lacks files, and keeps rows of lost ones',
      day: state({}, { isLacking: true, lost }),
      decision: 'kept',
    },
  ])('queues a day $what: $decision', ({ day, asked, decision }) => {
    expect(decideDay(day, { ...terms, asked })).toEqual({ queue: decision });
  });

  it.each<Decided<object>>([
    { what: 'that the list does not have', day: state({}, { listed: undefined }), decision: {} },
    {
      what: 'of which the list has another version',
      day: state({}, { listed: { version: 'v0', shape: 's', fingerprint: 'f' } }),
      decision: {},
    },
    {
      what: 'that keeps rows, which the list does not say',
      day: state({ curated: curated({ kept }) }, { lost }),
      decision: { keeps: true },
    },
    {
      what: 'without files that keeps rows',
      day: state(
        { fingerprint: NO_FILES, curated: curated({ kept }) },
        { ...noFiles, lost, listed: undefined },
      ),
      decision: { fingerprint: NO_FILES, keeps: true },
    },
  ])('lists a day $what', ({ day, decision }) => {
    const listed = { version: V1, shape: 's', fingerprint: 'f' };
    expect(decideDay(day, terms)).toEqual({ list: { ...listed, ...decision } });
  });

  describe('of a day with a version that is begun', () => {
    const made = '20261121T120000000Z-00000000';
    const madeAt = Date.UTC(2026, 10, 21, 12);
    const done = [{ rawRows: 1, sliceRows: 1, kept: 0, rows: 1, resends: 0, differing: 0, files: [] }];
    const begun = curationRun({ version: made, slices: 2, done });
    const decide = (run: CurationRun, now = NOW) =>
      decideDay(state({ fingerprint: 'old', curated: curated({ run }) }), { ...terms, now });

    it.each([
      { what: 'of the same files and shape', now: NOW },
      { what: 'that is less than 36 hours old', now: madeAt + 36 * HOUR_MS - 1 },
    ])('goes on with one $what', ({ now }) => {
      expect(decide(begun, now)).toEqual({ queue: 'changed', goesOn: made });
    });

    it.each<{ readonly what: string; readonly run: CurationRun; readonly now?: number }>([
      { what: 'of which no slice is made', run: { ...begun, done: [] } },
      { what: 'of other files', run: { ...begun, fingerprint: 'other' } },
      { what: 'of another shape', run: { ...begun, shape: 'other' } },
      { what: 'whose name has no time', run: { ...begun, version: 'of no time' } },
      { what: 'that is 36 hours old', run: begun, now: madeAt + 36 * HOUR_MS },
    ])('makes another instead of one $what', ({ run, now }) => {
      expect(decide(run, now)).toEqual({ queue: 'changed' });
    });
  });
});
