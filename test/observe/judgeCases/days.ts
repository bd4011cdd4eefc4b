import {
  curatedTable,
  failedDay,
  failedDayText,
  HOUR_MS,
  hoursAgo,
  keptDay,
  loadedDay,
  NOW,
  namedExport,
  ongoingFailure,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** Days that are exported or curated. */
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
    'EXPORT_KEPT',
    'problem',
    's3://customers/out/ 2026-11-02 1 2026-11-03 1 2026-11-05 1 2026-11-17 1',
    'npx sluice export status --export out --days 20',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-17',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-05',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-02 --to 2026-11-03',
    'npx sluice export run --export out --from 2026-11-17 --to 2026-11-17',
    'npx sluice export run --export out --from 2026-11-05 --to 2026-11-05',
    'npx sluice export run --export out --from 2026-11-02 --to 2026-11-03',
  ],
  [
    'exported files are gone, and S3 has no versions of them',
    {
      exports: [{ ...namedExport, days: [{ ...loadedDay, day: '2026-11-17', kept: 2 }] }],
      restorable: [{ table: 'statsig_forwarded_events', day: '2026-11-17', files: 0 }],
    },
    'EXPORT_KEPT',
    'problem',
    's3://customers/out/ 2026-11-17 2',
    'npx sluice export status --export out',
    'npx sluice export run --export out --from 2026-11-17 --to 2026-11-17',
  ],
  [
    'an export failed',
    { exports: [{ ...namedExport, days: [failedDay] }] },
    'EXPORT_FAILED',
    'problem',
    `s3://customers/out/ ${failedDayText}`,
    'npx sluice export status --export out',
    'npx sluice export run --export out',
  ],
  [
    'the bucket of an export belongs to another account',
    { exports: [{ ...namedExport, days: [{ ...failedDay, failure: 'SLUICE_EXPORT_OWNER_DIFFERS' }] }] },
    'EXPORT_FAILED',
    'problem',
    `s3://customers/out/ 2026-11-18 SLUICE_EXPORT_OWNER_DIFFERS ${hoursAgo(30)} ${hoursAgo(2)}`,
    'npx sluice export status --export out',
    'npx sluice export run --export out',
  ],
  [
    'the bucket of an export denies access',
    { exports: [{ ...namedExport, days: [{ ...failedDay, failure: 'SLUICE_EXPORT_ACCESS_DENIED' }] }] },
    'EXPORT_FAILED',
    'problem',
    `s3://customers/out/ 2026-11-18 SLUICE_EXPORT_ACCESS_DENIED ${hoursAgo(30)} ${hoursAgo(2)} sluice-prod-ExportRole-* s3:PutObject`,
    'npx sluice export status --export out',
    'npx sluice policy print --for export-target --export out',
    'npx sluice export run --export out',
  ],
  [
    'a client sends everything again',
    {
      curated: [
        {
          ...curatedTable,
          resends: [
            { day: '2026-11-19', rows: 2_000, resends: 120 },
            // Two requests of one browser.
            { day: '2026-11-15', rows: 64, resends: 99 },
            { day: '2026-11-18', rows: 1_000, resends: 10 },
            { day: '2026-11-17', rows: 1_000, resends: 10 },
            { day: '2026-11-16', rows: 1_000, resends: 4_000 },
          ],
        },
      ],
    },
    'RESENDS',
    'warning',
    'curated_events 5.7 2026-11-19 (120 2120) 80 2026-11-16 (4000 5000) 1',
  ],
  [
    'days could not be curated',
    {
      curated: [
        {
          ...curatedTable,
          failed: [
            { day: '2026-11-17', code: 'SLUICE_CURATE_KILLED', message: 'It was killed.', ...ongoingFailure },
          ],
        },
      ],
    },
    'CURATE_FAILED',
    'problem',
    `curated_events 2026-11-17 SLUICE_CURATE_KILLED ${hoursAgo(30)} ${hoursAgo(2)}`,
    'npx sluice curate status --table events',
  ],
  [
    'days wait to be curated',
    { curated: [{ ...curatedTable, late: ['2026-11-16', '2026-11-15'], lateSince: NOW - 30 * HOUR_MS }] },
    'CURATE_LATE',
    'problem',
    'curated_events 2026-11-16 2026-11-15',
    'npx sluice curate run --table events',
  ],
  [
    'days were never queued',
    { curated: [{ ...curatedTable, unplanned: ['2026-11-14'] }] },
    'CURATE_LATE',
    'warning',
    'curated_events 2026-11-14',
    'npx sluice curate run --table events',
  ],
  [
    'a curated day has rows that no raw file has',
    { curated: [{ ...curatedTable, kept: [keptDay] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events 2026-11-14 7 2026-11-16T00:20:00Z a.parquet S3 2026-11-22',
  ],
  [
    'a curated day with rows that no raw file has was erased: no command brings its files back',
    { curated: [{ ...curatedTable, kept: [{ ...keptDay, isErased: true }] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events 2026-11-14 7 2026-11-16T00:20:00Z a.parquet',
    'npx sluice curate accept 2026-11-14 --table events',
  ],
  [
    'the files of a curated day are copied back: no command copies them again',
    { curated: [{ ...curatedTable, kept: [{ ...keptDay, gone: [] }] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events 2026-11-14 7 2026-11-16T00:20:00Z S3 2026-11-22',
    'npx sluice curate accept 2026-11-14 --table events',
  ],
];
