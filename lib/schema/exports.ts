import * as z from 'zod';
import { named, noted } from './fields/noted.ts';
import { customerBucketMembers, folderName, kmsKeyArn, placeName, sqlName } from './formats.ts';

/** Days of a lookback at most. */
const MOST_LOOKBACK_DAYS = 90;

/** Formats of an export's files. */
const EXPORT_FORMATS = ['copy', 'statsig'] as const;

/** A customer's bucket and the folder in it that days are exported to. */
const exportTarget = named(
  'ExportTargetInput',
  z.strictObject({
    ...customerBucketMembers,
    kmsKeyArn: noted(kmsKeyArn().optional(), {
      text: 'ARN of the KMS key that files are encrypted with.',
      absent: 'as the bucket encrypts',
      example: 'arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    }),
    folder: noted(folderName().optional(), {
      text: 'Folder that has a folder for each day.',
      absent: "the export's name",
      example: 'statsig/events',
    }),
  }),
);

/** One table's days, kept up to date in a customer's bucket. */
const exported = named(
  'ExportInput',
  z.strictObject({
    name: noted(placeName(), {
      text: 'Its name in ledger, logs and commands: no two exports have the same.',
      example: 'acme-events',
    }),
    table: noted(sqlName('table'), {
      text: 'Glue table whose days are exported: a forwarded table; with `curate`, a curated one, which has no resends; or an ingested one of the same owner.',
      example: 'statsig_forwarded_events',
    }),
    format: noted(z.enum(EXPORT_FORMATS, `one of ${EXPORT_FORMATS.join(', ')}`).default('copy'), {
      text: "`copy`: files of the table, byte for byte. `statsig`: rows in the columns and types of Statsig's S3 ingestion, with nothing beside the files: [statsig-s3.md](statsig-s3.md).",
      example: 'statsig',
    }),
    target: noted(exportTarget, {
      text: "The customer's bucket, and the folder in it.",
      example: { bucket: 'acme-warehouse', owner: '444455556666' },
    }),
    lookbackDays: noted(
      z
        .int('whole days')
        .min(1, '1 or more')
        .max(MOST_LOOKBACK_DAYS, `${MOST_LOOKBACK_DAYS} at most`)
        .optional(),
      {
        text: 'Days before today whose changes are looked for. Today is never exported: it is still being written. With fewer, rows can stay out that are late, but within `timeWindow`.',
        absent: '`timeWindow.pastDays` and one more, 8 by default',
        example: 15,
      },
    ),
    schedule: noted(z.enum(['daily', 'hourly'], 'daily or hourly').default('daily'), {
      text: 'How often changes are looked for.',
      example: 'hourly',
    }),
  }),
);

/** Tables that are exported to customers' buckets: docs/export.md. */
export const exportsSchema = z.array(exported, 'a list').max(100, 'at most 100').default([]);

/** Days before today that can still get rows: a row of the oldest arrives until midnight, and is seen the day after. */
export function lateDays({ timeWindow }: { readonly timeWindow: { readonly pastDays: number } }): number {
  return Math.min(timeWindow.pastDays + 1, MOST_LOOKBACK_DAYS);
}

/** One validated export. */
export type Export = z.output<typeof exported> & { readonly lookbackDays: number };
