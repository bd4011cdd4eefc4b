import * as z from 'zod';
import { databaseName } from '../formats.ts';
import { noted } from '../noted.ts';

/**
 * The workgroup that every account has, and that Athena takes for queries without a workgroup, such as OWOX Data
 * Marts'.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups.html
 */
export const PRIMARY_WORKGROUP = 'primary';

/** The form of a workgroup's name: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
export const WORKGROUP = /^[a-zA-Z0-9._-]{1,128}$/;

/** How the tables are queried. */
export const athenaSchema = z
  .strictObject({
    workgroup: noted(
      z
        .string('a workgroup name')
        .regex(WORKGROUP, 'a workgroup name: at most 128 letters, digits and . _ -')
        .refine(
          (name) => name !== PRIMARY_WORKGROUP,
          "a workgroup of its own: `primary` is the whole account's, and so would its settings be",
        )
        .default('sluice'),
      'Athena workgroup that queries run in. Its results go to `query-results/`.',
    ),
    stagingDatabase: noted(
      databaseName().default('statsig_staging'),
      'Glue database in which Statsig makes and drops tables of its own.',
    ),
    scanLimitGigabytes: noted(
      z.number('a number').min(0.01, '0.01 or more').max(7_000_000, '7000000 at most').default(1_000),
      'Gigabytes (10^9 bytes) that one query may scan before Athena stops it.',
    ),
  })
  .prefault({});
