import { describe, expect, it } from '@jest/globals';
import { type CurateTerms, type DayState, decideDay } from '../../../lib/curate/decideDay.ts';
import { REQUEUE_AFTER_MS, VERSION_VALID_MS } from '../../../lib/curate/limits.ts';
import type { CuratedDay, CurationRun } from '../../../lib/ledger/CuratedDay.ts';
import { type LedgerEntry, NO_FILES } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';

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
  it.each<[string, DayState, Partial<CurateTerms>]>([
    ['current', state(), {}],
    ['no_files', state({}, { raw: { fingerprint: NO_FILES }, entry: null }), { asked: 'rebuild' }],
    ['working', state({ lease: { owner: 'o', until: NOW + 1 } }), { asked: 'rebuild' }],
    [
      'queued',
      state({
        fingerprint: 'old',
        queued: { fingerprint: 'f', reason: 'changed', at: 0 },
        curated: curated({ sentAt: NOW - REQUEUE_AFTER_MS + 1 }),
      }),
      {},
    ],
    [
      'current',
      state(
        { state: 'succeeded_no_data', fingerprint: NO_FILES },
        { raw: { fingerprint: NO_FILES }, listed: undefined },
      ),
      {},
    ],
    [
      'current',
      state(
        { curated: curated({ kept }) },
        { lost, listed: { version: V1, shape: 's', fingerprint: 'f', keeps: true } },
      ),
      {},
    ],
  ])('leaves a day: %s', (skip, day, more) => {
    expect(decideDay(day, { ...terms, ...more })).toEqual({ skip });
  });

  it.each<[string, DayState, Partial<CurateTerms>]>([
    ['new', state({}, { entry: null }), {}],
    ['new', state({}, { version: undefined }), {}],
    // The table was made again, and has a version that somebody brought back.
    ['reshaped', state({}, { version: '20261120T000000000Z-00000000' }), {}],
    ['changed', state({ fingerprint: 'old' }), {}],
    [
      'changed',
      state({
        fingerprint: 'old',
        queued: { fingerprint: 'old', reason: 'new', at: 0 },
        curated: curated({ sentAt: NOW }),
      }),
      {},
    ],
    [
      'changed',
      state({
        fingerprint: 'old',
        queued: { fingerprint: 'f', reason: 'changed', at: 0 },
        curated: curated({ sentAt: NOW - REQUEUE_AFTER_MS }),
      }),
      {},
    ],
    [
      'changed',
      state({
        fingerprint: 'old',
        queued: { fingerprint: 'f', reason: 'changed', at: 0 },
        curated: curated({ sentAt: NOW }),
      }),
      { asked: 'run' },
    ],
    ['reshaped', state({ curated: curated({ shape: 'old' }) }), {}],
    ['kept', state({}, { lost }), {}],
    // What it kept may go: somebody accepts it, or the files are back.
    ['reshaped', state({ curated: curated({ kept }) }), {}],
    ['deleted', state({}, { raw: { fingerprint: NO_FILES } }), {}],
    ['kept', state({}, { raw: { fingerprint: NO_FILES }, lost }), {}],
    ['retried', state({ state: 'failed', failure: { code: 'c', message: 'm' } }), {}],
    ['changed', state({ state: 'failed', fingerprint: 'old', failure: { code: 'c', message: 'm' } }), {}],
    ['changed', state({ fingerprint: 'old', lease: { owner: 'o', until: NOW } }), {}],
    ['rebuild', state(), { asked: 'rebuild' }],
    // Its rows are in the raw files; where they are not, the kept ones would be lost.
    ['rebuild', state({}, { isLacking: true }), {}],
    ['rebuild', state({}, { isLacking: true, listed: undefined }), {}],
    ['kept', state({}, { isLacking: true, lost }), {}],
  ])('queues a day: %s', (queue, day, more) => {
    expect(decideDay(day, { ...terms, ...more })).toEqual({ queue });
  });

  it.each<[string, DayState, object]>([
    ['that the list does not have', state({}, { listed: undefined }), {}],
    [
      'of which the list has another version',
      state({}, { listed: { version: 'v0', shape: 's', fingerprint: 'f' } }),
      {},
    ],
    [
      'that keeps rows, which the list does not say',
      state({ curated: curated({ kept }) }, { lost }),
      { keeps: true },
    ],
    [
      'without files that keeps rows',
      state(
        { fingerprint: NO_FILES, curated: curated({ kept }) },
        { lost, raw: { fingerprint: NO_FILES }, listed: undefined },
      ),
      { fingerprint: NO_FILES, keeps: true },
    ],
  ])('lists a day %s', (_, day, more) => {
    expect(decideDay(day, terms)).toEqual({ list: { version: V1, shape: 's', fingerprint: 'f', ...more } });
  });

  it('goes on with a version that is partly made of the same files and in the same shape, and not too old', () => {
    const made = '20261121T120000000Z-00000000';
    const done = [{ rawRows: 1, sliceRows: 1, kept: 0, rows: 1, resends: 0, differing: 0, files: [] }];
    const begun: CurationRun = {
      version: made,
      fingerprint: 'f',
      shape: 's',
      inputs: [],
      bytes: 0,
      slices: 2,
      done,
    };
    const goesOn = (run: CurationRun, now = NOW) =>
      decideDay(state({ fingerprint: 'old', curated: curated({ run }) }), { ...terms, now });
    const queue = 'changed';
    expect(goesOn(begun)).toEqual({ queue, goesOn: made });
    expect(goesOn({ ...begun, done: [] })).toEqual({ queue });
    expect(goesOn({ ...begun, fingerprint: 'other' })).toEqual({ queue });
    expect(goesOn({ ...begun, shape: 'other' })).toEqual({ queue });
    expect(goesOn({ ...begun, version: 'of no time' })).toEqual({ queue });
    const madeAt = Date.UTC(2026, 10, 21, 12);
    expect(goesOn(begun, madeAt + VERSION_VALID_MS - 1)).toEqual({ queue, goesOn: made });
    expect(goesOn(begun, madeAt + VERSION_VALID_MS)).toEqual({ queue });
  });
});
