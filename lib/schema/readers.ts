import * as z from 'zod';
import { bucketName, externalId, metabasePrincipal, sqlName, statsigPrincipal } from './formats.ts';

/** Words that logical IDs are made of; no word begins with a digit, so that no two names make the same ID. */
const NAME = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/;

const shared = {
  /** Its name in the stack: no two readers have the same. */
  name: z
    .string('a name')
    .regex(NAME, 'a name of words joined by -, each of a-z and 0-9 and beginning with a letter')
    .max(32, 'a name of at most 32 characters'),
  /** Raise it by one, and the next deployment gives the user new access keys and deletes the old. Default 1. */
  keySerial: z.int('a whole number').min(1, '1 or more').default(1),
};

/** Statsig, by what its console shows under Data Connection. */
const statsig = z.strictObject({
  kind: z.literal('statsig'),
  ...shared,
  /** A role that Statsig assumes, or a user whose access keys it is given. Default role. */
  as: z.enum(['role', 'user'], 'role or user').default('role'),
  /** Role: Statsig's account ID, or the ARN of its service account, as older set-ups have it. */
  principal: statsigPrincipal().optional(),
  /** Role: the external ID that Statsig made for the connection. */
  externalId: externalId().optional(),
  /** Role: allow Statsig to assume it without an external ID. Default false. */
  allowNoExternalId: z.boolean('true or false').default(false),
  /** Statsig's own forwarding writes into the same folders: its writes there are not denied. Default false. */
  statsigForwardsHere: z.boolean('true or false').default(false),
  /**
   * Statsig administers the key, as its encryption guide asks. It may then change who else uses the key, and delete
   * it. Reading and staging don't need it. Default false.
   */
  keyAdministrator: z.boolean('true or false').default(false),
});

/** OWOX Data Marts. */
const owox = z.strictObject({
  kind: z.literal('owox'),
  ...shared,
  /** Bucket of its results, which the stack makes: its form takes a bucket without a folder. */
  resultsBucket: bucketName(),
  /** Glue database for its views and tables, which the stack makes. Default `owox`. */
  ownDatabase: sqlName('database').default('owox'),
});

/** Metabase. */
const metabase = z.strictObject({
  kind: z.literal('metabase'),
  ...shared,
  /** A user whose access keys Metabase is given, or a role for its default credentials chain. Default user. */
  as: z.enum(['role', 'user'], 'role or user').default('user'),
  /** Role: who assumes it: `ec2` or `ecs-tasks` that Metabase runs on, or a role or user by ARN. */
  principal: metabasePrincipal().optional(),
  /** Glue database in which it may make tables, made by the stack. Default null: it only reads. */
  ownDatabase: sqlName('database').nullable().default(null),
});

/** Who may read: docs/readers.md. */
export const readersSchema = z
  .array(z.discriminatedUnion('kind', [statsig, owox, metabase], 'statsig, owox or metabase'), 'a list')
  .default([]);

/** One of `readers`. */
export type Reader = z.output<typeof readersSchema>[number];
/** Statsig, as one of `readers`. */
export type StatsigReader = Extract<Reader, { kind: 'statsig' }>;
/** OWOX Data Marts, as one of `readers`. */
export type OwoxReader = Extract<Reader, { kind: 'owox' }>;
/** Metabase, as one of `readers`. */
export type MetabaseReader = Extract<Reader, { kind: 'metabase' }>;
