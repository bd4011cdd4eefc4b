import * as z from 'zod';
import { defaultKinds, KEY_FORMATS, MAX_KEY_SOURCES } from './AcceptedKey.ts';
import { MAX_SHARDS } from './deliveryLimits.ts';
import { endpointSchema, passThroughSchema } from './endpoint.ts';
import { exportsSchema } from './exports.ts';
import { logDays, managedPolicyArn, tagsSchema } from './fields/platform.ts';
import { bucketName, kmsKeyArn, nameLists, placeName, singleRegionKeyArn, sqlName } from './formats.ts';
import { readersSchema } from './readers.ts';
import { ARCHITECTURES, REGIONS } from './regions.ts';
import { relaySchema } from './relay.ts';
import { sourcesSchema } from './sources.ts';
import { stagesSchema } from './stages.ts';

/**
 * The workgroup that every account has, and that Athena takes for queries that name none, as those of OWOX Data Marts.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups.html
 */
export const PRIMARY_WORKGROUP = 'primary';

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html */
const WORKGROUP = /^[a-zA-Z0-9._-]{1,128}$/;

/** How the tables are queried. */
const athenaSchema = z
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
    /**
     * Gigabytes that one statement of a load may scan before Athena stops it. Default 2,000, which Athena bills at about
     * 10 USD.
     */
    loadScanLimitGigabytes: z
      .number('a number')
      .min(0.01, '0.01 or more')
      .max(7_000_000, '7000000 at most')
      .default(2_000),
  })
  .prefault({});

/**
 * Resources that exist already and that the stack uses under their configured names instead of creating them. The stack
 * does not change them: docs/deploy.md, "Bringing your own".
 */
const existingSchema = z
  .strictObject({
    /** `bucket` exists. Default false. */
    bucket: z.boolean('true or false').default(false),
    /** The KMS key that the bucket is encrypted with, by its ARN. Default null: the stack makes one. */
    keyArn: singleRegionKeyArn().nullable().default(null),
    /** `database` exists. Default false. */
    database: z.boolean('true or false').default(false),
    /** `athena.stagingDatabase` exists. Default false. */
    stagingDatabase: z.boolean('true or false').default(false),
    /** `athena.workgroup` exists. Default false. */
    workgroup: z.boolean('true or false').default(false),
  })
  .prefault({});

const days = () => z.int('whole days').min(1, '1 or more: null keeps for good').max(36_500, '36500 at most');

/** Days after which objects in the bucket expire; null keeps them. docs/deploy.md has the table. */
const retentionSchema = z
  .strictObject({
    /** Exposures and events. Default null. Their partitions stay registered, and are empty then. */
    forwardedDays: days().nullable().default(null),
    /** Refused events, rows and large bodies alike. Default 90: they may contain data that nobody meant to keep. */
    quarantineDays: days().nullable().default(90),
    /** Athena's results. Default 30: running the query again recreates them. */
    queryResultDays: days().nullable().default(30),
    /** Parked objects. Default null: only you delete them. */
    parkedDays: days().nullable().default(null),
    /** Records that Firehose could not deliver. Default null: redrive parks those that it cannot process within a day. */
    errorDays: days().nullable().default(null),
    /** Versions of state (`ledger/`, `parked/`) that were overwritten or deleted. Default 30. */
    stateVersionDays: days().default(30),
    /** Such versions of everything else. Default 1, so that data which is deleted is gone the day after. */
    dataVersionDays: days().default(1),
  })
  .prefault({});

/** https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html */
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;

/** Times an hour. */
const times = () => z.int('a whole number').min(1, '1 or more').max(1_000_000_000, '1000000000 at most');

/** Where alarms are sent, and thresholds that depend on the traffic. */
const alarmsSchema = z
  .strictObject({
    /** SNS topic to which every alarm is sent, when it rings and when it ends. Default null: none. */
    topicArn: z
      .string('the ARN of an SNS topic')
      .regex(TOPIC_ARN, 'the ARN of an SNS topic, arn:aws:sns:<region>:<account>:<name>')
      .nullable()
      .default(null),
    /**
     * Requests that the collector takes within an hour at which the alarm `invocations` rings: somebody may be sending what
     * you pay for. Default 1,000,000, about 278 a second. Set it to three times your busiest hour.
     */
    invocationsPerHour: times().default(1_000_000),
    /** Requests answered 401 within an hour at which the alarms `key-unknown`, `key-missing` and `key-not-for-events` ring. Default 10,000. */
    refusedKeysPerHour: times().default(10_000),
  })
  .prefault({});

const { label, sha256, environment } = KEY_FORMATS;

/** One of `keys`. Its members: lib/schema/AcceptedKey.ts */
export const keySchema = z
  .strictObject({
    label: z.string('a label').regex(label.pattern, label.words),
    sha256: z.string('a SHA-256').regex(sha256.pattern, sha256.words),
    environment: z.string('an environment').regex(environment.pattern, environment.words).optional(),
    /** Default both; none for a key that names `sources`. */
    kinds: z
      .array(z.enum(['exposures', 'events'], 'exposures or events'), 'a list of exposures, events')
      .optional(),
    /** Names of the sources that the key may start with `POST /v1/mark_data_ready_dwh`. */
    sources: z
      .array(placeName(), 'a list of names of sources')
      .min(1, 'the name of at least one source')
      .max(MAX_KEY_SOURCES, `at most ${MAX_KEY_SOURCES} names of sources`)
      .optional(),
  })
  .refine(({ kinds, sources }) => kinds?.length !== 0 || sources !== undefined, {
    path: ['kinds'],
    error: 'at least one of exposures, events',
  })
  .transform((key) => ({ ...key, kinds: key.kinds ?? [...defaultKinds(key.sources)] }));

/**
 * Key prefix without a slash at either end; the characters S3 calls safe, so no path of ours ever needs escaping, but
 * not `*`, which in a policy's ARN stands for anything, nor `.` and `..` as a segment, which clients and consoles fold
 * away. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
const FOLDER = /^(?!(.*\/)?\.\.?(\/|$))[A-Za-z0-9!_.'()-]+(\/[A-Za-z0-9!_.'()-]+)*$/;

/** Shares of an experiment's groups, e.g. `{ control: 50, treatment: 50 }`: group ID or name, and its weight. */
const splitSchema = z
  .record(z.string().min(1), z.number('a number').positive('a number above 0'), 'weights by group')
  .refine((split) => Object.keys(split).length > 1, 'at least two groups');

const experimentName = () => z.string('an experiment name').min(1, 'an experiment name');

const experimentsSchema = z
  .array(
    z.union(
      [experimentName(), z.strictObject({ name: experimentName(), split: splitSchema })],
      'an experiment name, or { name, split }',
    ),
  )
  .superRefine((experiments, context) => {
    const taken = new Set<string>();
    for (const [i, experiment] of experiments.entries()) {
      if (typeof experiment === 'string') continue;
      if (taken.has(experiment.name))
        context.addIssue({ code: 'custom', path: [i, 'name'], message: 'one split for each experiment' });
      taken.add(experiment.name);
    }
  });

/** The delivery streams of one table. A row goes to one of them. */
const tableStreamsSchema = z
  .strictObject({
    /** How many there are. Default 1. Each adds its own quota, alarms and files: docs/limits.md. */
    shards: z.int('a whole number').min(1, '1 or more').max(MAX_SHARDS, `${MAX_SHARDS} at most`).default(1),
    /**
     * How many of them get rows, the first ones. Default null: all. Before `shards` is lowered, this is deployed with the
     * lower number, so that the others deliver what they have: docs/operate.md.
     */
    inRotation: z.int('a whole number').min(1, '1 or more').nullable().default(null),
  })
  .refine(({ shards, inRotation }) => inRotation === null || inRotation <= shards, {
    path: ['inRotation'],
    error: 'at most as many as `shards`',
  })
  .prefault({});

/** The shape of `sluice.config.ts`, with every default. The one place where configuration is validated. */
export const configSchema = z.strictObject({
  /** Bucket that everything is written to. Bucket names are global: choose your own. */
  bucket: bucketName(),
  /**
   * Account that everything is deployed to, 12 digits; a deployment to another is refused. Stages of different accounts may
   * use equal names of databases and workgroups. Default null: any account.
   */
  account: z
    .string('an account: 12 digits, as a text')
    .regex(/^\d{12}$/, 'an account: 12 digits')
    .nullable()
    .default(null),
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
  /**
   * Rewrite each day of exposures and events once it is over, without resends and sorted, and let the views read it from
   * there: docs/curated.md. Default false: the views read what Firehose wrote.
   */
  curate: z.boolean('true or false').default(false),
  /** Glue tables of curated days. */
  curatedTables: z
    .strictObject({
      /** Exposures without resends, sorted by experiment. Default `curated_exposures`. */
      exposures: sqlName('table').default('curated_exposures'),
      /** Events without resends, sorted by name. Default `curated_events`. */
      events: sqlName('table').default('curated_events'),
    })
    .prefault({}),
  /** Days after its end at which a day is curated: by then most of what comes late has come. Default 2. */
  curateAfter: z.int('whole days').min(1, '1 or more').max(365, '365 at most').default(2),
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
   * hash too, the view `secondary_exposures` resolves them. With `{ name, split }`, `sluice check` compares the groups of
   * an experiment with these weights: `{ name: 'checkout_button', split: { control: 50, treatment: 50 } }`. Default none.
   */
  experiments: experimentsSchema.default([]),
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
  /** Lambda concurrency of the collector. */
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
      /**
       * Executions at once that the account has in the region without those that functions reserve for themselves: what
       * `aws lambda get-account-settings` says as `UnreservedConcurrentExecutions`, 10 in many new accounts. Default null:
       * 1,000, AWS's default. The alarms `concurrency` and `request-rate` depend on it.
       */
      accountConcurrency: z
        .int('a whole number')
        .min(1, '1 or more')
        .max(1_000_000, '1000000 at most')
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
  /**
   * Deliver every accepted request to Statsig too, or to another address, as it was sent: docs/relay.md. Default nowhere.
   * `{ statsig: true }`, or `{ url: 'https://collector.example.com', headers: { 'x-token': '…' } }`.
   */
  relay: relaySchema,
  /** What is removed from every event before anything of it is written: docs/privacy.md. */
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
  /** What is logged, for how long, and how it is encrypted. */
  logs: z
    .strictObject({
      /**
       * Part of the successful requests that the collector logs: 0 none, 1 all. Default 0.01. Failures are always logged,
       * and metrics count all requests.
       */
      successes: z.number('a number').min(0, '0 or more').max(1, '1 at most').default(0.01),
      /**
       * Days for which CloudWatch keeps the logs of the functions and of the delivery streams. One of those that it knows:
       * 1, 3, 5, 7, 14, 30, 60, 90 … Default 30. The gateway's access log has `endpoint.accessLogDays`.
       */
      retentionDays: logDays().default(30),
      /**
       * KMS key that every log group of the stack is encrypted with, in the stack's region. Its policy has to allow
       * CloudWatch Logs to use it: docs/platform.md, "A key for logs". Default null: a key of AWS.
       */
      kmsKeyArn: kmsKeyArn().nullable().default(null),
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
  /** Delivery streams of each table, to accept more rows a second than the quota of one allows. Default one each. */
  streams: z.strictObject({ exposures: tableStreamsSchema, events: tableStreamsSchema }).prefault({}),
  /** Workgroup, staging database, and how much a query may scan. */
  athena: athenaSchema,
  /** Bucket, key, databases and workgroup that exist already. Default none. */
  existing: existingSchema,
  /** Who may read: Statsig, OWOX Data Marts and Metabase. Default nobody. */
  readers: readersSchema,
  /** Tables whose days are written to customers' buckets: docs/export.md. Default none. */
  exports: exportsSchema,
  /** When objects in the bucket expire. */
  retention: retentionSchema,
  /** Customers' buckets whose Parquet files are ingested, each dataset into a table of its own. Default none. */
  sources: sourcesSchema,
  /** Where alarms are sent. */
  alarms: alarmsSchema,
  /** Where SDKs post to, and what it takes. */
  endpoint: endpointSchema,
  /**
   * Tags of the stack, for cost allocation: `{ team: 'data', 'cost-center': '4711' }`. CloudFormation puts them on every
   * resource that can have tags: docs/platform.md, "Tags". Default none, beside `STAGE`.
   */
  tags: tagsSchema,
  /**
   * Managed policy that limits what every role and user of the stack may do, whatever their own policies say:
   * `arn:aws:iam::111122223333:policy/boundary`. docs/platform.md, "A permissions boundary". Default null: none.
   */
  permissionsBoundary: managedPolicyArn().nullable().default(null),
  /**
   * Also answer what SDKs read, by fetching it from Statsig: for SDKs that have one address for everything
   * (docs/sdks.md). Default null: such requests are refused.
   */
  passThrough: passThroughSchema.nullable().default(null),
  /** The stages that the configuration is deployed to, as the second argument of `defineConfig`. Default `dev` alone. */
  stages: stagesSchema.optional(),
});

/** What a user writes in `sluice.config.ts`: only `bucket` has no default. */
export type ConfigInput = z.input<typeof configSchema>;

/** The validated configuration, every default filled in. */
export type Config = z.output<typeof configSchema>;

/** As Athena counts: https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html */
const BYTES_A_GIGABYTE = 1_000_000_000;

/** Bytes that one query may scan. */
export function scanLimitBytes({ athena }: Pick<Config, 'athena'>): number {
  return Math.round(athena.scanLimitGigabytes * BYTES_A_GIGABYTE);
}
