import {
  curatedWith,
  exportOf,
  failedBy,
  keptDay,
  loadedDay,
  msAgo,
  namedExport,
  noVersionsOf,
  ongoingFailure,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** States of days that are exported or curated. */
export const dayCases: readonly Case[] = [
  [
    'exported files are gone from their table',
    {
      exports: [
        {
          ...namedExport,
          days: ['2026-11-02', '2026-11-03', '2026-11-05', '2026-11-17'].map((day) => ({
            ...loadedDay,
            day,
            kept: 1,
          })),
        },
      ],
    },
  ],
  [
    'exported files are gone, and S3 has no versions of them',
    {
      ...exportOf({ ...loadedDay, day: '2026-11-17', kept: 2 }),
      restorable: [noVersionsOf('2026-11-17')],
    },
  ],
  ['an export failed', { ...exportOf(failedBy('SLUICE_EXPORT_STOPPED')) }],
  [
    'the bucket of an export belongs to another account',
    { ...exportOf(failedBy('SLUICE_EXPORT_OWNER_DIFFERS')) },
  ],
  ['the bucket of an export denies access', { ...exportOf(failedBy('SLUICE_EXPORT_ACCESS_DENIED')) }],
  ['the bucket of an export keeps older copies', { ...exportOf(failedBy('SLUICE_EXPORT_DELETE_DENIED')) }],
  [
    'more rows of a day were sent again than usual',
    curatedWith({
      resends: [
        { day: '2026-11-19', rows: 2_000, resends: 120 },
        { day: '2026-11-18', rows: 1_000, resends: 10 },
        { day: '2026-11-17', rows: 1_000, resends: 10 },
        { day: '2026-11-16', rows: 1_000, resends: 4_000 },
        // Too few to be told, as of two requests of one browser.
        { day: '2026-11-15', rows: 64, resends: 99 },
      ],
    }),
  ],
  [
    'a day could not be curated',
    curatedWith({
      failed: [
        { day: '2026-11-17', code: 'SLUICE_CURATE_KILLED', message: 'It was killed.', ...ongoingFailure },
      ],
    }),
  ],
  [
    'a day could not be curated for a file that is no Parquet',
    {
      damagedFiles: [
        {
          table: 'statsig_forwarded_events',
          day: '2026-11-17',
          key: 'e/report.csv',
          replacedAt: '2026-11-18T09:00:00.000Z',
          strayVersions: ['v1'],
        },
      ],
      ...curatedWith({
        failed: [
          {
            day: '2026-11-17',
            code: 'SLUICE_CURATE_FILE_UNREADABLE',
            message: 'It cannot be read.',
            ...ongoingFailure,
          },
        ],
      }),
    },
  ],
  ['days wait to be curated', curatedWith({ late: ['2026-11-16', '2026-11-15'], lateSince: msAgo(30) })],
  ['a day was never queued', curatedWith({ unplanned: ['2026-11-14'] })],
  [
    'a day was never queued in the local cloud',
    { ...curatedWith({ unplanned: ['2026-11-14'] }), isLocal: true },
  ],
  ['a curated day has rows that no raw file has', curatedWith({ kept: [keptDay] })],
  [
    'a curated day with rows that no raw file has was erased',
    curatedWith({ kept: [{ ...keptDay, isErased: true }] }),
  ],
  ['the files of a curated day are copied back', curatedWith({ kept: [{ ...keptDay, gone: [] }] })],
];
