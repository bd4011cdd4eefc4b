import * as z from 'zod';
import { alsoReadsSchema, readerPoliciesSchema, s3Location } from './fields/alsoReads.ts';
import { WORKGROUP } from './fields/athena.ts';
import { named, noted } from './fields/noted.ts';
import {
  bucketName,
  databaseName,
  externalId,
  metabasePrincipal,
  singleRegionKeyArn,
  statsigPrincipal,
} from './formats.ts';

/** Words that logical IDs are made of; no word begins with a digit, so that no two names make the same ID. */
const NAME = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/;

const shared = {
  name: noted(
    z
      .string('a name')
      .regex(NAME, 'a name of words joined by -, each of a-z and 0-9 and beginning with a letter')
      .max(32, 'a name of at most 32 characters'),
    { text: 'Its name in the stack: no two readers have the same.', example: 'statsig' },
    'replaces',
    'A reader of another name is another reader. The role or user, access keys and workgroup of the old one are deleted. Enter the new values: `npx sluice connect`.',
  ),
  keySerial: noted(
    z.int('a whole number').min(1, '1 or more').default(1),
    {
      text: 'Raise it by one, and the next deployment gives the user new access keys and deletes the old.',
      example: 2,
    },
    'replaces',
    'The old access keys stop working when the deployment has ended. Enter the new ones: `npx sluice connect` says where they are.',
  ),
  alsoReads: noted(
    alsoReadsSchema,
    {
      text: 'Other data that it reads: databases with their tables and locations ([readers.md](readers.md#data-of-others)).',
      absent: "nothing but Sluice's tables",
      example: [{ database: 'finance', tables: ['orders'], locations: ['s3://acme-finance/orders/'] }],
    },
    'adds',
    'The reader gets a policy with this beside its own, or loses it.',
  ),
  policies: noted(
    readerPoliciesSchema,
    {
      text: 'Managed policies of yours that it has, too, by their ARNs: for what `alsoReads` cannot say. Sluice does not read them.',
      absent: 'none',
      example: ['arn:aws:iam::111122223333:policy/read-finance'],
    },
    'in place',
    'They are attached to the role or user, or detached.',
  ),
};

const ownWorkgroup = {
  workgroup: noted(
    z
      .string('a workgroup name')
      .regex(WORKGROUP, 'a workgroup name: at most 128 letters, digits and . _ -')
      .optional(),
    {
      text: 'Athena workgroup that exists and that it queries in: `primary`, or another. Its settings and its scan limit are yours. The reader can read there how the queries of others are called and went, but not their results.',
      absent: 'one of its own, `<athena.workgroup>_<name>`',
      example: 'primary',
    },
    'adds',
    'The workgroup of its own is deleted with its history, or made. Enter the new name: `npx sluice connect`.',
  ),
};

const PRINCIPAL_CHANGE = 'The trust policy of the role changes.';
const KIND_CHANGE =
  'The role or user, access keys and workgroup of the old one are deleted. Enter the new values: `npx sluice connect`.';

/** Statsig, by what its console shows under Data Connection. */
const statsig = named(
  'StatsigReaderInput',
  z.strictObject({
    kind: noted(
      z.literal('statsig'),
      { text: 'Statsig Warehouse Native: [statsig.md](statsig.md).', example: 'statsig' },
      'replaces',
      KIND_CHANGE,
    ),
    ...shared,
    as: noted(
      z.enum(['role', 'user'], 'role or user').default('role'),
      { text: 'A role that Statsig assumes, or a user whose access keys it is given.', example: 'user' },
      'adds',
      KIND_CHANGE,
    ),
    ...ownWorkgroup,
    resultLocation: noted(
      s3Location().optional(),
      {
        text: "Where results of its queries go: a folder of its own in `bucket`, outside Sluice's folders. They expire there as in `query-results/`.",
        absent: '`s3://<bucket>/query-results/<name>/`',
        example: 's3://acme-experiments/statsig-results/',
      },
      'in place',
      'The policy and the workgroup change. The reader has no permissions on results in the old folder any more, and they stay there: delete them. Enter the new location: `npx sluice connect`.',
    ),
    principal: noted(
      statsigPrincipal().optional(),
      {
        text: "With a role: Statsig's account ID, or the ARN of its service account, as older set-ups have it.",
        absent: 'none; a role needs it',
        example: '111122223333',
      },
      'in place',
      PRINCIPAL_CHANGE,
    ),
    externalId: noted(
      externalId().optional(),
      {
        text: 'With a role: the external ID that Statsig made for the connection.',
        absent: 'none; a role needs it, or `allowNoExternalId`',
        example: 'made-by-statsig',
      },
      'in place',
      PRINCIPAL_CHANGE,
    ),
    allowNoExternalId: noted(
      z.boolean('true or false').default(false),
      { text: 'With a role: let Statsig assume it without an external ID.', example: true },
      'nothing',
      'It only allows `externalId` to be absent.',
    ),
    statsigForwardsHere: noted(
      z.boolean('true or false').default(false),
      {
        text: "Statsig's own forwarding writes into the same folders: its writes there are not denied.",
        example: true,
      },
      'in place',
      'The policy of the reader changes.',
    ),
    keyAdministrator: noted(
      z.boolean('true or false').default(false),
      {
        text: 'Statsig administers the key, as its encryption guide asks. It may then change who else uses the key, and delete it. Reading and staging do not need it. With `existing.keyArn`, add the statement to the policy of your key yourself: `npx sluice policy print --for statsig-role` prints it.',
        example: true,
      },
      'in place',
      'The policies of the key and of the reader change. The policy of an existing key is yours to change. To change it on a running deployment, the deployment needs `kms:PutKeyPolicy` on the key: `npx sluice policy print --for deploy --key ARN` adds it.',
    ),
  }),
);

/** OWOX Data Marts. */
const owox = named(
  'OwoxReaderInput',
  z.strictObject({
    kind: noted(
      z.literal('owox'),
      { text: 'OWOX Data Marts: [owox.md](owox.md).', example: 'owox' },
      'replaces',
      KIND_CHANGE,
    ),
    ...shared,
    resultsBucket: noted(
      bucketName(),
      {
        text: 'Bucket of its results, which the stack makes: the form of OWOX takes a bucket without a folder.',
        example: 'acme-owox-results',
      },
      'replaces',
      'The old bucket stays with its objects, outside the stack.',
    ),
    existingResultsBucket: noted(
      z.boolean('true or false').default(false),
      {
        text: '`resultsBucket` exists. Its settings are yours: results expire there only if you set it. OWOX reads, writes and deletes any object in it.',
        example: true,
      },
      'adds',
      'On a running deployment the bucket leaves the stack and stays with its objects and settings, but without its policy, which demands TLS. Back to `false` fails, because a bucket of that name exists.',
    ),
    resultsKeyArn: noted(
      singleRegionKeyArn().optional(),
      {
        text: 'With `existingResultsBucket`: the KMS key that it is encrypted with, by its ARN.',
        absent: "none, or the key of Sluice's bucket",
        example: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      },
      'in place',
      'The policy of the reader changes.',
    ),
    ownDatabase: noted(
      databaseName('database').default('owox'),
      { text: 'Glue database for its views and tables, which the stack makes.', example: 'owox_prod' },
      'replaces',
      'The old database stays in Glue, outside the stack.',
    ),
  }),
);

/** Who assumes the role of a product that runs where its users put it. */
const assumed = {
  principal: noted(
    metabasePrincipal().optional(),
    {
      text: 'With a role: who assumes it. `ec2` or `ecs-tasks` that it runs on, or a role or user by ARN.',
      absent: 'none; a role needs it',
      example: 'ecs-tasks',
    },
    'adds',
    `${PRINCIPAL_CHANGE} With \`ec2\` there is an instance profile, too.`,
  ),
  externalId: noted(
    externalId().optional(),
    {
      text: "With an ARN as `principal`: the external ID that who assumes the role sends. An account's root needs it.",
      absent: 'none; a root needs it, or `allowNoExternalId`',
      example: 'made-by-you-7f3b',
    },
    'in place',
    PRINCIPAL_CHANGE,
  ),
  allowNoExternalId: noted(
    z.boolean('true or false').default(false),
    {
      text: 'Let everybody in the account of a root assume the role without an external ID.',
      example: true,
    },
    'nothing',
    'It only allows `externalId` to be absent.',
  ),
};

/** GrowthBook. */
const growthbook = named(
  'GrowthBookReaderInput',
  z.strictObject({
    kind: noted(
      z.literal('growthbook'),
      { text: 'GrowthBook: [growthbook.md](growthbook.md#growthbook-as-a-reader).', example: 'growthbook' },
      'replaces',
      KIND_CHANGE,
    ),
    ...shared,
    as: noted(
      z.enum(['role', 'user'], 'role or user').default('user'),
      {
        text: 'A user whose access keys GrowthBook is given, or a role for its instance profile or to assume.',
        example: 'role',
      },
      'adds',
      KIND_CHANGE,
    ),
    ...ownWorkgroup,
    ...assumed,
  }),
);

/** Metabase. */
const metabase = named(
  'MetabaseReaderInput',
  z.strictObject({
    kind: noted(
      z.literal('metabase'),
      { text: 'Metabase: [metabase.md](metabase.md).', example: 'metabase' },
      'replaces',
      KIND_CHANGE,
    ),
    ...shared,
    as: noted(
      z.enum(['role', 'user'], 'role or user').default('user'),
      {
        text: 'A user whose access keys Metabase is given, or a role for its default credentials chain.',
        example: 'role',
      },
      'adds',
      KIND_CHANGE,
    ),
    ...ownWorkgroup,
    ...assumed,
    ownDatabase: noted(
      databaseName('database').nullable().default(null),
      {
        text: 'Glue database in which it may make tables, made by the stack.',
        absent: 'it only reads',
        example: 'metabase',
      },
      'adds',
      'The old database stays in Glue, outside the stack.',
    ),
  }),
);

/** Who may read: docs/readers.md. */
export const readersSchema = z
  .array(
    named(
      'ReaderInput',
      z.discriminatedUnion(
        'kind',
        [statsig, owox, metabase, growthbook],
        'statsig, owox, metabase or growthbook',
      ),
    ),
    'a list',
  )
  .default([]);

/** One of `readers`. */
export type Reader = z.output<typeof readersSchema>[number];
/** Statsig, as one of `readers`. */
export type StatsigReader = Extract<Reader, { kind: 'statsig' }>;
/** OWOX Data Marts, as one of `readers`. */
export type OwoxReader = Extract<Reader, { kind: 'owox' }>;
/** Metabase, as one of `readers`. */
export type MetabaseReader = Extract<Reader, { kind: 'metabase' }>;
/** GrowthBook, as one of `readers`. */
export type GrowthBookReader = Extract<Reader, { kind: 'growthbook' }>;
/** A reader that may be a role. */
export type RoleReader = Exclude<Reader, OwoxReader>;

/** The database in which a reader makes tables; null for one that has none. */
export function ownDatabaseOf(reader: Reader): string | null {
  return reader.kind === 'owox' || reader.kind === 'metabase' ? reader.ownDatabase : null;
}
