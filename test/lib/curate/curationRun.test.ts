import { describe, expect, it } from '@jest/globals';
import { CurateError, toCurateFailure } from '../../../lib/curate/CurateError.ts';
import {
  beginRun,
  endRun,
  endSlice,
  giveUpRun,
  isHopeless,
  releaseRun,
  sumAccount,
} from '../../../lib/curate/curationRun.ts';
import { CatalogCallError } from '../../../lib/landing/catalog/catalogCalls.ts';
import type { CurationRun, SliceResult } from '../../../lib/ledger/CuratedDay.ts';
import type { LedgerContent } from '../../../lib/ledger/LedgerEntry.ts';
import { settlement } from '../../harness/ledgerEntry.ts';

const [V1, V2, V3] = [1, 2, 3].map((day) => `2026112${day}T000000000Z-00000000`) as [string, string, string];
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
const run = (more: Partial<CurationRun> = {}): CurationRun => ({
  version: V2,
  fingerprint: 'f',
  shape: 's',
  inputs: [],
  bytes: 0,
  slices: 1,
  done: [],
  ...more,
});
const wanted = { version: V2, fingerprint: 'f', shape: 's', inputs: [], bytes: 0, slices: 1 };
const entry = (more: Partial<LedgerContent> = {}): LedgerContent => ({
  source: 'curated',
  dataset: 'exposures',
  day: '2026-11-16',
  table: 'curated_exposures',
  ...settlement(),
  state: 'waiting',
  fingerprint: null,
  attempts: 0,
  ...more,
});
/** A day on which a worker makes version 2. */
const held = (owner = 'me', more: Partial<CurationRun> = {}) =>
  entry({ state: 'loading', attempts: 1, lease: { owner, until: UNTIL }, curated: { run: run(more) } });

describe('a task that begins', () => {
  it('makes a new version, or goes on from where its own is', () => {
    const fresh = beginRun(entry(), wanted);
    expect(fresh).toEqual({ entry: entry({ curated: { run: run() } }), isNext: false });
    const before = held('other', { done: [slice], slices: 2 });
    expect(beginRun(before, { ...wanted, slices: 3 })).toEqual({ entry: before, isNext: true });
    // Attempts at an earlier version say nothing of this one.
    expect(beginRun(held('other', { version: V1 }), wanted)).toMatchObject({ isNext: false });
  });

  it.each([
    ['other files', { fingerprint: 'other' }],
    ['another shape', { shape: 'other' }],
    ['other rows that are kept', { kept: { version: V1, fingerprint: 'k', files: [] } }],
  ])('makes every slice again for %s', (_, change) => {
    const { lease: _lease, ...free } = held('other', { done: [slice], slices: 2 });
    const begun = beginRun({ ...free, version: V1 }, { ...wanted, ...change });
    expect(begun).toMatchObject({ isNext: true, entry: { curated: { run: { ...change, done: [] } } } });
  });

  it.each<[string, LedgerContent, object]>([
    ['busy', entry({ version: V1 }), { kept: { version: V3, fingerprint: 'k', files: [] } }],
    ['ended', entry({ version: V2 }), {}],
    ['ended', entry({ curated: { ended: V2 } }), {}],
    ['outdated', entry({ version: V3 }), {}],
    ['outdated', entry({ curated: { ended: V3 } }), {}],
    ['outdated', entry({ curated: { run: run({ version: V3 }) } }), {}],
  ])('is told %s of a day that is not its own to make', (begin, known, change) => {
    expect(beginRun(known, { ...wanted, ...change })).toEqual({ begin });
  });
});

describe('a task that has the day', () => {
  it('keeps it after the last slice, and leaves it to the next after any other', () => {
    const last = endSlice(held('me', { failed: 'SLUICE_X' }), slice);
    expect(last).toMatchObject({ state: 'loading', lease: { owner: 'me' } });
    expect(last.curated?.run).toEqual(run({ done: [slice] }));
    const first = endSlice(held('me', { slices: 2 }), slice);
    expect(first).toMatchObject({ state: 'waiting', attempts: 0, curated: { run: { done: [slice] } } });
    expect(first.lease).toBeUndefined();
  });

  it('ends the version with its result, and with a failure or without one', () => {
    const queued = { fingerprint: 'f', reason: 'new', at: 1 };
    const known = { ...held('me'), queued };
    const settled = endRun({ ...known, state: 'succeeded' });
    expect(settled).toEqual({ ...entry({ state: 'succeeded', attempts: 1 }), curated: { ended: V2 } });
    expect(giveUpRun(known)).toEqual({ ...entry({ attempts: 1 }), curated: { ended: V2 } });
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

it.each<readonly [keyof typeof CurateError.entries, Partial<CurationRun>, boolean]>([
  ['SLUICE_CURATE_OUT_OF_TIME', { failed: 'SLUICE_CURATE_OUT_OF_TIME' }, true],
  ['SLUICE_CURATE_OUT_OF_TIME', { failed: 'SLUICE_CURATE_COUNTS_DIFFER' }, false],
  ['SLUICE_CURATE_OUT_OF_TIME', {}, false],
  ['SLUICE_CURATE_BUCKET_FAILED', { failed: 'SLUICE_CURATE_BUCKET_FAILED' }, false],
  ['SLUICE_CURATE_OUT_OF_TIME', { done: [slice], failed: 'SLUICE_CURATE_OUT_OF_TIME' }, false],
  ['SLUICE_CURATE_COUNTS_DIFFER', { done: [slice] }, true],
])('another try after %s of a run with %j is hopeless: %s', (code, more, hopeless) => {
  expect(isHopeless(run(more), new CurateError(code))).toBe(hopeless);
});

describe('the account of a version', () => {
  const duplicated = { ...slice, sliceRows: 6, rows: 5, resends: 1 };
  const other = { ...slice, sliceRows: 4, rows: 5, resends: 1, kept: 2, differing: 0 };

  it('is the sum of its slices', () => {
    expect(sumAccount(run({ slices: 2, done: [duplicated, other] }))).toEqual({
      rawRows: 10,
      kept: 2,
      rows: 10,
      resends: 2,
      differing: 1,
    });
  });

  it.each<[string, Partial<CurationRun>]>([
    ['a slice is missing', { slices: 3, done: [duplicated, other] }],
    ['slices have seen other raw rows', { slices: 2, done: [duplicated, { ...other, rawRows: 11 }] }],
    ['a raw row is in no slice', { slices: 2, done: [duplicated, { ...other, sliceRows: 3 }] }],
    ['a row is neither written nor a resend', { slices: 2, done: [duplicated, { ...other, rows: 4 }] }],
    ['a row is written twice', { slices: 2, done: [duplicated, { ...other, resends: 2 }] }],
    ['nothing is done', { slices: 0 }],
  ])('is none if %s', (_, more) => {
    expect(sumAccount(run(more))).toBeNull();
  });
});

it('the failure of a call of the catalog is noted by the name of its error', () => {
  const error = new CatalogCallError('ThrottlingException', true, 'u-secret');
  expect(toCurateFailure(error, AbortSignal.any([]))).toMatchObject({
    code: 'SLUICE_CURATE_CATALOG_FAILED',
    message: expect.stringMatching(/ ThrottlingException\.$/),
  });
});
