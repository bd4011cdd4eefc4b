import * as z from 'zod';
import { customerBucketMembers, kmsKeyArn, placeName, sqlName } from './formats.ts';

/** Characters that S3 calls safe; no part is `.` or `..`, which clients and consoles fold away. */
const FOLDER = /^(?!(.*\/)?\.\.?(\/|$))[A-Za-z0-9!_.'()-]+(\/[A-Za-z0-9!_.'()-]+)*$/;

/** A customer's bucket and the folder in it that days are exported to. */
const exportTarget = z.strictObject({
  ...customerBucketMembers,
  /** ARN of the KMS key that files are encrypted with. Default: as the bucket encrypts. */
  kmsKeyArn: kmsKeyArn().optional(),
  /** Folder that has a folder for each day. Default the export's name. */
  folder: z
    .string('a folder')
    .regex(FOLDER, "a folder without slash at either end, of letters, digits and !_.'()-")
    .max(128, 'a folder of at most 128 characters')
    .optional(),
});

/** One table's days, kept up to date in a customer's bucket. */
const exported = z.strictObject({
  /** Its name in ledger, logs and commands: no two exports have the same. */
  name: placeName(),
  /** Glue table whose days are exported: a forwarded table, or an ingested one. */
  table: sqlName('table'),
  target: exportTarget,
  /** Days before today whose changes are looked for. Today is never exported: it is still being written. Default 3. */
  lookbackDays: z.int('whole days').min(1, '1 or more').max(90, '90 at most').default(3),
  /** How often. Default daily. */
  schedule: z.enum(['daily', 'hourly'], 'daily or hourly').default('daily'),
});

/** Tables that are exported to customers' buckets: docs/export.md. */
export const exportsSchema = z.array(exported, 'a list').max(100, 'at most 100').default([]);

/** One validated export. */
export type Export = z.output<typeof exported>;
