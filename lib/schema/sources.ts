import * as z from 'zod';
import { receiptSchema } from './fields/receipt.ts';
import { customerBucketMembers, kmsKeyArn, placeName, sqlName } from './formats.ts';
import {
  eventsMapping,
  exposuresMapping,
  metricsMapping,
  propertiesMapping,
  tableMapping,
} from './mappings.ts';

/**
 * Of a customer, who may call it as they like; but no part is `.` or `..`, which clients and consoles fold away, and
 * nothing in it means something else in the ARN of a policy. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
 */
const FOLDER = /^(?!(.*\/)?\.\.?(\/|$))(?!.*\$\{)[^/*?\p{Cc}]+(\/[^/*?\p{Cc}]+)*$/u;

/** A name of one object, which no file to load has. */
const MARKER = /^(?!\.\.?$)(?!.*\.(parquet|parq|pq)$)[^/\p{Cc}]+$/iu;

/** How the folder of a day may be called, below that of its dataset. */
export const DAY_FORMATS = ['YYYY-MM-DD', 'YYYYMMDD', 'ds=YYYY-MM-DD', 'dt=YYYY-MM-DD'] as const;

/** What loads a day of a dataset. */
const ENGINES = ['auto', 'lambda', 'athena'] as const;

/** As `Date.prototype.getUTCDay` counts them. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const timezone = () =>
  z.string('a time zone').refine(isTimezone, 'a time zone of the IANA database, e.g. Europe/Berlin');

/** When the drop of a day is expected at the latest. A drop that has not arrived by then is reported. */
const expectedBy = z.strictObject({
  /** Hour of the day by which the drop must be there, 0 to 23. */
  hour: z.int('a whole hour').min(0, '0 or more').max(23, '23 at most'),
  /** Whose clocks show the hour. Default the dataset's time zone. */
  timezone: timezone().optional(),
  /** How many days after the folder's day that is. Default 1: the day after. */
  daysAfter: z.int('whole days').min(0, '0 or more').max(90, '90 at most').default(1),
  /** Days of the week whose folders are expected. Default all. */
  weekdays: z
    .array(z.enum(WEEKDAYS, `one of ${WEEKDAYS.join(', ')}`), 'a list')
    .min(1, 'at least one')
    .refine((days) => new Set(days).size === days.length, 'no day twice')
    .default([...WEEKDAYS]),
});

const schedule = () => z.enum(['daily', 'hourly'], 'daily or hourly');

const share = () => z.number('a number').min(0, '0 or more').max(1, '1 at most');

const shared = {
  /** Its name in ledger, logs and commands: no two datasets of a source have the same. */
  name: placeName(),
  /** Glue table of its own. Default `<source>_<name>`. */
  table: sqlName('table').optional(),
  /** Folder in the bucket that has a folder for each day. Default the dataset's name. */
  folder: z
    .string('a folder')
    .regex(FOLDER, 'a folder without slash at either end, without * ? and ${, no part of it . or ..')
    .max(512, 'a folder of at most 512 characters')
    .optional(),
  /** How the folders of days are called. Default `YYYY-MM-DD`. */
  dayFormat: z.enum(DAY_FORMATS, `one of ${DAY_FORMATS.join(', ')}`).default('YYYY-MM-DD'),
  /** In which days begin, and what times without a zone are in: a name of the IANA database. Default UTC. */
  timezone: timezone().default('UTC'),
  /** Days before today whose changes are looked for. Default 3. */
  lookbackDays: z.int('whole days').min(1, '1 or more').max(90, '90 at most').default(3),
  /**
   * Name of the object that says that a day is complete, such as `_SUCCESS`, in the day's own folder: without it the day is
   * not loaded. Default none.
   */
  waitFor: z
    .string('the name of a marker, e.g. _SUCCESS')
    .regex(MARKER, 'the name of a marker without slash that is no Parquet file, e.g. _SUCCESS')
    .max(255, 'a name of at most 255 characters')
    .optional(),
  /** Part of a day's rows that may be refused before the day fails. Default 0.01. */
  refusedShare: share().default(0.01),
  /** Part of a day's rows that may be more than a day away from their folder before the day fails. Default 1: it never does. */
  lateShare: share().default(1),
  /** When each day's drop is expected at the latest. Default never: then none is late. */
  expectedBy: expectedBy.optional(),
  /** Default the source's. */
  schedule: schedule().optional(),
  /**
   * What loads a day: the function, Athena, or Athena for days beyond what the function holds. Default `auto`. Athena reads
   * buckets of the deployment's region that no role is assumed for.
   */
  engine: z.enum(ENGINES, `one of ${ENGINES.join(', ')}`).default('auto'),
  /** With `auto`: files or rows of a day beyond which Athena loads it. Default: what the function holds. */
  lambdaLimit: z
    .strictObject({
      /** Bytes of all files. */
      bytes: z.int('whole bytes').min(0, '0 or more').optional(),
      rows: z.int('whole rows').min(0, '0 or more').optional(),
    })
    .optional(),
};

const dataset = z
  .discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('events'), ...shared, mapping: eventsMapping }),
      z.strictObject({ kind: z.literal('metrics'), ...shared, mapping: metricsMapping }),
      z.strictObject({ kind: z.literal('exposures'), ...shared, mapping: exposuresMapping }),
      z.strictObject({ kind: z.literal('properties'), ...shared, mapping: propertiesMapping }),
      z.strictObject({ kind: z.literal('table'), ...shared, mapping: tableMapping }),
    ],
    'events, metrics, exposures, properties or table',
  )
  .refine(({ expectedBy: expected, lookbackDays }) => (expected?.daysAfter ?? 0) <= lookbackDays, {
    path: ['expectedBy', 'daysAfter'],
    message: '`lookbackDays` at most: days before that are not looked at',
  });

/** A customer's bucket that files are dropped into, and what is in it. */
const source = z
  .strictObject({
    /** Its name in ledger, logs and commands: no two sources have the same. */
    name: placeName(),
    ...customerBucketMembers,
    /** ARN of the KMS key that the bucket is encrypted with. Default none. */
    kmsKeyArn: kmsKeyArn().optional(),
    /** How often folders are looked through. Default daily. */
    schedule: schedule().default('daily'),
    /** Minutes that a day's youngest object must be old before the day is loaded: it may still be being written. Default 10. */
    settleMinutes: z.int('whole minutes').min(0, '0 or more').max(1_440, '1440 at most').default(10),
    /** What the customer gets of each load: a file in the bucket, a call of an address, or both. Default none. */
    receipt: receiptSchema.optional(),
    /** Names of the folders in it. */
    datasets: z.array(dataset, 'a list').min(1, 'at least one dataset').max(200, 'at most 200 datasets'),
  })
  .transform(({ datasets, ...rest }) => ({
    ...rest,
    datasets: datasets.map((one) => ({
      ...one,
      table: one.table ?? `${rest.name}_${one.name}`.replaceAll('-', '_'),
      folder: one.folder ?? one.name,
      schedule: one.schedule ?? rest.schedule,
    })),
  }));

/**
 * Customers' buckets that are ingested: docs/ingest.md. Without any, the deployment has none of the functions, queues and
 * alarms for it (infra/serverless/requirements.ts, infra/drops/ingest.ts).
 */
export const sourcesSchema = z.array(source, 'a list').max(100, 'at most 100').default([]);

/** One validated source. */
export type Source = z.output<typeof source>;
/** One folder of a source, with a table of its own. `kind` is the type of `mapping`. */
export type Dataset = Source['datasets'][number];
/** The folder of receipts in a source's bucket, with the slash at its end; null if none are written there. */
export function receiptFolder({ receipt }: Pick<Source, 'receipt'>): string | null {
  return receipt?.bucket === true ? `${receipt.prefix}/` : null;
}

/** Folder of a dataset's receipts in the customer's bucket, with the slash at its end; null if none are written there. */
export function datasetReceiptFolder(
  source: Pick<Source, 'receipt'>,
  { name }: Pick<Dataset, 'name'>,
): string | null {
  const folder = receiptFolder(source);
  return folder === null ? null : `${folder}${name}/`;
}

/** How the folders of a dataset's days are called. */
export type DayFormat = (typeof DAY_FORMATS)[number];

/**
 * Why Athena can't read a source's bucket, in words; null if it can. A query runs with the rights of its caller alone, in one
 * region.
 *
 * @param region The deployment's.
 */
export function athenaObstacle(source: Pick<Source, 'role' | 'region'>, region: string): string | null {
  if (source.role !== undefined) return 'its source is read with a role of the customer';
  if (source.region !== undefined && source.region !== region)
    return `its bucket is in ${source.region}, and the deployment in ${region}`;
  return null;
}

/** Whether a day of any dataset may be loaded by Athena. */
export function usesAthena({
  sources,
  region,
}: {
  readonly sources: readonly Source[];
  readonly region: string;
}): boolean {
  return sources.some(
    (source) =>
      athenaObstacle(source, region) === null && source.datasets.some(({ engine }) => engine !== 'lambda'),
  );
}

function isTimezone(text: string): boolean {
  try {
    // Offsets such as +01:00 are accepted here and have no days of their own in DuckDB.
    return (
      new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '' &&
      /^[A-Z]/i.test(text)
    );
  } catch {
    return false;
  }
}
