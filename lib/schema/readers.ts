import * as z from 'zod';
import { alsoReadsSchema, readerPoliciesSchema, s3Location } from './fields/alsoReads.ts';
import { WORKGROUP } from './fields/athena.ts';
import {
  bucketName,
  databaseName,
  externalId,
  flag,
  metabasePrincipal,
  singleRegionKeyArn,
  statsigPrincipal,
} from './formats.ts';
import { named, noted } from './noted.ts';

/** Words that logical IDs are made of; no word begins with a digit, so that no two names make the same ID. */
const NAME = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/;

/**
 * The form of a name in IAM:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
 */
const IAM_NAME = /^[\w+=,.@-]{1,64}$/;

/** Fields of every reader. */
const shared = {
  name: noted(
    z
      .string('a name')
      .regex(NAME, 'a name of words joined by -, each of a-z and 0-9 and beginning with a letter')
      .max(32, 'a name of at most 32 characters'),
    'Its name in the stack: no two readers have the same.',
  ),
  iamName: noted(
    z
      .string('a name in IAM')
      .regex(IAM_NAME, 'a name in IAM: at most 64 letters, digits and + = , . @ _ -')
      .optional(),
    'Name of its role or user in IAM, as `OWOXDataMarts`: [Names in IAM](readers.md#names-in-iam).',
    'one that CloudFormation makes, which begins with the name of the stack',
  ),
  keySerial: noted(
    z.int('a whole number').min(1, '1 or more').default(1),
    'Raise it by one, and the next deployment gives the user new access keys and deletes the old.',
  ),
  alsoReads: noted(
    alsoReadsSchema,
    'Other data that it reads: databases with their tables and locations ([readers.md](readers.md#data-of-others)).',
    "nothing but Sluice's tables",
  ),
  policies: noted(
    readerPoliciesSchema,
    'Managed policies of yours that it has, too, by their ARNs: for what `alsoReads` cannot say.',
    'none',
  ),
};

/** Fields of a reader that has a workgroup of its own. */
const ownWorkgroup = {
  workgroup: noted(
    z
      .string('a workgroup name')
      .regex(WORKGROUP, 'a workgroup name: at most 128 letters, digits and . _ -')
      .optional(),
    'Athena workgroup that exists and that it queries in: `primary`, or another.',
    'one of its own, `<athena.workgroup>_<name>`',
  ),
};

/** Statsig, with the settings that its console shows under Data Connection. */
const statsig = named(
  'StatsigReaderInput',
  z.strictObject({
    kind: noted(z.literal('statsig'), 'Statsig Warehouse Native: [statsig.md](statsig.md).'),
    ...shared,
    as: noted(
      z.enum(['role', 'user'], 'role or user').default('role'),
      'A role that Statsig assumes, or a user whose access keys it is given.',
    ),
    ...ownWorkgroup,
    resultLocation: noted(
      s3Location().optional(),
      "Where results of its queries go: a folder of its own in `bucket`, outside Sluice's folders.",
      '`s3://<bucket>/query-results/<name>/`',
    ),
    principal: noted(
      statsigPrincipal().optional(),
      "With a role: Statsig's account ID, or the ARN of its service account, as older set-ups have it.",
      'none; a role needs it',
    ),
    externalId: noted(
      externalId().optional(),
      'With a role: the external ID that Statsig made for the connection.',
      'none; a role needs it, or `allowNoExternalId`',
    ),
    allowNoExternalId: noted(
      flag().default(false),
      'With a role: let Statsig assume it without an external ID.',
    ),
    statsigForwardsHere: noted(
      flag().default(false),
      "Statsig's own forwarding writes into the same folders: its writes there are not denied.",
    ),
    keyAdministrator: noted(
      flag().default(false),
      'Statsig administers the key, as its encryption guide asks.',
    ),
  }),
);

/** OWOX Data Marts. */
const owox = named(
  'OwoxReaderInput',
  z.strictObject({
    kind: noted(z.literal('owox'), 'OWOX Data Marts: [owox.md](owox.md).'),
    ...shared,
    resultsBucket: noted(
      bucketName(),
      'Bucket of its results, which the stack makes: the form of OWOX takes a bucket without a folder.',
    ),
    existingResultsBucket: noted(
      flag().default(false),
      '`resultsBucket` exists. Its settings are yours: results expire there only if you set it.',
    ),
    resultsKeyArn: noted(
      singleRegionKeyArn().optional(),
      'With `existingResultsBucket`: the KMS key that it is encrypted with, by its ARN.',
      "none, or the key of Sluice's bucket",
    ),
    ownDatabase: noted(
      databaseName().default('owox'),
      'Glue database for its views and tables, which the stack makes.',
    ),
  }),
);

/** Who assumes the role of a product that people run on machines of their own. */
const assumed = {
  principal: noted(
    metabasePrincipal().optional(),
    'With a role: who assumes it. `ec2` or `ecs-tasks` that it runs on, or a role or user by ARN.',
    'none; a role needs it',
  ),
  externalId: noted(
    externalId().optional(),
    'With an ARN as `principal`: the external ID that who assumes the role sends.',
    'none; a root needs it, or `allowNoExternalId`',
  ),
  allowNoExternalId: noted(
    flag().default(false),
    'Let everybody in the account of a root assume the role without an external ID.',
  ),
};

/** Metabase. */
const metabase = named(
  'MetabaseReaderInput',
  z.strictObject({
    kind: noted(z.literal('metabase'), 'Metabase: [metabase.md](metabase.md).'),
    ...shared,
    as: noted(
      z.enum(['role', 'user'], 'role or user').default('user'),
      'A user whose access keys Metabase is given, or a role for its default credentials chain.',
    ),
    ...ownWorkgroup,
    ...assumed,
    ownDatabase: noted(
      databaseName().nullable().default(null),
      'Glue database in which it may make tables, made by the stack.',
      'it only reads',
    ),
  }),
);

/** The schema of `readers`, those who may read: docs/readers.md. */
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

/** A reader that is a role: a configuration without its principal is refused. */
export type Role = RoleReader & { readonly principal: string };

/** Whether a reader is a role of the stack, and not a user. */
export function isRole(reader: Reader): reader is Role {
  return reader.kind !== 'owox' && reader.as === 'role';
}

/** Path of the role or user that has the `iamName` of a reader: `user/OWOXDataMarts`; undefined without one. */
export function namedIdentity(reader: Reader): string | undefined {
  return reader.iamName && `${isRole(reader) ? 'role' : 'user'}/${reader.iamName}`;
}

/** The database in which a reader makes tables; null if it has none. */
export function ownDatabaseOf(reader: Reader): string | null {
  return reader.kind === 'owox' || reader.kind === 'metabase' ? reader.ownDatabase : null;
}
