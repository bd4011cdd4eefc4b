import * as z from 'zod';
import { named, noted } from './fields/noted.ts';
import { bucketName, externalId, metabasePrincipal, sqlName, statsigPrincipal } from './formats.ts';

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
};

const PRINCIPAL_CHANGE = 'The trust policy of the role changes.';
const KIND_CHANGE =
  'What the old one had is deleted: role or user, access keys, workgroup. Enter the new values: `npx sluice connect`.';

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
        text: 'Statsig administers the key, as its encryption guide asks. It may then change who else uses the key, and delete it. Reading and staging do not need it.',
        example: true,
      },
      'in place',
      'The policies of the key and of the reader change.',
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
    ownDatabase: noted(
      sqlName('database').default('owox'),
      { text: 'Glue database for its views and tables, which the stack makes.', example: 'owox_prod' },
      'replaces',
      'The old database stays in Glue, outside the stack.',
    ),
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
    principal: noted(
      metabasePrincipal().optional(),
      {
        text: 'With a role: who assumes it. `ec2` or `ecs-tasks` that Metabase runs on, or a role or user by ARN.',
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
        example: 'metabase-7f3b',
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
    ownDatabase: noted(
      sqlName('database').nullable().default(null),
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
