import {
  datasetFacts,
  failedBy,
  failedDay,
  hourOldLook,
  lateDay,
  loadedDay,
  loadedOn,
  looked,
  msAgo,
  NOW,
  unusualBy,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** Days of customers' files. */
export const dropCases: readonly Case[] = [
  ['a drop is late', datasetFacts({ late: [lateDay('2026-11-20', 2)] })],
  [
    'a day that is expected came without rows',
    datasetFacts({ late: [lateDay('2026-11-20', 2, '1 file, 0 rows')] }),
  ],
  [
    'a day came without rows where they are usual',
    datasetFacts({
      days: [
        {
          ...loadedDay,
          state: 'succeeded_no_data',
          empty: '1 file, 0 rows',
          unusual: unusualBy('has 1 file, 0 rows', 'rows'),
        },
      ],
    }),
  ],
  [
    'a day has files that are not committed',
    datasetFacts({
      days: [{ ...loadedDay, state: 'waiting' }],
      waiting: [
        { day: '2026-11-19', words: 'has 2 files and no commit since X', isLacking: true, cure: 'explain' },
        {
          day: '2026-11-20',
          words: 'has 1 file and no _SUCCESS since Y',
          isLacking: false,
          cure: 'backfill',
        },
      ],
    }),
  ],
  [
    'a late day has files that no run has looked at',
    datasetFacts({
      late: [lateDay('2026-11-20', 2)],
      waiting: [
        { day: '2026-11-20', words: 'has 2 files and no commit since X', isLacking: false, cure: 'run' },
      ],
    }),
  ],
  [
    'files of days came after the daily run',
    datasetFacts({
      waiting: ['2026-11-18', '2026-11-19'].map((day) => {
        const words = 'has 1 file since X';
        return { day, words, since: msAgo(2), isLacking: true, cure: 'afterRun', nextRun: msAgo(-21) };
      }),
    }),
  ],
  ['a drop could not be loaded', datasetFacts({ days: [failedDay, loadedDay] })],
  [
    'the files of a loaded day are gone',
    datasetFacts({
      days: ['2026-11-18', '2026-11-19'].map((day) => {
        return {
          ...loadedDay,
          day,
          state: 'inputs_missing',
          missingSince: msAgo(2),
          uncommitted: 1,
        };
      }),
    }),
  ],
  [
    'days with others between them have no files',
    datasetFacts({
      days: ['2026-11-16', '2026-11-18', '2026-11-19'].map((day) => {
        if (day === '2026-11-18') return { ...loadedDay, day };
        return { ...loadedDay, day, state: 'inputs_missing', missingSince: msAgo(2) };
      }),
    }),
  ],
  [
    'files of versions are gone',
    datasetFacts({
      lacking: ['2026-11-16', '2026-11-18', '2026-11-19'].map((day) => {
        return { day, since: msAgo(2), isOnly: false };
      }),
    }),
  ],
  [
    'days have half of their usual rows',
    datasetFacts({
      days: [loadedDay, loadedOn(20)].map((day) => ({
        ...day,
        version: `${day.day.replaceAll('-', '')}T081500123Z-1f6c09ab`,
        rows: { in: 40_000, out: 30_000, refused: 10_000 },
        unusual: unusualBy('has 5', 'rows'),
      })),
    }),
  ],
  ['a folder cannot be listed', looked({ failure: { code: 'SLUICE_SOURCE_X', message: 'Denied.' } })],
  [
    'the bucket of a source belongs to another account',
    looked({ failure: { code: 'SLUICE_SOURCE_OWNER_DIFFERS', message: 'Not theirs.' } }),
  ],
  [
    'a bucket of two datasets is gone, once, and no file is late',
    {
      datasets: ['orders', 'refunds'].flatMap((dataset, i) => {
        const failure = {
          code: 'SLUICE_SOURCE_BUCKET_MISSING',
          message: 'X.',
          since: msAgo(5 - i),
          lastGood: msAgo(6 - i),
        };
        const lastLook = { ...hourOldLook, failure };
        const late = [lateDay('2026-11-20', 2)];
        return datasetFacts({ dataset, lastLook, late }).datasets;
      }),
    },
  ],
  [
    'a bucket has denied access for hours',
    looked({
      failure: {
        code: 'SLUICE_SOURCE_ACCESS_DENIED',
        message: 'Denied.',
        since: msAgo(5),
        lastGood: msAgo(6),
      },
    }),
  ],
  ['a bucket denies the files of a day', datasetFacts({ days: [failedBy('SLUICE_SOURCE_KEY_DENIED')] })],
  [
    'a bucket denies receipts',
    datasetFacts({
      days: [{ ...loadedDay, receipt: { code: 'SLUICE_RECEIPT_ACCESS_DENIED', since: msAgo(5) } }],
    }),
  ],
  ['a folder was never listed', datasetFacts({ lastLook: null })],
  [
    'a folder has files of other days, and names that are no days',
    datasetFacts({
      unlooked: ['2026-01-01', '2026-01-02'],
      lastLook: {
        ...hourOldLook,
        stopped: true,
        elsewhere: { days: ['2026-01-01', '2026-01-02'], others: ['year=2026/'] },
      },
    }),
  ],
  [
    'no day has come for two days, and the folder has names of another form',
    datasetFacts({
      days: ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'].map((day, i) => ({
        ...loadedDay,
        day,
        state: i === 0 ? ('succeeded' as const) : null,
      })),
      lastLook: { ...hourOldLook, elsewhere: { days: [], others: ['2026/', 'tmp/'] } },
    }),
  ],
  [
    'a new place has no file, told once for all days that were loaded from others',
    datasetFacts({
      days: ['s3://acme/a/YYYY-MM-DD', 's3://acme/b/YYYY-MM-DD'].map((loadedFrom) => ({
        ...loadedDay,
        loadedFrom,
      })),
      lastLook: {
        ...hourOldLook,
        stopped: true,
        place: { name: 's3://customers/orders/YYYY-MM-DD', since: msAgo(5) },
      },
    }),
  ],
  [
    'days before the lookback have newer files than were loaded',
    datasetFacts({ newer: ['2026-01-01', '2026-01-02', '2026-02-01'] }),
  ],
  [
    'a folder has days of the next year',
    looked({
      elsewhere: { days: [], others: [], ahead: { days: ['2027-11-19'], since: msAgo(5) } },
    }),
  ],
  ['a listing is old', looked({ at: msAgo(27) })],
  [
    'the files of a late day, of which some were left out, have no row',
    datasetFacts({
      late: [lateDay('2026-11-19', 24, '1 file, 0 rows')],
      days: [
        {
          ...loadedDay,
          state: 'succeeded_no_data',
          empty: '1 file, 0 rows',
          unusual: unusualBy('has 1 file, 0 rows', 'rows'),
          leftOut: { count: 2, words: 'left out 2 objects: a.csv, b.csv' },
        },
      ],
    }),
  ],
  [
    'files are left out',
    datasetFacts({
      days: [
        {
          ...loadedDay,
          version: '20261119T081500123Z-1f6c09ab',
          rows: { in: 40, out: 40, refused: 0 },
          leftOut: { count: 1, words: 'left out 1 object: a.csv' },
        },
      ],
    }),
  ],
  [
    'receipts fail',
    datasetFacts({
      days: [
        loadedOn(16, { receipt: { code: 'X', since: NOW } }),
        loadedOn(18, { receipt: { code: 'X', since: NOW } }),
        { ...loadedDay, receipt: { code: 'Y', since: msAgo(5) } },
      ],
    }),
  ],
];
