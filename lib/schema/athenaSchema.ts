import * as z from 'zod';
import { PRIMARY_WORKGROUP } from './primaryWorkgroup.ts';
import { sqlName } from './sqlName.ts';

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
const WORKGROUP = /^[a-zA-Z0-9._-]{1,128}$/;

/** How the tables are queried. */
export const athenaSchema = z
  .strictObject({
    /** Athena workgroup that queries run in; its results go to `query-results/`. Default `sluice`. */
    workgroup: z
      .string('a workgroup name')
      .regex(WORKGROUP, 'a workgroup name: at most 128 letters, digits and . _ -')
      .refine(
        (name) => name !== PRIMARY_WORKGROUP,
        'a workgroup of its own: `primary` is the whole account’s, and so would its settings be',
      )
      .default('sluice'),
    /** Glue database in which Statsig makes and drops tables of its own. Default `statsig_staging`. */
    stagingDatabase: sqlName('database').default('statsig_staging'),
    /**
     * Gigabytes that one query may scan before Athena stops it. Default 1,000, which Athena bills at about 5 USD. At
     * least 0.01: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
     */
    scanLimitGigabytes: z
      .number('a number')
      .min(0.01, '0.01 or more')
      .max(7_000_000, '7000000 at most')
      .default(1_000),
  })
  .prefault({});
