import * as z from 'zod';
import { isUtcDay } from '../base/time.ts';
import { defaultKinds, KEY_FORMATS, MAX_KEY_SOURCES } from './AcceptedKey.ts';
import { endpointSchema, passThroughSchema } from './endpoint.ts';
import { type Export, exportsSchema } from './exports.ts';
import { alarmsSchema } from './fields/alarms.ts';
import { athenaSchema } from './fields/athena.ts';
import { existingSchema } from './fields/existing.ts';
import { experimentsSchema } from './fields/experiments.ts';
import { named, noted } from './fields/noted.ts';
import { logDays, managedPolicyArn, tagsSchema } from './fields/platform.ts';
import { retentionSchema } from './fields/retention.ts';
import { statsigBucketSchema } from './fields/statsigBucket.ts';
import {
  bucketName,
  databaseName,
  exactName,
  folderName,
  kmsKeyArn,
  nameLists,
  placeName,
  sqlName,
} from './formats.ts';
import { readersSchema } from './readers.ts';
import { ARCHITECTURES, REGIONS } from './regions.ts';
import { relaySchema } from './relay.ts';
import { sourcesSchema } from './sources.ts';
import { stagesSchema } from './stages.ts';

const { label, sha256, environment } = KEY_FORMATS;

/** One of `keys`. Its members: lib/schema/AcceptedKey.ts */
export const keySchema = named(
  'AcceptedKeyInput',
  z
    .strictObject({
      label: noted(z.string('a label').regex(label.pattern, label.words), {
        text: 'Names the key in logs, metrics and quarantine rows. Two keys may share one: while an app moves from one key to the next, both are `web`.',
        example: 'web',
      }),
      sha256: noted(z.string('a SHA-256').regex(sha256.pattern, sha256.words), {
        text: 'SHA-256 of the whole key: `printf %s "$KEY" | sha256sum`. The key itself belongs in no file.',
        example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      }),
      environment: noted(
        z.string('an environment').regex(environment.pattern, environment.words).optional(),
        {
          text: '`environment` of events whose sender gave no tier.',
          absent: '`production`, as Statsig takes them',
          example: 'staging',
        },
      ),
      kinds: noted(
        z
          .array(z.enum(['exposures', 'events'], 'exposures or events'), 'a list of exposures, events')
          .optional(),
        {
          text: 'Kinds that may be sent with the key. Anything else goes to quarantine.',
          absent: 'both; none for a key that names `sources`',
          example: ['events'],
        },
      ),
      sources: noted(
        z
          .array(placeName(), 'a list of names of sources')
          .min(1, 'the name of at least one source')
          .max(MAX_KEY_SOURCES, `at most ${MAX_KEY_SOURCES} names of sources`)
          .optional(),
        {
          text: 'Names of the sources that the key may start with `POST /v1/mark_data_ready_dwh`.',
          absent: 'none, unless the configuration has only one source',
          example: ['acme'],
        },
      ),
    })
    .refine(({ kinds, sources }) => kinds?.length !== 0 || sources !== undefined, {
      path: ['kinds'],
      error: 'at least one of exposures, events',
    })
    .transform((key) => ({ ...key, kinds: key.kinds ?? [...defaultKinds(key.sources)] })),
);

/** The shape of `sluice.config.ts`, with every default. The one place where configuration is validated. */
export const configSchema = z.strictObject({
  bucket: noted(bucketName(), {
    text: 'Bucket that everything is written to. Bucket names are global: choose your own.',
    example: 'acme-experiments',
  }),
  account: noted(
    z
      .string('an account: 12 digits, as a text')
      .regex(/^(?!0{12}$)\d{12}$/, 'an account: 12 digits, not the 000000000000 of the local cloud')
      .nullable()
      .default(null),
    {
      text: 'Account that everything is deployed to, 12 digits. A deployment with credentials of another account is refused. Stages of different accounts may use equal names of databases and workgroups.',
      absent: 'any account',
      example: '111122223333',
    },
  ),
  region: noted(
    z
      .enum(REGIONS, 'a region that has all of the services: docs/reference/configuration.md lists them')
      .default('us-east-1'),
    {
      text: 'Region that everything is deployed to, unless `--region` names another.',
      example: 'eu-west-1',
    },
  ),
  architecture: noted(z.enum(ARCHITECTURES, 'arm64 or x86_64').default('arm64'), {
    text: 'Processor of the functions. `arm64` costs a fifth less. Regions without it need `x86_64`: [Lambda](https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html).',
    example: 'x86_64',
  }),
  statsigFolder: noted(folderName().default('statsig'), {
    text: "The Statsig S3 folder inside the bucket, as Statsig's data connection has it.",
    example: 'warehouse/statsig',
  }),
  formerStatsigFolders: noted(
    z
      .array(
        named(
          'FormerFolderInput',
          z.strictObject({
            folder: noted(folderName(), { text: 'The previous `statsigFolder`.', example: 'statsig' }),
            until: noted(z.string('a day').refine(isUtcDay, 'a day, YYYY-MM-DD'), {
              text: 'The last day whose files are in that folder: at least two days after the deployment that changes `statsigFolder`, because rows of tomorrow may have landed there.',
              example: '2026-11-26',
            }),
          }),
        ),
        'a list',
      )
      .max(5, 'at most 5')
      .default([]),
    {
      text: 'Earlier values of `statsigFolder`. Days up to `until` stay in their folder, for writing, readers, functions and erasure: [Another Statsig folder](remove.md#another-statsig-folder).',
      example: [{ folder: 'statsig', until: '2026-11-26' }],
    },
  ),
  database: noted(databaseName('database').default('sluice'), {
    text: 'Glue database of the tables and views. Glue keeps its name in lower case. With a hyphen in it, queries quote it: `"sluice-prod"."product_events"`.',
    example: 'sluice_prod',
  }),
  tables: noted(
    z
      .strictObject({
        exposures: noted(sqlName('table').default('statsig_forwarded_exposures'), {
          text: "Table of exposures, and the name of its folder. The default is Statsig's own name.",
          example: 'exposures',
        }),
        events: noted(sqlName('table').default('statsig_forwarded_events'), {
          text: "Table of events, and the name of its folder. The default is Statsig's own name.",
          example: 'events',
        }),
        quarantine: noted(sqlName('table').default('quarantine'), {
          text: 'Table of what was refused, and the name of its folder.',
          example: 'refused',
        }),
      })
      .prefault({}),
    { text: 'Names of the Glue tables that delivery streams write.', example: { exposures: 'exposures' } },
  ),
  curate: noted(z.boolean('true or false').default(true), {
    text: 'Rewrite each day of exposures and events once it is over, without resends and sorted, and let the views read it from there: [curated.md](curated.md).',
    example: false,
  }),
  curatedTables: noted(
    z
      .strictObject({
        exposures: noted(sqlName('table').default('curated_exposures'), {
          text: 'Table of exposures without resends, sorted by experiment.',
          example: 'exposures_by_experiment',
        }),
        events: noted(sqlName('table').default('curated_events'), {
          text: 'Table of events without resends, sorted by name.',
          example: 'events_by_name',
        }),
      })
      .prefault({}),
    { text: 'Names of the Glue tables of curated days.', example: { events: 'events_by_name' } },
  ),
  curateAfter: noted(z.int('whole days').min(1, '1 or more').max(365, '365 at most').default(2), {
    text: 'Days after its end at which a day is curated. By then most of what is late has arrived.',
    example: 3,
  }),
  unitIds: noted(z.record(z.string().min(1), sqlName('column')).default({}), {
    text: 'Custom unit IDs that become columns: the name in `user.customIDs`, and the column.',
    example: { companyID: 'company_id' },
  }),
  jsonPaths: noted(z.record(z.string(), z.string('a path')).default({}), {
    text: 'Members of the JSON of an event that become columns of the views: the column, and the path. A path begins with `user.`, `metadata.` (of custom events) or `statsigMetadata.`.',
    example: { plan: 'user.custom.plan' },
  }),
  timeWindow: noted(
    z
      .strictObject({
        pastDays: noted(z.int('whole days').min(0, '0 or more').max(365, '365 at most').default(7), {
          text: "Days before its arrival that an event's time may be and still decide the day of its row.",
          example: 30,
        }),
        futureDays: noted(z.int('whole days').min(0, '0 or more').max(365, '365 at most').default(1), {
          text: 'The same for days after its arrival.',
          example: 2,
        }),
      })
      .prefault({}),
    {
      text: "How far an event's time may be from its arrival and still choose its date folder. Otherwise the day of arrival does.",
      example: { pastDays: 30 },
    },
  ),
  experiments: noted(experimentsSchema.default([]), {
    text: 'Names of experiments, to resolve the hashed names that client SDKs may send for experiments of layers. With the names of gates, `secondary_exposures` resolves those. With `{ name, split }`, `sluice check` compares the groups of an experiment with these weights.',
    example: ['checkout_button', { name: 'homepage_hero', split: { control: 50, treatment: 50 } }],
  }),
  holdouts: noted(z.array(exactName('a holdout name')).nullable().default(null), {
    text: 'Names of all holdouts. A unit in one of them is in no group: its exposures are not assignments, and the views mark them `held_out`. They also resolve hashed names, as `experiments` do. `[]` says that there are none.',
    absent: 'not known: units in a holdout count as another group ([statsig.md](statsig.md))',
    example: ['spring_holdout'],
  }),
  keys: noted(z.array(keySchema).default([]), {
    text: 'SDK keys that may post, besides those in Secrets Manager that `sluice keys` adds. These are part of the deployment: they hold even when Secrets Manager is down, and change only with the next deployment. The local cloud also accepts every `client-…`, `secret-…` and `sdk-…` key. [keys.md](keys.md)',
    example: [{ label: 'web', sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' }],
  }),
  keysInSecret: noted(z.boolean('true or false').default(false), {
    text: 'The keys are in Secrets Manager, so that a deployment without `keys` is accepted.',
    example: true,
  }),
  keyLimit: noted(
    z
      .strictObject({
        requestsPerSecond: noted(
          z.number('a number').min(0.1, '0.1 or more').max(100_000, '100000 at most').default(500),
          { text: 'Requests a second in the long run.', example: 100 },
        ),
        burst: noted(
          z.int('a whole number').min(1, '1 or more').max(1_000_000, '1000000 at most').default(5_000),
          { text: 'Requests at once, after a pause.', example: 1_000 },
        ),
      })
      .prefault({}),
    {
      text: "Requests that the keys of one label may send, in each of the collector's execution environments. Requests beyond that are answered 503. An environment takes one request at a time and hardly gets beyond 100 a second, so the default limits nobody in normal use.",
      example: { requestsPerSecond: 100 },
    },
  ),
  collector: noted(
    z
      .strictObject({
        reservedConcurrency: noted(
          z
            .int('a whole number')
            .min(1, '1 or more: 0 would take nothing')
            .max(100_000, '100000 at most')
            .nullable()
            .default(null),
          {
            text: 'Executions at once that are kept for the collector. It is also the most that the collector may have: [Overload](endpoint.md#overload). AWS refuses a reservation that leaves the account fewer than 100, and new accounts may have fewer: [Lambda](https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).',
            absent: 'no reservation',
            example: 200,
          },
        ),
        accountConcurrency: noted(
          z
            .int('a whole number')
            .min(1, '1 or more')
            .max(1_000_000, '1000000 at most')
            .nullable()
            .default(null),
          {
            text: 'Executions at once that the account has in the region without those that functions reserve for themselves: `UnreservedConcurrentExecutions` of `aws lambda get-account-settings`, 10 in many new accounts. Alarms depend on it.',
            absent: "1,000, AWS's default",
            example: 3_000,
          },
        ),
      })
      .prefault({}),
    { text: 'Lambda concurrency of the collector.', example: { reservedConcurrency: 200 } },
  ),
  allowAnyKey: noted(z.boolean('true or false').default(false), {
    text: 'Accept every `client-…`, `secret-…` and `sdk-…` key in a deployment, too. Anybody can then send events that you pay for.',
    example: true,
  }),
  landTelemetry: noted(z.boolean('true or false').default(false), {
    text: "Store the SDKs' internal telemetry (`statsig::diagnostics` and the like) as events. With `false` it is only counted by name.",
    example: true,
  }),
  events: noted(nameLists(), {
    text: 'Custom events to store, by name. The others are only counted.',
    absent: 'all',
    example: { deny: ['auto_capture::*'] },
  }),
  exposures: noted(nameLists(), {
    text: 'Exposures to store, by gate, config, experiment or layer. The others are only counted.',
    absent: 'all',
    example: { deny: ['debug_*'] },
  }),
  relay: noted(relaySchema, {
    text: 'Deliver every accepted request to Statsig too, or to another address, as it was sent: [relay.md](relay.md).',
    absent: 'nowhere',
    example: { statsig: true },
  }),
  privacy: noted(
    z
      .strictObject({
        redact: noted(z.record(z.string(), z.enum(['drop', 'hash'], 'drop or hash')).default({}), {
          text: 'The action on the value at each path: `drop` or `hash`. Private attributes are always taken out.',
          example: { 'user.email': 'hash', 'user.ip': 'drop', 'user.custom.*': 'drop' },
        }),
        salt: noted(z.string('a text').min(16, 'at least 16 characters').optional(), {
          text: 'Secret part of hashes and, as soon as anything is redacted, of event IDs. Required with `redact`. Read it from the environment: `process.env.SLUICE_SALT`.',
          absent: 'none',
          example: 'a long text from your password manager',
        }),
      })
      .prefault({}),
    {
      text: 'Values that are removed from every event before it is written: [privacy.md](privacy.md).',
      example: { redact: { 'user.ip': 'drop' }, salt: 'a long text from your password manager' },
    },
  ),
  logs: noted(
    z
      .strictObject({
        successes: noted(z.number('a number').min(0, '0 or more').max(1, '1 at most').default(0.01), {
          text: 'Part of the successful requests that is logged: 0 none, 1 all. Failures are always logged, and metrics count all requests.',
          example: 0.1,
        }),
        retentionDays: noted(logDays().default(30), {
          text: 'Days for which CloudWatch keeps the logs of the functions and of the delivery streams: 1, 3, 5, 7, 14, 30, 60, 90 … The access log of the gateway has `endpoint.accessLogDays`.',
          example: 90,
        }),
        kmsKeyArn: noted(kmsKeyArn().nullable().default(null), {
          text: "KMS key that every log group of the stack is encrypted with, in the stack's region. Its policy has to allow CloudWatch Logs to use it: [A key for logs](platform.md#a-key-for-logs).",
          absent: 'a key of AWS',
          example: 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        }),
      })
      .prefault({}),
    {
      text: 'Which requests are logged, for how long, and how logs are encrypted.',
      example: { successes: 0.1 },
    },
  ),
  buffering: noted(
    z
      .strictObject({
        // https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html allows 0.
        seconds: noted(
          z
            .int('whole seconds')
            .min(10, '10 or more: fewer make an object of nearly every request')
            .max(900, '900 at most')
            .default(60),
          {
            text: 'Seconds after which Firehose writes an object of requests, which becomes a file of each table and day. Fewer make rows appear sooner, in more and smaller files.',
            example: 300,
          },
        ),
        megabytes: noted(z.int('whole MiB').min(1, '1 or more').max(64, '64 at most').default(16), {
          text: 'MiB of compressed requests at which Firehose writes an object. They are 10 to 20 times as many of rows.',
          example: 64,
        }),
      })
      .prefault({}),
    {
      text: 'When Firehose writes an object: whichever is reached first.',
      example: { seconds: 300 },
    },
  ),
  landing: noted(z.enum(['firehose', 'direct'], 'firehose or direct').default('firehose'), {
    text: 'How requests get into the landing. `direct` makes an object of each, without Firehose: for the time in which it delivers nothing.',
    example: 'direct',
  }),
  athena: noted(athenaSchema, {
    text: 'Workgroup and staging database of Athena, and how much a query may scan.',
    example: { workgroup: 'sluice-prod', scanLimitGigabytes: 50 },
  }),
  existing: noted(existingSchema, {
    text: 'Bucket, key, databases and workgroup that exist already, and that the stack uses and does not change: [Bringing your own](deploy.md#bringing-your-own).',
    example: { database: true },
  }),
  readers: noted(readersSchema, {
    text: 'Who may read: Statsig, OWOX Data Marts and Metabase, [readers.md](readers.md). Each is an object with a `kind`.',
    absent: 'nobody',
    example: [{ kind: 'metabase', name: 'metabase' }],
  }),
  dailyIngest: noted(
    z
      .strictObject({
        hour: noted(z.int('a whole hour').min(0, '0 or more').max(23, '23 at most').default(9), {
          text: "Hour in UTC at which daily datasets are planned. At 9 yesterday is over as far west as Los Angeles. Daily exports follow two and a half hours later. Statsig's scheduled reload and Metabase's sync come after both.",
          example: 6,
        }),
      })
      .prefault({}),
    { text: 'When the drops of a day are looked for.', example: { hour: 6 } },
  ),
  exports: noted(exportsSchema, {
    text: "Tables whose days are written to customers' buckets: [export.md](export.md).",
    absent: 'none',
    example: [
      {
        name: 'acme-events',
        table: 'statsig_forwarded_events',
        target: { bucket: 'acme-warehouse', owner: '444455556666' },
      },
    ],
  }),
  statsigBucket: noted(statsigBucketSchema.nullable().default(null), {
    text: "A bucket for Statsig's own IAM user, which reads exports there and may write its own: [statsig-s3.md](statsig-s3.md).",
    absent: 'none',
    example: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme-4f2a' },
  }),
  retention: noted(retentionSchema, {
    text: 'Days after which objects in the bucket expire. `null` keeps them: [the table](retention.md#files-of-the-bucket).',
    example: { forwardedDays: 730 },
  }),
  sources: noted(sourcesSchema, {
    text: "Customers' buckets whose Parquet files are ingested, each dataset into a table of its own: [ingest.md](ingest.md).",
    absent: 'none',
    example: [
      {
        name: 'acme',
        bucket: 'acme-drops',
        owner: '444455556666',
        datasets: [{ name: 'orders', kind: 'events' }],
      },
    ],
  }),
  alarms: noted(alarmsSchema, {
    text: 'Where alarms are sent, and thresholds that depend on your traffic.',
    example: { topicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call' },
  }),
  endpoint: noted(endpointSchema, {
    text: 'Where SDKs post to, and how much it takes.',
    example: { accessLogDays: 30 },
  }),
  tags: noted(tagsSchema, {
    text: 'Tags of the stack, for cost allocation. CloudFormation puts them on every resource that can have tags, beside `STAGE`: [Tags](platform.md#tags).',
    example: { team: 'data', 'cost-center': '4711' },
  }),
  permissionsBoundary: noted(managedPolicyArn().nullable().default(null), {
    text: 'Managed policy that limits what every role and user of the stack may do, whatever their own policies say: [A permissions boundary](platform.md#a-permissions-boundary).',
    absent: 'none',
    example: 'arn:aws:iam::111122223333:policy/boundary',
  }),
  passThrough: noted(passThroughSchema.nullable().default(null), {
    text: 'Also answer what SDKs read, by fetching it from Statsig: for SDKs that have one address for everything ([sdks.md](sdks.md#sdks-with-one-address)).',
    absent: 'such requests are refused',
    example: { statsig: true },
  }),
  stages: noted(stagesSchema.optional(), {
    text: 'The stages that the configuration is deployed to. Usually the second argument of `defineConfig` lists them.',
    absent: '`dev` alone',
    example: ['prod'],
  }),
});

/** What a user writes in `sluice.config.ts`. */
export type ConfigInput = z.input<typeof configSchema>;

/** The validated configuration, every default filled in. */
export type Config = Omit<z.output<typeof configSchema>, 'exports'> & { exports: Export[] };

/** As Athena counts: https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html */
const BYTES_A_GIGABYTE = 1_000_000_000;

/** Bytes that one query may scan. */
export function scanLimitBytes({ athena }: Pick<Config, 'athena'>): number {
  return Math.round(athena.scanLimitGigabytes * BYTES_A_GIGABYTE);
}
