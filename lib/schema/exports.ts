import * as z from 'zod';
import {
  customerBucketMembers,
  folderName,
  kmsKeyArn,
  placeName,
  schedule,
  sqlName,
  whole,
} from './formats.ts';
import { named, noted } from './noted.ts';

/** The most days of an export's lookback. */
export const MOST_LOOKBACK_DAYS = 90;

/** Formats of an export's files. */
const EXPORT_FORMATS = ['copy', 'statsig'] as const;

/** A customer's bucket and the folder in it that days are exported to. */
const exportTarget = named(
  'ExportTargetInput',
  z.strictObject({
    ...customerBucketMembers,
    kmsKeyArn: noted(
      kmsKeyArn().optional(),
      'ARN of the KMS key that files are encrypted with.',
      'as the bucket encrypts',
    ),
    folder: noted(folderName().optional(), 'Folder that has a folder for each day.', "the export's name"),
  }),
);

/** One table's days, kept up to date in a customer's bucket. */
const exported = named(
  'ExportInput',
  z.strictObject({
    name: noted(placeName(), 'Its name in ledger, logs and commands: no two exports have the same.'),
    table: noted(
      sqlName('table'),
      'Glue table whose days are exported: forwarded, curated, or ingested from the same owner.',
    ),
    format: noted(
      z.enum(EXPORT_FORMATS, `one of ${EXPORT_FORMATS.join(', ')}`).default('copy'),
      "`copy`: files of the table, byte for byte; `statsig`: rows in the columns of [Statsig's S3 ingestion](statsig-s3.md).",
    ),
    target: noted(exportTarget, "The customer's bucket, and the folder in it."),
    lookbackDays: noted(
      whole('whole days', 1, MOST_LOOKBACK_DAYS).optional(),
      'Days before today whose changes are looked for.',
      '`timeWindow.pastDays` and one more, at most 90; 8 by default',
    ),
    schedule: noted(schedule().default('daily'), 'How often changes are looked for.'),
  }),
);

/** Tables that are exported to customers' buckets: docs/export.md. */
export const exportsSchema = z.array(exported, 'a list').max(100, 'at most 100').default([]);

/**
 * Days before today at which each run has to look, so that no late row stays out of an export: `pastDays`, and one
 * more, because a row of the oldest of them arrives until midnight and a run sees it the day after. They may be more
 * than {@link MOST_LOOKBACK_DAYS}.
 */
export function lateDays({ timeWindow }: { readonly timeWindow: { readonly pastDays: number } }): number {
  return timeWindow.pastDays + 1;
}

/** One validated export, of which defineConfig has filled in `lookbackDays`. */
export type Export = z.output<typeof exported> & { readonly lookbackDays: number };

/** Whether an export rewrites files for Statsig, which takes DuckDB. */
export function exportsForStatsig({
  exports,
}: {
  readonly exports: readonly Pick<Export, 'format'>[];
}): boolean {
  return exports.some(({ format }) => format === 'statsig');
}
