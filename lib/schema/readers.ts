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
  ),
  keySerial: noted(z.int('a whole number').min(1, '1 or more').default(1), {
    text: 'Raise it by one, and the next deployment gives the user new access keys and deletes the old.',
    example: 2,
  }),
  alsoReads: noted(alsoReadsSchema, {
    text: 'Other data that it reads: databases with their tables and locations ([readers.md](readers.md#data-of-others)).',
    absent: "nothing but Sluice's tables",
    example: [{ database: 'finance', tables: ['orders'], locations: ['s3://acme-finance/orders/'] }],
  }),
  policies: noted(readerPoliciesSchema, {
    text: 'Managed policies of yours that it has, too, by their ARNs: for what `alsoReads` cannot say. Sluice does not read them.',
    absent: 'none',
    example: ['arn:aws:iam::111122223333:policy/read-finance'],
  }),
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
  ),
};

/** Statsig, by what its console shows under Data Connection. */
const statsig = named(
  'StatsigReaderInput',
  z.strictObject({
    kind: noted(z.literal('statsig'), {
      text: 'Statsig Warehouse Native: [statsig.md](statsig.md).',
      example: 'statsig',
    }),
    ...shared,
    as: noted(z.enum(['role', 'user'], 'role or user').default('role'), {
      text: 'A role that Statsig assumes, or a user whose access keys it is given.',
      example: 'user',
    }),
    ...ownWorkgroup,
    resultLocation: noted(s3Location().optional(), {
      text: "Where results of its queries go: a folder of its own in `bucket`, outside Sluice's folders. They expire there as in `query-results/`.",
      absent: '`s3://<bucket>/query-results/<name>/`',
      example: 's3://acme-experiments/statsig-results/',
    }),
    principal: noted(statsigPrincipal().optional(), {
      text: "With a role: Statsig's account ID, or the ARN of its service account, as older set-ups have it.",
      absent: 'none; a role needs it',
      example: '111122223333',
    }),
    externalId: noted(externalId().optional(), {
      text: 'With a role: the external ID that Statsig made for the connection.',
      absent: 'none; a role needs it, or `allowNoExternalId`',
      example: 'made-by-statsig',
    }),
    allowNoExternalId: noted(z.boolean('true or false').default(false), {
      text: 'With a role: let Statsig assume it without an external ID.',
      example: true,
    }),
    statsigForwardsHere: noted(z.boolean('true or false').default(false), {
      text: "Statsig's own forwarding writes into the same folders: its writes there are not denied.",
      example: true,
    }),
    keyAdministrator: noted(z.boolean('true or false').default(false), {
      text: 'Statsig administers the key, as its encryption guide asks. It may then change who else uses the key, and delete it. Reading and staging do not need it. With `existing.keyArn`, add the statement to the policy of your key yourself: `npx sluice policy print --for statsig-role` prints it.',
      example: true,
    }),
  }),
);

/** OWOX Data Marts. */
const owox = named(
  'OwoxReaderInput',
  z.strictObject({
    kind: noted(z.literal('owox'), { text: 'OWOX Data Marts: [owox.md](owox.md).', example: 'owox' }),
    ...shared,
    resultsBucket: noted(bucketName(), {
      text: 'Bucket of its results, which the stack makes: the form of OWOX takes a bucket without a folder.',
      example: 'acme-owox-results',
    }),
    existingResultsBucket: noted(z.boolean('true or false').default(false), {
      text: '`resultsBucket` exists. Its settings are yours: results expire there only if you set it. OWOX reads, writes and deletes any object in it.',
      example: true,
    }),
    resultsKeyArn: noted(singleRegionKeyArn().optional(), {
      text: 'With `existingResultsBucket`: the KMS key that it is encrypted with, by its ARN.',
      absent: "none, or the key of Sluice's bucket",
      example: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    }),
    ownDatabase: noted(databaseName('database').default('owox'), {
      text: 'Glue database for its views and tables, which the stack makes.',
      example: 'owox_prod',
    }),
  }),
);

/** Who assumes the role of a product that runs where its users put it. */
const assumed = {
  principal: noted(metabasePrincipal().optional(), {
    text: 'With a role: who assumes it. `ec2` or `ecs-tasks` that it runs on, or a role or user by ARN.',
    absent: 'none; a role needs it',
    example: 'ecs-tasks',
  }),
  externalId: noted(externalId().optional(), {
    text: "With an ARN as `principal`: the external ID that who assumes the role sends. An account's root needs it.",
    absent: 'none; a root needs it, or `allowNoExternalId`',
    example: 'made-by-you-7f3b',
  }),
  allowNoExternalId: noted(z.boolean('true or false').default(false), {
    text: 'Let everybody in the account of a root assume the role without an external ID.',
    example: true,
  }),
};

/** Metabase. */
const metabase = named(
  'MetabaseReaderInput',
  z.strictObject({
    kind: noted(z.literal('metabase'), {
      text: 'Metabase: [metabase.md](metabase.md).',
      example: 'metabase',
    }),
    ...shared,
    as: noted(z.enum(['role', 'user'], 'role or user').default('user'), {
      text: 'A user whose access keys Metabase is given, or a role for its default credentials chain.',
      example: 'role',
    }),
    ...ownWorkgroup,
    ...assumed,
    ownDatabase: noted(databaseName('database').nullable().default(null), {
      text: 'Glue database in which it may make tables, made by the stack.',
      absent: 'it only reads',
      example: 'metabase',
    }),
  }),
);

/** Who may read: docs/readers.md. */
export const readersSchema = z
  .array(
    named(
      'ReaderInput',
      z.discriminatedUnion('kind', [statsig, owox, metabase], 'statsig, owox or metabase'),
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
/** A reader that may be a role. */
export type RoleReader = Exclude<Reader, OwoxReader>;

/** The database in which a reader makes tables; null for one that has none. */
export function ownDatabaseOf(reader: Reader): string | null {
  return reader.kind === 'owox' || reader.kind === 'metabase' ? reader.ownDatabase : null;
}
