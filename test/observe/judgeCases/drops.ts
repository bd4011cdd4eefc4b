import {
  datasetFacts,
  failedDay,
  failedDayText,
  HOUR_MS,
  hourOldLook,
  hoursAgo,
  loadedDay,
  NOW,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

const days = ['2026-11-19', '2026-11-18']
  .map((day) => `${day} since ${hoursAgo(2)}, with 1 file and no commit`)
  .join('; ');

/** Days of customers' files. */
export const dropCases: readonly Case[] = [
  [
    'a drop is late',
    datasetFacts({ late: [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }] }),
    'INGEST_LATE',
    'problem',
    `acme/orders 2026-11-20 ${hoursAgo(2)} 2026-12-23`,
    'npx sluice ingest status --source acme --dataset orders',
  ],
  [
    'a day that is expected came without rows',
    datasetFacts({ late: [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS, empty: '1 file, 0 rows' }] }),
    'INGEST_LATE',
    'problem',
    `acme/orders no rows have come of 2026-11-20 (1 file, 0 rows) ${hoursAgo(2)} 2026-12-23`,
    'npx sluice ingest status --source acme --dataset orders',
    'npx sluice ingest accept empty --source acme --dataset orders --from 2026-11-20',
  ],
  [
    'a day came without rows where they are usual',
    datasetFacts({
      days: [
        { ...loadedDay, state: 'succeeded_no_data', empty: '1 file, 0 rows', unusual: 'has 1 file, 0 rows' },
      ],
    }),
    'ROWS_UNUSUAL',
    'warning',
    'acme/orders 2026-11-19 has 1 file, 0 rows',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
    'npx sluice ingest accept empty --source acme --dataset orders --from 2026-11-19',
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
    'INGEST_WAITING',
    'warning',
    'acme/orders 2026-11-19 2',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
  ],
  [
    'a late day has files that no run has looked at',
    datasetFacts({
      late: [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }],
      waiting: [
        { day: '2026-11-20', words: 'has 2 files and no commit since X', isLacking: false, cure: 'run' },
      ],
    }),
    'INGEST_WAITING',
    'problem',
    `acme/orders 2026-11-20 2 ${hoursAgo(2)}`,
    'npx sluice ingest run --source acme --dataset orders',
  ],
  [
    'a drop could not be loaded',
    datasetFacts({ days: [failedDay, loadedDay] }),
    'INGEST_FAILED',
    'problem',
    `acme/orders ${failedDayText}`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
  ],
  [
    'the files of a loaded day are gone',
    datasetFacts({
      days: ['2026-11-18', '2026-11-19'].map((day) => {
        return {
          ...loadedDay,
          day,
          state: 'inputs_missing',
          missingSince: NOW - 2 * HOUR_MS,
          uncommitted: 1,
        };
      }),
    }),
    'INPUTS_MISSING',
    'problem',
    `acme/orders ${days}`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-18 --to 2026-11-19',
  ],
  [
    'days with others between them have no files',
    datasetFacts({
      days: ['2026-11-16', '2026-11-18', '2026-11-19'].map((day) => {
        if (day === '2026-11-18') return { ...loadedDay, day };
        return { ...loadedDay, day, state: 'inputs_missing', missingSince: NOW - 2 * HOUR_MS };
      }),
    }),
    'INPUTS_MISSING',
    'problem',
    `acme/orders 2026-11-19 ${hoursAgo(2)} 2026-11-16 ${hoursAgo(2)}`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-19',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-16',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-16',
  ],
  [
    'files of versions are gone',
    datasetFacts({
      lacking: ['2026-11-16', '2026-11-18', '2026-11-19'].map((day) => {
        return { day, since: NOW - 2 * HOUR_MS, isOnly: false };
      }),
    }),
    'FILES_LOST',
    'problem',
    `acme/orders 2026-11-19 ${hoursAgo(2)} 2026-11-18 ${hoursAgo(2)} 2026-11-16 ${hoursAgo(2)}`,
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-18 --to 2026-11-19',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-16 --to 2026-11-16',
  ],
  [
    'days have half of their usual rows',
    datasetFacts({
      days: [loadedDay, { ...loadedDay, day: '2026-11-20' }].map((day) => ({
        ...day,
        version: `${day.day.replaceAll('-', '')}T081500123Z-1f6c09ab`,
        rows: { in: 40, out: 30, refused: 10 },
        unusual: 'has 5',
      })),
    }),
    'ROWS_UNUSUAL',
    'warning',
    'acme/orders 2026-11-20 30 40 1 loaded at 2026-11-20T08:15:00.123Z 5 1',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-20',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-20',
  ],
  [
    'a folder cannot be listed',
    datasetFacts({
      lastLook: { ...hourOldLook, failure: { code: 'SLUICE_SOURCE_X', message: 'Denied.' } },
    }),
    'SOURCE_UNREADABLE',
    'problem',
    `acme/orders s3://customers/orders/ since ${hoursAgo(1)} SLUICE_SOURCE_X`,
    'npx sluice ingest run --source acme --dataset orders',
  ],
  [
    'the bucket of a source belongs to another account',
    datasetFacts({
      lastLook: { ...hourOldLook, failure: { code: 'SLUICE_SOURCE_OWNER_DIFFERS', message: 'Not theirs.' } },
    }),
    'SOURCE_UNREADABLE',
    'problem',
    `acme/orders s3://customers/orders/ since ${hoursAgo(1)} SLUICE_SOURCE_OWNER_DIFFERS`,
    'npx sluice ingest run --source acme --dataset orders',
  ],
  [
    'a bucket of two datasets is gone, once, and no file is late',
    {
      datasets: ['orders', 'refunds'].flatMap((dataset, i) => {
        const failure = {
          code: 'SLUICE_SOURCE_BUCKET_MISSING',
          message: 'X.',
          since: NOW - (5 - i) * HOUR_MS,
          lastGood: NOW - (6 - i) * HOUR_MS,
        };
        const lastLook = { ...hourOldLook, failure };
        const late = [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }];
        return datasetFacts({ dataset, lastLook, late }).datasets;
      }),
    },
    'SOURCE_UNREADABLE',
    'problem',
    `SLUICE_SOURCE_BUCKET_MISSING ${hoursAgo(5)} 2 acme/orders acme/refunds`,
    'npx sluice ingest run --source acme --dataset orders',
    'npx sluice ingest run --source acme --dataset refunds',
  ],
  [
    'a bucket has denied access for hours',
    datasetFacts({
      lastLook: {
        ...hourOldLook,
        failure: {
          code: 'SLUICE_SOURCE_ACCESS_DENIED',
          message: 'Denied.',
          since: NOW - 5 * HOUR_MS,
          lastGood: NOW - 6 * HOUR_MS,
        },
      },
    }),
    'SOURCE_UNREADABLE',
    'problem',
    `acme/orders s3://customers/orders/ since ${hoursAgo(5)} last tried ${hoursAgo(1)} listed last ${hoursAgo(6)} SLUICE_SOURCE_ACCESS_DENIED sluice-prod-IngestPlanRole-* s3:ListBucket`,
    'npx sluice policy print --for ingest-source --source acme',
    'npx sluice ingest run --source acme --dataset orders',
  ],
  [
    'a bucket denies the files of a day',
    datasetFacts({ days: [{ ...failedDay, failure: 'SLUICE_SOURCE_KEY_DENIED' }] }),
    'INGEST_FAILED',
    'problem',
    `acme/orders 2026-11-18 SLUICE_SOURCE_KEY_DENIED ${hoursAgo(30)} ${hoursAgo(2)} sluice-prod-IngestLoadRole-* kms:Decrypt`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
    'npx sluice policy print --for ingest-source --source acme',
  ],
  [
    'a bucket denies receipts',
    datasetFacts({
      days: [{ ...loadedDay, receipt: { code: 'SLUICE_RECEIPT_ACCESS_DENIED', since: NOW - 5 * HOUR_MS } }],
    }),
    'RECEIPTS_FAILED',
    'warning',
    `acme/orders 2026-11-19 SLUICE_RECEIPT_ACCESS_DENIED ${hoursAgo(5)} sluice-prod-IngestLoadRole-* s3:PutObject`,
    'npx sluice policy print --for ingest-source --source acme',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-19 --to 2026-11-19',
  ],
  ['a folder was never listed', datasetFacts({ lastLook: null }), 'INGEST_LATE', 'warning', 'acme/orders'],
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
    'INGEST_LATE',
    'warning',
    `acme/orders s3://customers/orders/ 3 2026-01-02 year=2026/ ${hoursAgo(1)}`,
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
    'INGEST_LATE',
    'warning',
    's3://customers/orders/ 2026/ 2026-11-17 2026-11-18',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-17 --to 2026-11-18',
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
        place: { name: 's3://customers/orders/YYYY-MM-DD', since: NOW - 5 * HOUR_MS },
      },
    }),
    'INGEST_LATE',
    'warning',
    `acme/orders s3://customers/orders/ 3 ${hoursAgo(1)} ${hoursAgo(5)} s3://acme/b/YYYY-MM-DD`,
  ],
  [
    'days before the lookback have newer files than were loaded',
    datasetFacts({ newer: ['2026-01-01', '2026-01-02', '2026-02-01'] }),
    'INGEST_WAITING',
    'warning',
    'acme/orders 3 2026-01-01 newer files',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-02-01 --to 2026-02-01',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-01-01 --to 2026-01-02',
  ],
  [
    'a folder has days of the next year',
    datasetFacts({
      lastLook: {
        ...hourOldLook,
        elsewhere: { days: [], others: [], ahead: { days: ['2027-11-19'], since: NOW - 5 * HOUR_MS } },
      },
    }),
    'INGEST_WAITING',
    'warning',
    'acme/orders s3://customers/orders/ 2027-11-19',
    'npx sluice ingest status --source acme --dataset orders',
  ],
  [
    'a listing is old',
    datasetFacts({ lastLook: { ...hourOldLook, at: NOW - 27 * HOUR_MS } }),
    'INGEST_LATE',
    'warning',
    `acme/orders ${hoursAgo(27)}`,
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
    'FILES_LEFT_OUT',
    'warning',
    'acme/orders 2026-11-19 40 40 1 loaded at 2026-11-19T08:15:00.123Z 1 a.csv',
  ],
  [
    'receipts fail',
    datasetFacts({
      days: [
        { ...loadedDay, day: '2026-11-16', receipt: { code: 'X', since: NOW } },
        { ...loadedDay, day: '2026-11-18', receipt: { code: 'X', since: NOW } },
        { ...loadedDay, receipt: { code: 'Y', since: NOW - 5 * HOUR_MS } },
      ],
    }),
    'RECEIPTS_FAILED',
    'warning',
    `acme/orders 2026-11-19 ${hoursAgo(5)} 2`,
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-18 --to 2026-11-19',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-16 --to 2026-11-16',
  ],
];
