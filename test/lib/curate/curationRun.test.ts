import { describe, expect, it } from '@jest/globals';
import { CurateError } from '../../../lib/curate/CurateError.ts';
import {
  beginRun,
  endRun,
  endSlice,
  giveUpRun,
  isHopeless,
  releaseRun,
  sumAccount,
} from '../../../lib/curate/curationRun.ts';
import type { CurationRun, SliceResult } from '../../../lib/ledger/CuratedDay.ts';
import type { LedgerContent } from '../../../lib/ledger/LedgerEntry.ts';
import { curatedEntry, curationRun } from '../../harness/ledgerEntry.ts';

const V1 = '20261121T000000000Z-00000000';
const V2 = '20261122T000000000Z-00000000';
const V3 = '20261123T000000000Z-00000000';
const NOW = Date.UTC(2026, 10, 22);
const UNTIL = NOW + 960_000;
const slice: SliceResult = {
  rawRows: 10,
  sliceRows: 10,
  kept: 0,
  rows: 8,
  resends: 2,
  differing: 1,
  files: [{ name: 'a', bytes: 1 }],
};
const wanted = { version: V2, fingerprint: 'f', shape: 's', inputs: [], bytes: 0, slices: 1 };
/** A day on which a worker makes version 2. */
const held = (owner = 'me', more: Partial<CurationRun> = {}) =>
  curatedEntry({
    state: 'loading',
    attempts: 1,
    lease: { owner, until: UNTIL },
    curated: { run: curationRun({ version: V2, ...more }) },
  });

describe('a task that begins', () => {
  it('makes a new version, or goes on from where its own is', () => {
    const fresh = beginRun(curatedEntry(), wanted);
    const run = curationRun({ version: V2 });
    expect(fresh).toEqual({ entry: curatedEntry({ curated: { run } }), isNext: false });
    const before = held('other', { done: [slice], slices: 2 });
    expect(beginRun(before, { ...wanted, slices: 3 })).toEqual({ entry: before, isNext: true });
    // Attempts at an earlier version say nothing of this one.
    expect(beginRun(held('other', { version: V1 }), wanted)).toMatchObject({ isNext: false });
  });

  it.each<{ readonly what: string; readonly change: Partial<CurationRun> }>([
    { what: 'other files', change: { fingerprint: 'other' } },
    { what: 'another shape', change: { shape: 'other' } },
    { what: 'other rows that are kept', change: { kept: { version: V1, fingerprint: 'k', files: [] } } },
  ])('makes every slice again for $what', ({ change }) => {
    const { lease: _lease, ...free } = held('other', { done: [slice], slices: 2 });
    const begun = beginRun({ ...free, version: V1 }, { ...wanted, ...change });
    expect(begun).toMatchObject({ isNext: true, entry: { curated: { run: { ...change, done: [] } } } });
  });

  it.each<{ readonly what: string; readonly known: LedgerContent; readonly begin: string }>([
    { what: 'has its version', known: curatedEntry({ version: V2 }), begin: 'ended' },
    { what: 'has ended its version', known: curatedEntry({ curated: { ended: V2 } }), begin: 'ended' },
    { what: 'has a later version', known: curatedEntry({ version: V3 }), begin: 'outdated' },
    { what: 'has ended a later version', known: curatedEntry({ curated: { ended: V3 } }), begin: 'outdated' },
    {
      what: 'has a later version that is made',
      known: curatedEntry({ curated: { run: curationRun({ version: V3 }) } }),
      begin: 'outdated',
    },
  ])('is told $begin of a day that $what', ({ known, begin }) => {
    expect(beginRun(known, wanted)).toEqual({ begin });
  });

  it('is told busy of a day whose version is not the one of which it keeps rows', () => {
    const kept = { version: V3, fingerprint: 'k', files: [] };
    expect(beginRun(curatedEntry({ version: V1 }), { ...wanted, kept })).toEqual({ begin: 'busy' });
  });
});

describe('a task that has the day', () => {
  it('keeps it after the last slice, and leaves it to the next after any other', () => {
    const last = endSlice(held('me', { failed: 'SLUICE_X' }), slice);
    expect(last).toMatchObject({ state: 'loading', lease: { owner: 'me' } });
    expect(last.curated?.run).toEqual(curationRun({ version: V2, done: [slice] }));
    const first = endSlice(held('me', { slices: 2 }), slice);
    expect(first).toMatchObject({ state: 'waiting', attempts: 0, curated: { run: { done: [slice] } } });
    expect(first.lease).toBeUndefined();
  });

  const queued = { fingerprint: 'f', reason: 'new', at: 1 };
  const known = { ...held('me'), queued };

  it('ends the version with its result', () => {
    const settled = endRun({ ...known, state: 'succeeded' });
    expect(settled).toEqual({ ...curatedEntry({ state: 'succeeded', attempts: 1 }), curated: { ended: V2 } });
  });

  it('gives the version up with a failure, or without one', () => {
    expect(giveUpRun(known)).toEqual({ ...curatedEntry({ attempts: 1 }), curated: { ended: V2 } });
    const failure = { code: 'SLUICE_X', message: 'm', files: [] };
    expect(giveUpRun(known, failure)).toMatchObject({
      state: 'failed',
      fingerprint: 'f',
      failure: { code: 'SLUICE_X', message: 'm' },
      curated: { ended: V2 },
    });
  });

  it('releases it for a retry, which knows why', () => {
    const failure = { code: 'SLUICE_X', message: 'm' };
    const released = releaseRun(held('me'), failure);
    expect(released).toMatchObject({ state: 'waiting', failure, curated: { run: { failed: 'SLUICE_X' } } });
    expect(released.lease).toBeUndefined();
  });
});

const outOfTime = 'SLUICE_CURATE_OUT_OF_TIME';
const countsDiffer = 'SLUICE_CURATE_COUNTS_DIFFER';
const bucketFailed = 'SLUICE_CURATE_BUCKET_FAILED';
it.each<{
  readonly what: string;
  readonly code: keyof typeof CurateError.entries;
  readonly before: Partial<CurationRun>;
  readonly hopeless: boolean;
}>([
  { what: 'failed so', code: outOfTime, before: { failed: outOfTime }, hopeless: true },
  { what: 'failed otherwise', code: outOfTime, before: { failed: countsDiffer }, hopeless: false },
  { what: 'began', code: outOfTime, before: {}, hopeless: false },
  { what: 'failed so', code: bucketFailed, before: { failed: bucketFailed }, hopeless: false },
  {
    what: 'failed so, and has a slice',
    code: outOfTime,
    before: { done: [slice], failed: outOfTime },
    hopeless: false,
  },
  { what: 'has a slice', code: countsDiffer, before: { done: [slice] }, hopeless: true },
])('another try after $code of a run that $what is hopeless: $hopeless', ({ code, before, hopeless }) => {
  expect(isHopeless(curationRun(before), new CurateError(code))).toBe(hopeless);
});

describe('the account of a version', () => {
  const duplicated = { ...slice, sliceRows: 6, rows: 5, resends: 1 };
  const other = { ...slice, sliceRows: 4, rows: 5, resends: 1, kept: 2, differing: 0 };

  it('is the sum of its slices', () => {
    expect(sumAccount(curationRun({ slices: 2, done: [duplicated, other] }))).toEqual({
      rawRows: 10,
      kept: 2,
      rows: 10,
      resends: 2,
      differing: 1,
    });
  });

  it.each<{ readonly what: string; readonly slices?: number; readonly done: readonly SliceResult[] }>([
    { what: 'a slice is missing', slices: 3, done: [duplicated, other] },
    { what: 'slices have seen other raw rows', done: [duplicated, { ...other, rawRows: 11 }] },
    { what: 'a raw row is in no slice', done: [duplicated, { ...other, sliceRows: 3 }] },
    { what: 'a row is neither written nor a resend', done: [duplicated, { ...other, rows: 4 }] },
    { what: 'a row is written twice', done: [duplicated, { ...other, resends: 2 }] },
    { what: 'nothing is done', slices: 0, done: [] },
  ])('is none if $what', ({ slices = 2, done }) => {
    expect(sumAccount(curationRun({ slices, done: [...done] }))).toBeNull();
  });
});
