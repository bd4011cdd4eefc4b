import * as z from 'zod';
import { alarmsSchema } from './alarmsSchema.ts';
import { athenaSchema } from './athenaSchema.ts';
import { bucketName } from './bucketName.ts';
import { endpointSchema } from './endpointSchema.ts';
import { existingSchema } from './existingSchema.ts';
import { exportsSchema } from './exports.ts';
import { keySchema } from './keySchema.ts';
import { readersSchema } from './readers.ts';
import { ARCHITECTURES, REGIONS } from './regions.ts';
import { retentionSchema } from './retentionSchema.ts';
import { sourcesSchema } from './sources.ts';
import { sqlName } from './sqlName.ts';

/**
 * Key prefix without a slash at either end; the characters S3 calls safe, so no path of ours ever needs escaping, but
 * not `*`, which in a policy's ARN stands for anything, nor `.` and `..` as a segment, which clients and consoles fold
 * away. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
const FOLDER = /^(?!(.*\/)?\.\.?(\/|$))[A-Za-z0-9!_.'()-]+(\/[A-Za-z0-9!_.'()-]+)*$/;

const namePattern = z
  .string('a name, or a prefix and *')
  .regex(/^[^*]*[^*]\*?$/, 'a name, or a prefix and a * at its end');

/** Names that land and that don't: exact, or `prefix*`. What is denied doesn't land, allowed or not. */
const nameLists = () =>
  z
    .strictObject({
      /** Only these land. Default all. */
      allow: z.array(namePattern).min(1, 'at least one name').optional(),
      /** These don't. Default none. */
      deny: z.array(namePattern).default([]),
    })
    .prefault({});

/** The shape of `sluice.config.ts`, with every default. The one place where configuration is validated. */
export const configSchema = z.strictObject({
  /** Bucket that everything is written to. Bucket names are global: choose your own. */
  bucket: bucketName(),
  /** Region that everything is deployed to, unless `--region` names another. Default `us-east-1`. */
  region: z
    .enum(REGIONS, 'a region that has all of the services: lib/schema/regions.ts lists them')
    .default('us-east-1'),
  /**
   * Processor of the functions. Default `arm64`, which costs a fifth less. Regions without it need `x86_64`.
   * https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html
   */
  architecture: z.enum(ARCHITECTURES, 'arm64 or x86_64').default('arm64'),
  /** The Statsig S3 folder inside the bucket, as Statsig's data connection has it. Default `statsig`. */
  statsigFolder: z
    .string('a folder')
    .regex(
      FOLDER,
      "a folder without slash at either end, of letters, digits and !_.'()-, no part of it . or ..",
    )
    .max(128, 'a folder of at most 128 characters')
    .default('statsig'),
  /** Glue database of the tables. Default `sluice`. */
  database: sqlName('database').default('sluice'),
  /** Glue table of each kind; of a forwarded one also its folder's name, by default Statsig's own. */
  tables: z
    .strictObject({
      exposures: sqlName('table').default('statsig_forwarded_exposures'),
      events: sqlName('table').default('statsig_forwarded_events'),
      /** Of what was refused. Default `quarantine`. */
      quarantine: sqlName('table').default('quarantine'),
    })
    .prefault({}),
  /** Custom unit IDs that become columns: name in `user.customIDs` → column, e.g. `{ companyID: 'company_id' }`. Default none. */
  unitIds: z.record(z.string().min(1), sqlName('column')).default({}),
  /**
   * What of an event's JSON becomes a column of the views: column → path, e.g. `{ plan: 'user.custom.plan' }`; also
   * `metadata.…` (of custom events) and `statsigMetadata.…`. Applies to what has landed already, too. Default none.
   */
  jsonPaths: z.record(z.string(), z.string('a path')).default({}),
  /** How far an event's time may lie from its arrival and still choose its date folder. Default 7 days back, 1 ahead. */
  timeWindow: z
    .strictObject({
      pastDays: z.int('whole days').min(0, '0 or more').max(365, '365 at most').default(7),
      futureDays: z.int('whole days').min(0, '0 or more').max(365, '365 at most').default(1),
    })
    .prefault({}),
  /**
   * Names of experiments, to resolve the hashed names that client SDKs may send; with those of gates, whose names they
   * hash too, the view `secondary_exposures` resolves them. Default none.
   */
  experiments: z.array(z.string('an experiment name').min(1, 'an experiment name')).default([]),
  /**
   * Names of all holdouts, e.g. `['spring_holdout']`. A unit in one of them is in no group: its exposures are no
   * assignments, and the views mark them `held_out`. Also resolves hashed names, as `experiments`. `[]` says that there
   * are none. Default null, not known: held-out units then count as another group (docs/statsig.md).
   */
  holdouts: z.array(z.string('a holdout name').min(1, 'a holdout name')).nullable().default(null),
  /**
   * SDK keys that may post, besides those in Secrets Manager that `sluice keys` adds. These are part of the
   * deployment: they hold even when Secrets Manager is down, and change only with the next one. Locally any
   * `client-…` or `secret-…` key is accepted besides.
   */
  keys: z.array(keySchema).default([]),
  /** The keys are in Secrets Manager, so that a deployment without `keys` is no mistake. Default false. */
  keysInSecret: z.boolean('true or false').default(false),
  /**
   * Requests that the keys of one label may send, in each of the collector's execution environments; what goes
   * beyond is answered 503. An environment takes one request at a time and hardly gets beyond 100 a second, so
   * the default holds nobody down who is well.
   */
  keyLimit: z
    .strictObject({
      /** In the long run. Default 500. */
      requestsPerSecond: z
        .number('a number')
        .min(0.1, '0.1 or more')
        .max(100_000, '100000 at most')
        .default(500),
      /** At once, after a rest. Default 5,000. */
      burst: z.int('a whole number').min(1, '1 or more').max(1_000_000, '1000000 at most').default(5_000),
    })
    .prefault({}),
  /** How much of Lambda the collector may take. */
  collector: z
    .strictObject({
      /**
       * Executions at once that are kept for the collector, and its most: docs/deploy.md, "Overload". Default null, no
       * reservation: AWS refuses one that leaves the account fewer than 100, and new accounts may have fewer.
       * https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
       */
      reservedConcurrency: z
        .int('a whole number')
        .min(1, '1 or more: 0 would take nothing')
        .max(100_000, '100000 at most')
        .nullable()
        .default(null),
    })
    .prefault({}),
  /** Accept any `client-…` or `secret-…` key when deployed, too. Default false. */
  allowAnyKey: z.boolean('true or false').default(false),
  /** Land the SDKs' internal telemetry (`statsig::diagnostics` and the like). Default false: counted by name only. */
  landTelemetry: z.boolean('true or false').default(false),
  /** Custom events to land, by name, e.g. `{ deny: ['auto_capture::*'] }`; the others are counted only. Default all. */
  events: nameLists(),
  /** Exposures to land, by gate, config, experiment or layer; the others are counted only. Default all. */
  exposures: nameLists(),
  /** What is taken out of every event before anything of it is written: docs/privacy.md. */
  privacy: z
    .strictObject({
      /**
       * What to do at which path, e.g. `{ 'user.email': 'hash', 'user.ip': 'drop', 'user.custom.*': 'drop' }`.
       * Default nothing: only private attributes are taken out, always.
       */
      redact: z.record(z.string(), z.enum(['drop', 'hash'], 'drop or hash')).default({}),
      /** Secret part of hashes and, as soon as anything is redacted, of event IDs. Changing it changes both. */
      salt: z.string('a text').min(16, 'at least 16 characters').optional(),
    })
    .prefault({}),
  /** What the collector logs of requests that went well; failures are logged always. Metrics are written for all. */
  logs: z
    .strictObject({
      /** The part that is logged: 0 none, 1 all. Default 0.01. */
      successes: z.number('a number').min(0, '0 or more').max(1, '1 at most').default(0.01),
    })
    .prefault({}),
  /** When Firehose writes a file: whichever is reached first. */
  buffering: z
    .strictObject({
      /**
       * 60 to 900. Default 300. https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html
       * allows less, but not with dynamic partitioning: "BufferingHints.IntervalInSeconds must be at least 60
       * seconds when Dynamic Partitioning is enabled" (aws-cdk-lib, aws-kinesisfirehose/lib/private/helpers.ts).
       */
      seconds: z.int('whole seconds').min(60, '60 or more').max(900, '900 at most').default(300),
      /** 64 (the least with Parquet conversion) to 128. Default 128. */
      megabytes: z.int('whole MiB').min(64, '64 or more').max(128, '128 at most').default(128),
    })
    .prefault({}),
  /** Workgroup, staging database, and how much a query may scan. */
  athena: athenaSchema,
  /** Bucket, key, databases and workgroup that are there already. Default none. */
  existing: existingSchema,
  /** Statsig, OWOX Data Marts and Metabase: who is let in to read. Default nobody. */
  readers: readersSchema,
  /** Tables whose days are written to customers' buckets: docs/export.md. Default none. */
  exports: exportsSchema,
  /** When what lies in the bucket goes by itself. */
  retention: retentionSchema,
  /** Customers' buckets whose Parquet files are ingested, each dataset into a table of its own. Default none. */
  sources: sourcesSchema,
  /** Whom the alarms tell. */
  alarms: alarmsSchema,
  /** The HTTP API's own limit. */
  endpoint: endpointSchema,
});

/** What a user writes in `sluice.config.ts`: only `bucket` has no default. */
export type ConfigInput = z.input<typeof configSchema>;

/** The validated configuration, every default filled in. */
export type Config = z.output<typeof configSchema>;
