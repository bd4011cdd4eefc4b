import * as z from 'zod';

const days = () => z.int('whole days').min(1, '1 or more: null keeps for good').max(36_500, '36500 at most');

/** Days after which what lies in the bucket goes by itself; null keeps it. docs/deploy.md has the table. */
export const retentionSchema = z
  .strictObject({
    /** Exposures and events. Default null. Their partitions stay registered, and are empty then. */
    forwardedDays: days().nullable().default(null),
    /** What was refused, rows and large bodies alike. Default 90: it may hold what nobody meant to keep. */
    quarantineDays: days().nullable().default(90),
    /** Athena's results. Default 30: a query run again makes them anew. */
    queryResultDays: days().nullable().default(30),
    /** What was parked. Default null: it goes by nobody's hand but yours. */
    parkedDays: days().nullable().default(null),
    /** What Firehose gave up. Default null: redrive parks what nobody could take within a day. */
    errorDays: days().nullable().default(null),
    /** Versions of state (`ledger/`, `parked/`) that were overwritten or deleted. Default 30. */
    stateVersionDays: days().default(30),
    /** Such versions of everything else. Default 1, so that data which is deleted is gone the day after. */
    dataVersionDays: days().default(1),
  })
  .prefault({});
