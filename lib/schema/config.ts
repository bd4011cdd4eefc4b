import * as z from 'zod';
import { isUtcDay } from '../base/time.ts';
import { endpointSchema } from './endpoint.ts';
import { type Export, exportsSchema } from './exports.ts';
import { alarmsSchema } from './fields/alarms.ts';
import { athenaSchema } from './fields/athena.ts';
import { existingSchema } from './fields/existing.ts';
import { experimentsSchema } from './fields/experiments.ts';
import { keySchema } from './fields/keys.ts';
import { logDays, managedPolicyArn, tagsSchema } from './fields/platform.ts';
import { retentionSchema } from './fields/retention.ts';
import { statsigBucketSchema } from './fields/statsigBucket.ts';
import {
  accountId,
  bucketName,
  databaseName,
  exactName,
  flag,
  folderName,
  kmsKeyArn,
  nameLists,
  queueConcurrency,
  sqlName,
  whole,
} from './formats.ts';
import { named, noted } from './noted.ts';
import { passThroughSchema } from './passThrough.ts';
import { readersSchema } from './readers.ts';
import { ARCHITECTURES, REGIONS } from './regions.ts';
import { relaySchema } from './relay.ts';
import { sourcesSchema } from './sources.ts';
import { DEFAULT_SERVICE, serviceName } from './stages.ts';

/** The shape of `sluice.config.ts`, with every default. Checks of several fields together are in lib/config/problems/. */
export const configSchema = z.strictObject({
  bucket: noted(
    bucketName(),
    'Bucket that everything is written to. Bucket names are global: choose your own.',
  ),
  account: noted(
    accountId()
      .regex(/[1-9]/, 'an account: 12 digits, not the 000000000000 of the local cloud')
      .nullable()
      .default(null),
    'Account that everything is deployed to, 12 digits.',
    'any account',
  ),
  region: noted(
    z.enum(REGIONS, `a region that has all of the services: ${REGIONS.join(', ')}`).default('us-east-1'),
    'Region that everything is deployed to, unless `--region` names another.',
  ),
  service: noted(
    serviceName().default(DEFAULT_SERVICE),
    'Begins all names of the stack, `<service>-<stage>`: [Names of the stack](platform.md#names-of-the-stack). `service` in serverless.yml is the same.',
  ),
  architecture: noted(
    z.enum(ARCHITECTURES, 'arm64 or x86_64').default('arm64'),
    'Processor of the functions. `arm64` costs a fifth less.',
  ),
  encryption: noted(
    z.enum(['kms', 's3'], 'kms or s3').default('kms'),
    "How `bucket` and the results of queries are encrypted: with a key of KMS, or with S3's own keys. It is chosen once: [Encryption](platform.md#encryption).",
  ),
  statsigFolder: noted(
    folderName().default('statsig'),
    "The Statsig S3 folder inside the bucket, as Statsig's data connection has it.",
  ),
  formerStatsigFolders: noted(
    z
      .array(
        named(
          'FormerFolderInput',
          z.strictObject({
            folder: noted(folderName(), 'The previous `statsigFolder`.'),
            until: noted(
              z.string('a day').refine(isUtcDay, 'a day, YYYY-MM-DD'),
              'The last day whose files are in that folder: at least two days after the deployment that changes `statsigFolder`.',
            ),
          }),
        ),
        'a list',
      )
      .max(5, 'at most 5')
      .default([]),
    'Earlier values of `statsigFolder`, in which days stay: [Another Statsig folder](deploy.md#another-statsig-folder).',
  ),
  database: noted(
    databaseName().default('sluice'),
    'Glue database of the tables and views. Glue keeps its name in lower case.',
  ),
  tables: noted(
    z
      .strictObject({
        exposures: noted(
          sqlName('table').default('statsig_forwarded_exposures'),
          'Table of exposures, and the name of its folder.',
        ),
        events: noted(
          sqlName('table').default('statsig_forwarded_events'),
          'Table of events, and the name of its folder.',
        ),
        quarantine: noted(
          sqlName('table').default('quarantine'),
          'Table of what was refused, and the name of its folder.',
        ),
      })
      .prefault({}),
    'Names of the Glue tables of what comes in.',
  ),
  curate: noted(
    flag().default(true),
    'Rewrite each day without resends and sorted, for the views: [curated.md](curated.md).',
  ),
  curatedTables: noted(
    z
      .strictObject({
        exposures: noted(
          sqlName('table').default('curated_exposures'),
          'Table of exposures without resends, sorted by experiment.',
        ),
        events: noted(
          sqlName('table').default('curated_events'),
          'Table of events without resends, sorted by name.',
        ),
      })
      .prefault({}),
    'Names of the Glue tables of curated days.',
  ),
  curateAfter: noted(whole('whole days', 1, 365).default(2), 'Days after its end at which a day is curated.'),
  reconcile: noted(
    flag().default(true),
    'Say each night, in the table `received_hours`, whether all events that were accepted are in their tables: [complete.md](complete.md).',
  ),
  unitIds: noted(
    z.record(z.string().min(1), sqlName('column')).default({}),
    'Custom unit IDs that become columns: the name in `user.customIDs`, and the column.',
  ),
  timeWindow: noted(
    z
      .strictObject({
        pastDays: noted(
          whole('whole days', 0, 365).default(7),
          "Spans of 24 hours, not calendar days, that an event's time may be before its arrival and still decide the day of its row.",
        ),
        futureDays: noted(whole('whole days', 0, 365).default(1), 'The same after its arrival.'),
      })
      .prefault({}),
    "How far an event's time may be from its arrival and still choose its date folder.",
  ),
  experiments: noted(
    experimentsSchema.default([]),
    'Names of experiments, to resolve hashed names of client SDKs: [statsig.md](statsig.md).',
  ),
  holdouts: noted(
    z.array(exactName('a holdout name')).nullable().default(null),
    'Names of all holdouts: a unit in one of them is in no group.',
    'not known: units in a holdout count as another group',
  ),
  keys: noted(
    z.array(keySchema).default([]),
    'SDK keys that may post, besides those in Secrets Manager that `sluice keys` adds.',
  ),
  keysInSecret: noted(
    flag().default(false),
    'The keys are in Secrets Manager, so that a deployment without `keys` is accepted.',
  ),
  collector: noted(
    z
      .strictObject({
        reservedConcurrency: noted(
          whole('a whole number', 1, 100_000, '0 would take nothing').nullable().default(null),
          'Executions at once that are kept for the collector, and the most that it may have: [Overload](endpoint.md#overload).',
          'no reservation',
        ),
        accountConcurrency: noted(
          whole('a whole number', 1, 1_000_000).nullable().default(null),
          '`UnreservedConcurrentExecutions` of `aws lambda get-account-settings`, by which the alarms of a [Function URL](endpoint.md#a-function-url) go. Behind the gateway alone none does.',
          "1,000, AWS's default",
        ),
      })
      .prefault({}),
    'Lambda concurrency of the collector.',
  ),
  allowAnyKey: noted(
    flag().default(false),
    'Accept every `client-…` and `secret-…` key in a deployment, too.',
  ),
  landTelemetry: noted(
    flag().default(false),
    "Store the SDKs' internal telemetry (`statsig::diagnostics` and the like), which is otherwise only counted.",
  ),
  events: noted(nameLists(), 'Custom events to store, by name. The others are only counted.', 'all'),
  exposures: noted(nameLists(), 'The same for exposures, by gate, config, experiment or layer.', 'all'),
  relay: noted(
    relaySchema,
    'Deliver every accepted request to Statsig too, or to another address, as it was sent: [relay.md](relay.md).',
    'nowhere',
  ),
  privacy: noted(
    z
      .strictObject({
        redact: noted(
          z.record(z.string(), z.enum(['drop', 'hash'], 'drop or hash')).default({}),
          'The action on the value at each path: `drop` or `hash`.',
        ),
        salt: noted(
          z.string('a text').min(16, 'at least 16 characters').optional(),
          'Secret part of hashes and of event IDs, from the environment; required with `redact`.',
          'none',
        ),
      })
      .prefault({}),
    'Values that are removed from every event before it is written: [privacy.md](privacy.md).',
  ),
  logs: noted(
    z
      .strictObject({
        successes: noted(
          z.number('a number').min(0, '0 or more').max(1, '1 at most').default(0.01),
          'Part of the successful requests that is logged: 0 none, 1 all.',
        ),
        retentionDays: noted(
          logDays().default(30),
          'Days for which CloudWatch keeps the logs of functions and streams: 1, 3, 5, 7, 14, 30, 60, 90 …',
        ),
        kmsKeyArn: noted(
          kmsKeyArn().nullable().default(null),
          'KMS key of every log group of the stack: [A key for logs](platform.md#a-key-for-logs).',
          'a key of AWS',
        ),
      })
      .prefault({}),
    'Which requests are logged, for how long, and how logs are encrypted.',
  ),
  buffering: noted(
    z
      .strictObject({
        // https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html allows 0.
        seconds: noted(
          whole('whole seconds', 10, 900, 'fewer make an object of nearly every request').default(60),
          'Seconds after which Firehose writes an object of requests; fewer make more and smaller files.',
        ),
        megabytes: noted(
          whole('whole MiB', 1, 64).default(16),
          'MiB of compressed requests at which Firehose writes an object.',
        ),
      })
      .prefault({}),
    'When Firehose writes an object: whichever is reached first.',
  ),
  landing: noted(
    z.enum(['firehose', 'direct'], 'firehose or direct').default('firehose'),
    '`direct` makes an object of each request, for the time in which Firehose delivers nothing: [landing.md](landing.md).',
  ),
  write: noted(
    z
      .strictObject({
        concurrency: noted(
          queueConcurrency(),
          'Executions at once, each some 30 MB of rows a second. The collector [cannot have these](limits.md#requests), unless some are reserved for it.',
        ),
      })
      .prefault({}),
    'The function `write`, which makes files of tables of the landing.',
  ),
  athena: noted(athenaSchema, 'Workgroup and staging database of Athena, and how much a query may scan.'),
  existing: noted(
    existingSchema,
    'What exists already, which the stack does not change: [Bringing your own](deploy.md#bringing-your-own).',
  ),
  readers: noted(
    readersSchema,
    'Who may read: Statsig, OWOX Data Marts and Metabase, [readers.md](readers.md).',
    'nobody',
  ),
  dailyIngest: noted(
    z
      .strictObject({
        hour: noted(
          whole('a whole hour', 0, 23).default(9),
          'Hour in UTC at which daily datasets are planned.',
        ),
      })
      .prefault({}),
    'When the drops of a day are looked for.',
  ),
  exports: noted(
    exportsSchema,
    "Tables whose days are written to customers' buckets: [export.md](export.md).",
    'none',
  ),
  statsigBucket: noted(
    statsigBucketSchema.nullable().default(null),
    "A bucket for Statsig's own IAM user, which reads exports there and may write its own: [statsig-s3.md](statsig-s3.md).",
    'none',
  ),
  retention: noted(retentionSchema, 'Days after which objects in the bucket expire; `null` keeps them.'),
  sources: noted(
    sourcesSchema,
    "Customers' buckets whose Parquet files are ingested, each dataset into a table of its own: [ingest.md](ingest.md).",
    'none',
  ),
  alarms: noted(alarmsSchema, 'Where alarms are sent, and thresholds that depend on your traffic.'),
  endpoint: noted(endpointSchema, 'Where SDKs post to, and how much it takes.'),
  tags: noted(tagsSchema, 'Tags of every resource of the stack: [Tags](platform.md#tags).'),
  permissionsBoundary: noted(
    managedPolicyArn().nullable().default(null),
    'ARN of [a permissions boundary](platform.md#a-permissions-boundary) for every role and user of the stack.',
    'none',
  ),
  passThrough: noted(
    passThroughSchema.nullable().default(null),
    'Also answer what SDKs read, by fetching it from Statsig: [SDKs with one address](sdks.md#sdks-with-one-address).',
    'such requests are refused',
  ),
});

/** What a user writes in `sluice.config.ts`. */
export type ConfigInput = z.input<typeof configSchema>;

/** The validated configuration, every default filled in. */
export type Config = Omit<z.output<typeof configSchema>, 'exports'> & { exports: Export[] };

/** Whether the stack makes a key of KMS, which encrypts `bucket`. */
export function makesKey({ encryption, existing }: Pick<Config, 'encryption' | 'existing'>): boolean {
  return encryption === 'kms' && existing.keyArn === null;
}

/**
 * Gigabytes as Athena counts them:
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
 */
const BYTES_A_GIGABYTE = 1_000_000_000;

/** Bytes that one query may scan. */
export function scanLimitBytes({ athena }: Pick<Config, 'athena'>): number {
  return Math.round(athena.scanLimitGigabytes * BYTES_A_GIGABYTE);
}
