import * as z from 'zod';
import { localTime } from '../base/time.ts';
import { parseLayout } from './fields/layout.ts';
import { customerBucketMembers, flag, kmsKeyArn, placeName, schedule, sqlName, whole } from './formats.ts';
import { eventsMapping, exposuresMapping, metricsMapping } from './mapping/mappings.ts';
import { tableMapping } from './mapping/tableMapping.ts';
import { MOST_SOURCES } from './names.ts';
import { named, noted } from './noted.ts';

/**
 * The form of a folder of receipts. It has nothing that means something else in the ARN of a policy, and no part of it
 * is `.` or `..`.
 */
const RECEIPTS = /^(?!(.*\/)?\.\.?(\/|$))[\w.=-]+(\/[\w.=-]+)*$/;
/**
 * The form of a customer's folder, which the customer may name freely. But no part of it is `.` or `..`, which clients
 * and consoles fold away, and it has nothing that means something else in the ARN of a policy.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
 */
const FOLDER = /^(?!(.*\/)?\.\.?(\/|$))(?!.*\$\{)[^/*?\p{Cc}]+(\/[^/*?\p{Cc}]+)*$/u;

/** The name of a marker: of one object, and no name that a file to load has. */
const MARKER = /^(?!\.\.?$)(?!.*\.(parquet|parq|pq)$)[^/\p{Cc}]+$/iu;

/**
 * Formats of the name of a day's folder, below the dataset's folder. Hours of Firehose are folders within that of their
 * day.
 */
export const DAY_FORMATS: readonly string[] = ['YYYY-MM-DD', 'YYYYMMDD', 'YYYY/MM/DD', 'YYYY/MM/DD/HH'];
/** One folder for a day, as a partition of Hive and Spark, `ds=YYYY-MM-DD`, or a day without zeros in front. */
const PARTITION_FORMAT = /^(?:[^\s/=*?${}\p{Cc}]+=)?(?:YYYY([-/])MM?\1DD?|YYYYMMDD)$/u;
/** Three folders for a day, as partitions: `year=YYYY/month=MM/day=DD`. */
const PARTITIONS_FORMAT = /^[^\s/=*?${}\p{Cc}]+=YYYY\/[^\s/=*?${}\p{Cc}]+=MM?\/[^\s/=*?${}\p{Cc}]+=DD?$/u;

/** Days of the week in the order of `Date.prototype.getUTCDay`. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** The name of a time zone. */
const timezone = () =>
  z.string('a time zone').refine(isTimezone, 'a time zone of the IANA database, e.g. Europe/Berlin');

/** When the drop of a day is expected at the latest. A drop that has not arrived by then is reported. */
const expectedBy = named(
  'ExpectedByInput',
  z.strictObject({
    hour: noted(whole('a whole hour', 0, 23), 'Hour of the day by which the drop must be there.'),
    timezone: noted(timezone().optional(), 'Time zone of the hour.', "the dataset's time zone"),
    daysAfter: noted(
      whole('whole days', 0, 90).default(1),
      "How many days after the folder's day that is. 1 is the day after.",
    ),
    weekdays: noted(
      z
        .array(z.enum(WEEKDAYS, `one of ${WEEKDAYS.join(', ')}`), 'a list')
        .min(1, 'at least one')
        .refine((days) => new Set(days).size === days.length, 'no day twice')
        .default([...WEEKDAYS]),
      'Days of the week whose folders are expected.',
    ),
  }),
);

/** A share, from 0 to 1. */
const share = () => z.number('a number').min(0, '0 or more').max(1, '1 at most');

/** Fields of every dataset. */
const shared = {
  name: noted(
    placeName(),
    'Its name in ledger, logs and commands: no two datasets of a source have the same.',
  ),
  table: noted(
    sqlName('table').optional(),
    'Glue table of its own.',
    '`<source>_<name>`, with `_` in place of `-`',
  ),
  folder: noted(
    z
      .string('a folder')
      .regex(FOLDER, 'a folder without slash at either end, without * ? and ${, no part of it . or ..')
      .max(512, 'a folder of at most 512 characters')
      .optional(),
    'Folder in the bucket that has a folder for each day.',
    "the dataset's name",
  ),
  dayFormat: noted(
    z
      .string('the format of a day')
      .refine(
        (format) =>
          DAY_FORMATS.includes(format) ||
          PARTITION_FORMAT.test(format) ||
          (PARTITIONS_FORMAT.test(format) && 'layout' in parseLayout(`${format}/**`)),
        `one of ${DAY_FORMATS.join(', ')}, <name>=YYYY-MM-DD, or year=YYYY/month=MM/day=DD; M and D are without zeros in front`,
      )
      .default('YYYY-MM-DD'),
    'How folders of days are named.',
  ),
  layout: noted(
    z
      .string('a glob')
      .max(512, 'a glob of at most 512 characters')
      .superRefine((text, context) => {
        const parsed = parseLayout(text);
        if ('expected' in parsed) context.addIssue({ code: 'custom', message: parsed.expected });
      })
      .optional(),
    'How keys below `folder` look, where days have no folders of their own: a glob with the day as YYYY, MM and DD, or M and D for numbers without zeros in front, `*` for a part of a name and `**` for any folders.',
    'a folder for each day, as `dayFormat` says',
  ),
  timezone: noted(
    timezone().default('UTC'),
    'Time zone in which days begin, and of times without a zone: a name of the IANA database.',
  ),
  lookbackDays: noted(
    whole('whole days', 1, 90).default(3),
    'Days before today whose changes are looked for.',
  ),
  waitFor: noted(
    z
      .string('the name of a marker, e.g. _SUCCESS')
      .regex(MARKER, 'the name of a marker without slash that is not a Parquet file, e.g. _SUCCESS')
      .max(255, 'a name of at most 255 characters')
      .optional(),
    "Name of the object, directly in the day's folder, without which a day is not loaded. Not with `layout`.",
    'a day is loaded when its objects are `settleMinutes` old',
  ),
  refusedShare: noted(
    share().default(0.01),
    "Part of a day's rows that may be refused before the day fails.",
  ),
  unusualShare: noted(
    share().default(0.5),
    "Part of its weekday's usual rows: a loaded day with at most so many is a warning. So is a day with more than five times the usual rows, and one far below days that are near each other. 0 turns all three off: [Days with other rows than usual](ingest.md#days-with-other-rows-than-usual).",
  ),
  filesLeave: noted(
    flag().default(false),
    'Whether their owner moves or deletes files once they are loaded. Files that leave then change nothing.',
  ),
  expectedBy: noted(
    expectedBy.optional(),
    "The latest time at which each day's drop is expected.",
    'never: no drop is late',
  ),
  schedule: noted(schedule().optional(), 'How often its folder is looked through.', "the source's"),
};

/** The schema of datasets of one kind. */
function datasetOf<Kind extends string, Mapping extends z.ZodType>(
  name: string,
  kind: Kind,
  text: string,
  mapping: Mapping,
) {
  const schema = z.strictObject({
    kind: noted(z.literal(kind), text),
    ...shared,
    mapping: noted(mapping, 'Where its columns come from.'),
  });
  return named(name, schema);
}

/** One folder of a source. */
const dataset = named(
  'DatasetInput',
  z
    .discriminatedUnion(
      'kind',
      [
        datasetOf('EventsDatasetInput', 'events', 'Each row is one user doing one thing.', eventsMapping),
        datasetOf(
          'MetricsDatasetInput',
          'metrics',
          'Each row is one metric of one unit on one day.',
          metricsMapping,
        ),
        datasetOf(
          'ExposuresDatasetInput',
          'exposures',
          "Each row is one unit's exposure to one group.",
          exposuresMapping,
        ),
        datasetOf(
          'TableDatasetInput',
          'table',
          'Rows of any kind: the table has the columns that `mapping` declares.',
          tableMapping,
        ),
      ],
      'events, metrics, exposures or table',
    )
    .refine(({ layout, waitFor }) => layout === undefined || waitFor === undefined, {
      path: ['waitFor'],
      message: 'none with `layout`: a day has no folder of its own that could have a marker',
    })
    .refine(({ expectedBy: expected, lookbackDays }) => (expected?.daysAfter ?? 0) <= lookbackDays, {
      path: ['expectedBy', 'daysAfter'],
      message: '`lookbackDays` at most: days before that are not looked at',
    }),
);

/** A customer's bucket that files are dropped into, and what is in it. */
const sourceSchema = named(
  'SourceInput',
  z
    .strictObject({
      name: noted(placeName(), 'Its name in ledger, logs and commands: no two sources have the same.'),
      ...customerBucketMembers,
      kmsKeyArn: noted(
        kmsKeyArn().optional(),
        'ARN of the KMS key that the bucket is encrypted with.',
        'none: the bucket has a key of S3',
      ),
      schedule: noted(schedule().default('daily'), 'How often folders are looked through.'),
      settleMinutes: noted(
        whole('whole minutes', 0, 1_440).default(10),
        "Minutes that a day's youngest object must be old before the day is loaded: it may still be being written.",
      ),
      receipt: noted(
        z
          .string('a folder')
          .regex(RECEIPTS, 'a folder of letters, digits and _ . = -, without slash at either end')
          .max(200, 'a folder of at most 200 characters')
          .optional(),
        "Folder in the bucket, apart from every dataset's, into which a receipt of each load is written.",
        'none',
      ),
      datasets: noted(
        z.array(dataset, 'a list').min(1, 'at least one dataset').max(200, 'at most 200 datasets'),
        'Its folders. Each has a table, and a `kind` that says what its rows are.',
      ),
    })
    .transform(({ datasets, ...rest }) => ({
      ...rest,
      datasets: datasets.map((given) => ({
        ...given,
        table: given.table ?? `${rest.name}_${given.name}`.replaceAll('-', '_'),
        folder: given.folder ?? given.name,
        schedule: given.schedule ?? rest.schedule,
      })),
    })),
);

/**
 * Customers' buckets that are ingested: docs/ingest.md. Without any, the deployment has none of the functions, queues and
 * alarms for it (infra/serverless/requirements.ts, infra/drops/ingest.ts).
 */
export const sourcesSchema = z
  .array(sourceSchema, 'a list')
  .max(MOST_SOURCES, `at most ${MOST_SOURCES}`)
  .default([]);

/** One validated source. */
export type Source = z.output<typeof sourceSchema>;
/** One folder of a source, with a table of its own. `kind` is the type of `mapping`. */
export type Dataset = Source['datasets'][number];

/** The folder of receipts in a source's bucket, with the slash at its end; null if none are written there. */
export function receiptFolder({ receipt }: Pick<Source, 'receipt'>): string | null {
  return receipt === undefined ? null : `${receipt}/`;
}

/** Folder of a dataset's receipts in the customer's bucket, with the slash at its end; null if none are written there. */
export function datasetReceiptFolder(
  source: Pick<Source, 'receipt'>,
  { name }: Pick<Dataset, 'name'>,
): string | null {
  const folder = receiptFolder(source);
  return folder === null ? null : `${folder}${name}/`;
}

/** Whether a text is the name of a time zone, as `Europe/Berlin`. */
function isTimezone(text: string): boolean {
  try {
    // Offsets such as +01:00 are refused. `Intl` accepts them, but DuckDB has no such zones with days of their own.
    return /^[A-Z]/i.test(text) && localTime(0, text) !== '';
  } catch {
    return false;
  }
}
