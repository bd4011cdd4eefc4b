import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../../../lib/drops/Drop.ts';
import {
  asSettled,
  hasArrivedSince,
  hasYet,
  wasInLookback,
} from '../../../../../lib/drops/plan/late/arrival.ts';
import { NO_FILES } from '../../../../../lib/ledger/LedgerEntry.ts';
import { definedDataset } from '../../../../harness/configInput.ts';
import { ledgerEntry } from '../../../../harness/ledgerEntry.ts';

const DAY = '2026-11-19';
const FOLDER = `acme/${DAY}/`;
const WRITTEN = new Date('2026-11-20T09:00:00Z');
const since = WRITTEN.getTime();

/** Objects of these names. */
const objectsOf = (names: readonly string[]) =>
  names.map((name) => ({ key: `${FOLDER}${name}`, size: 9, eTag: `"${name}"`, lastModified: WRITTEN }));
/** A drop of objects of these names. */
const dropOf = (...names: readonly string[]) => makeDrop(objectsOf(names), FOLDER);

describe('what a late day has', () => {
  const { dataset } = definedDataset({});
  const isRecent = { isOld: false, isKnown: false };

  it.each([
    { what: 'nothing', drop: dropOf(), has: {} },
    { what: 'a folder object', drop: dropOf(''), has: {} },
    { what: 'a file', drop: dropOf('a.parquet'), has: null },
    { what: 'a marker that there is nothing', drop: dropOf('_SUCCESS'), has: null },
    { what: 'an object that can not be loaded', drop: dropOf('a.csv'), has: null },
    {
      what: 'temporary files alone',
      drop: dropOf('_temporary/a.parquet', '_temporary/b.parquet'),
      has: { has: { words: '2 temporary files alone', since } },
    },
  ])('is $what', ({ drop, has }) => {
    expect(hasYet(dataset, DAY, drop, isRecent)).toEqual(has);
  });

  it.each([
    { names: ['a.parquet'], words: '1 file and no READY' },
    { names: ['a.parquet', 'hour=1/READY'], words: `1 file and no READY but ${DAY}/hour=1/READY` },
    { names: ['READY', '_started_1', 'a-tid-1-x.parquet'], words: '1 file and no commit' },
  ])('is told beside the marker that the day lacks, or a commit: $words', ({ names, words }) => {
    const waiting = definedDataset({ folder: 'acme', waitFor: 'READY' });
    const drop = makeDrop(objectsOf(names), FOLDER, 'READY');
    expect(hasYet(waiting.dataset, DAY, drop, isRecent)).toEqual({ has: { words, since } });
  });

  it('is a file that nobody loads, as the day is old and the ledger does not know it', () => {
    const drop = dropOf('a.parquet');
    expect(hasYet(dataset, DAY, drop, { isOld: true, isKnown: false })).toEqual({
      has: { words: '1 file', since },
    });
    expect(hasYet(dataset, DAY, drop, { isOld: true, isKnown: true })).toBeNull();
  });
});

describe('a day of the ledger', () => {
  const { dataset } = definedDataset({ lookbackDays: 2 });
  const at = (time: string) => Date.parse(time);
  const noData = { state: 'succeeded_no_data', fingerprint: NO_FILES } as const;

  it.each([
    { what: 'that was loaded within its lookback', entry: { version: 'v1', updatedAt: since }, has: true },
    {
      what: 'that was loaded on the last day of its lookback',
      entry: { version: 'v1', updatedAt: at('2026-11-21T23:59:59Z') },
      has: true,
    },
    {
      what: 'that was loaded and taken back',
      entry: { ...noData, version: 'v1', updatedAt: since },
      has: true,
    },
    {
      what: 'that was loaded after its lookback',
      entry: { version: 'v1', updatedAt: at('2026-11-22T00:00:00Z') },
      has: false,
    },
    { what: 'without files', entry: { ...noData, updatedAt: since }, has: false },
  ])('$what has come within its lookback: $has', ({ entry, has }) => {
    expect(wasInLookback(dataset, DAY, ledgerEntry({ day: DAY, ...entry }))).toBe(has);
  });

  it.each([
    { what: 'that was loaded before the look', entry: { version: 'v1', updatedAt: 1 }, has: true },
    { what: 'that failed', entry: { state: 'failed', updatedAt: 1 } as const, has: true },
    { what: 'that was taken back', entry: { ...noData, version: 'v2', updatedAt: 1 }, has: true },
    { what: 'that was noted before the look', entry: { ...noData, updatedAt: 5 }, has: false },
    { what: 'that was noted after the look', entry: { ...noData, updatedAt: 6 }, has: true },
  ])('$what has arrived since the look: $has', ({ entry, has }) => {
    expect(hasArrivedSince(ledgerEntry(entry), 5)).toBe(has);
  });

  it('that came without rows is so while it is loaded again', () => {
    for (const state of ['waiting', 'loading'] as const)
      expect(asSettled(ledgerEntry({ state }))).toEqual(ledgerEntry({ state: 'succeeded_no_data' }));
    expect(asSettled(ledgerEntry({ state: 'failed' }))).toEqual(ledgerEntry({ state: 'failed' }));
    expect(asSettled(null)).toBeNull();
  });

  it('that is not there has not arrived', () => {
    expect(hasArrivedSince(null, 5)).toBe(false);
  });
});
