import * as z from 'zod';
import { flag, whole } from '../formats.ts';
import { noted } from '../noted.ts';

/** Days for which something is kept. */
const days = () => whole('whole days', 1, 36_500, 'null keeps for good');

/** Days after which objects in the bucket expire; null keeps them. docs/platform.md has the table. */
export const retentionSchema = z
  .strictObject({
    forwardedDays: noted(
      days().nullable().default(null),
      'Days for which raw exposures and events are kept.',
      'they are kept',
    ),
    quarantineDays: noted(
      days().nullable().default(90),
      'Days for which refused events, rows and large bodies are kept.',
    ),
    queryResultDays: noted(
      days().nullable().default(30),
      "Days for which Athena's results are kept. Running the query again makes them again.",
    ),
    landingVersionDays: noted(
      days().default(7),
      'Days for which S3 keeps objects of `landing/` after their rows are in the files of tables: from them the files can be written again.',
    ),
    stateVersionDays: noted(
      days().default(30),
      'Days for which S3 keeps versions of state (`ledger/`) that were overwritten or deleted.',
    ),
    dataVersionDays: noted(
      days().default(7),
      'The same for files of tables: for so long a file that was deleted by mistake can be brought back. Elsewhere it is a day.',
    ),
    denyDeletes: noted(
      flag().default(true),
      "Whether the bucket's policy denies to all but the stack's own roles to delete files of tables and of `landing/` without naming a version, as `aws s3 rm` and the console do.",
    ),
  })
  .prefault({});
