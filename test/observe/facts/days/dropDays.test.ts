import { expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { dropDays } from '../../../../observe/facts/days/dropDays.ts';
import { dayContent, ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { loadedDay } from '../../statusFacts.ts';

const DAY = '2026-11-19';
type File = LedgerEntry['files'][number];
const file = (key: string, more: Pick<File, 'fate'> & Partial<File>): File => {
  return { key, size: 1, eTag: `"${key}"`, ...more };
};

/** How a day without an entry is shown. */
const unknown = { ...loadedDay, state: null, files: 0, loadedFiles: 0 };
/** How a day of which an entry says nothing but that it succeeded is shown. */
const known = { ...unknown, state: 'succeeded', leftOut: { count: 0, words: expect.any(String) } };
const failure = { code: 'SLUICE_INGEST_X', message: 'x' };
/** How a day that failed is shown, but for its state and how long it fails. */
const failed = { ...known, failure: failure.code, failureMessage: failure.message };
/** A failure that waits for no try, and whose files were not replaced. */
const once = { waits: false, replaced: undefined };
/** A load that was requested again, of files that were written a second before. */
const queued = { at: 5_000, fingerprint: 'f2', reason: 'retried', writtenAt: 4_000 } as const;

it.each<{ what: string; entry: Partial<LedgerEntry> | null; shown: object }>([
  { what: 'no entry', entry: null, shown: unknown },
  {
    what: 'files of every fate',
    entry: {
      rows: { in: 5, out: 4, refused: 1 },
      usualRows: 9,
      version: 'v1',
      files: [
        file('a', { fate: 'loaded' }),
        file('b', { fate: 'loaded' }),
        file('c', { fate: 'loaded' }),
        file('d', { fate: 'kept' }),
        file('e', { fate: 'gone' }),
        file('f', { fate: 'left_out', reason: 'not_committed' }),
        file('g', { fate: 'left_out', reason: 'not_parquet' }),
      ],
      content: dayContent({ copies: 2 }),
    },
    shown: {
      ...known,
      rows: { in: 5, out: 4, refused: 1 },
      usual: 9,
      version: 'v1',
      hasCopies: true,
      files: 6,
      loadedFiles: 3,
      kept: 1,
      uncommitted: 1,
      leftOut: { count: 1, words: expect.stringContaining('g') },
    },
  },
  {
    what: 'long names that it left out',
    entry: { files: [file('n'.repeat(500), { fate: 'left_out', reason: 'empty' })] },
    shown: { ...known, files: 1, leftOut: { count: 1, words: expect.stringMatching(/^.{399}…$/) } },
  },
  {
    what: 'accepted copies',
    entry: { accepted: true, content: dayContent({ copies: 2 }) },
    shown: { ...known, isAccepted: true },
  },
  { what: 'no copies', entry: { content: dayContent() }, shown: known },
  {
    what: 'no inputs any more',
    entry: { state: 'inputs_missing', missingSince: 7 },
    shown: { ...known, state: 'inputs_missing', missingSince: 7 },
  },
  { what: 'inputs again', entry: { missingSince: 7 }, shown: known },
  {
    what: 'a receipt that fails',
    entry: { updatedAt: 8, receipt: { failure, failingSince: 6 } as LedgerEntry['receipt'] },
    shown: { ...known, receipt: { code: failure.code, since: 6 } },
  },
  {
    what: 'a failure',
    entry: { state: 'failed', failure, failingSince: 3, updatedAt: 8 },
    shown: { ...failed, state: 'failed', failing: { ...once, since: 3, last: 8 } },
  },
  {
    what: 'a failure whose next try was noted with it',
    entry: { state: 'waiting', failure, updatedAt: 5_999, queued },
    shown: {
      ...failed,
      state: 'waiting',
      requestedAt: 5_000,
      failing: { ...once, since: 5_999, last: 5_999, waits: true },
    },
  },
  {
    what: 'a failure of files that were replaced since',
    entry: { state: 'waiting', failure, updatedAt: 6_000, attempts: 0, fingerprint: 'f1', queued },
    shown: {
      ...failed,
      state: 'waiting',
      requestedAt: 5_000,
      failing: { ...once, since: 6_000, last: 6_000, replaced: 4_000 },
    },
  },
  {
    what: 'a failure of the files that wait',
    entry: { state: 'waiting', failure, updatedAt: 6_000, attempts: 0, fingerprint: 'f2', queued },
    shown: {
      ...failed,
      state: 'waiting',
      requestedAt: 5_000,
      failing: { ...once, since: 6_000, last: 6_000 },
    },
  },
  {
    what: 'a failure that runs again',
    entry: {
      state: 'loading',
      failure,
      updatedAt: 5_500,
      attempts: 0,
      fingerprint: 'f1',
      queued,
    },
    shown: {
      ...failed,
      state: 'loading',
      failing: { ...once, since: 5_500, last: 5_500 },
    },
  },
])('a day is shown with $what', ({ entry, shown }) => {
  const days = [{ day: DAY, entry: entry === null ? null : ledgerEntry(entry) }] as const;
  expect(dropDays({ days }).days).toEqual([shown]);
});

it('a day is shown with what is known beside its entry, and with nothing of another day', () => {
  const OTHER = '2026-11-18';
  const part = { kind: 'rows', short: 'few' } as const;
  const waits = { isLacking: true, cure: 'run' } as const;
  const { days } = dropDays({
    days: [{ day: DAY, entry: ledgerEntry({ place: 's3://old/', version: 'v1' }) }],
    place: 's3://new/',
    late: [
      { day: OTHER, due: 1 },
      { day: DAY, due: 2 },
    ],
    unusual: [
      { day: OTHER, words: 'x', parts: [part] },
      { day: DAY, words: 'y', parts: [part] },
    ],
    waiting: [
      { day: OTHER, words: 'x', ...waits },
      { day: DAY, words: 'z', ...waits },
    ],
    lacking: [
      { day: OTHER, since: 1, isOnly: true },
      { day: DAY, since: 3, isOnly: true },
    ],
  });
  expect(days).toMatchObject([
    {
      lateSince: 2,
      unusual: { words: 'y', parts: [part] },
      waiting: 'z',
      lackingSince: 3,
      loadedFrom: 's3://old/',
    },
  ]);
});
