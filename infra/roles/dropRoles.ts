import { receiptFolder, type Source } from '../../lib/schema/sources.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import { LEDGER_FOLDER, LOADS_FOLDER, triggerKey, VERSION_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { receivedHoursTable } from '../../lib/tables/receivedHoursTable.ts';
import { ingestedFolders, tableFolder } from '../../lib/tables/tableFolders.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { bucketArnText, objectsArn, objectsArns } from '../data/bucket.ts';
import { tableArns } from '../data/catalog.ts';
import { type Resources, ref, sub } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { customerStatements } from './customerAccess.ts';
import {
  type AllowStatement,
  assumeSelf,
  functionRole,
  type RoleStatement,
  seesWhatIsMissing,
  sendTo,
} from './policies.ts';

/**
 * How much more the role of the load may do than it needs. The length of its policies is limited, so a deployment with
 * many datasets gets a wider role. `exact`: it may do nothing more. `tables`: it may change the catalog's tables except
 * those of the stack itself. `buckets`: it may also read buckets of the sources' owners, except those of the
 * deployment's own account. In each of them, the session of a load is limited to its dataset.
 */
export const WIDTHS = ['exact', 'tables', 'buckets'] as const;
/** One of {@link WIDTHS}. */
export type Width = (typeof WIDTHS)[number];

/** One role for each function of the ingest. */
export function ingestRoles(stack: Stack, width: Width): Resources {
  const { sources } = stack.config;
  return {
    ...functionRole(
      stack,
      'ingest-plan',
      [seesWhatIsMissing(stack), sendTo('ingest-load', 'ingest-plan')],
      [],
      sources.map((source) => [
        ledgerOf(stack, source),
        ...customerStatements(source, [], { onBucket: ['s3:ListBucket'] }),
      ]),
    ),
    ...functionRole(
      stack,
      'ingest-trigger',
      [
        sendTo('ingest-plan'),
        { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.keysSecret)] },
      ],
      [],
      sources.map(({ name }) => [
        {
          // Deleting gives the turn back if the start fails. An object that is read exists, or did a moment ago.
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
          Resource: [sub(`${bucketArnText(stack)}/${triggerKey(name)}`)],
        },
      ]),
    ),
    ...ingestLoadRole(stack, width),
  };
}

/** The permission for the ledger of a source's datasets. */
function ledgerOf(stack: Stack, { name }: Source): AllowStatement {
  return {
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: [objectsArn(stack, `${LEDGER_FOLDER}${name}/`)],
  };
}

/**
 * The role that reads customers' files, writes versions, refused rows and the ledger, and moves partitions. It cannot
 * read landed data. Each load works in a session of this role that is limited to one dataset
 * (lib/access/sessionPolicies.ts). Only the sweep uses the whole role.
 */
function ingestLoadRole(stack: Stack, width: Width): Resources {
  const { config } = stack;
  const { sources } = config;
  const landed = objectsArns(stack, ingestedFolders(config));
  const notes = objectsArn(stack, VERSION_NOTES);
  const pieces = objectsArn(stack, LOADS_FOLDER);
  const refused = objectsArn(stack, tableFolder(config, 'quarantine'));
  const self = assumeSelf(stack, 'ingest-load');
  const read = sources.filter((source) => width === 'buckets' && isReadByOwner(config, source));
  return functionRole(
    stack,
    'ingest-load',
    [
      { Action: ['s3:GetObject'], Resource: [...landed, pieces] },
      { Action: ['s3:PutObject'], Resource: [...landed, notes, pieces, refused] },
      // These are versions that no query reads any more, the notes on them, and rows that an earlier mapping refused.
      { Action: ['s3:DeleteObject'], Resource: [...landed, notes, pieces, refused] },
      // This is for multipart uploads that fail.
      { Action: ['s3:AbortMultipartUpload'], Resource: [...landed, pieces, refused] },
      seesWhatIsMissing(stack),
      // The sweep asks before it deletes a version, also for tables of datasets that are no longer configured.
      { Action: ['glue:GetPartitions'], Resource: tableArns(stack, ['*']) },
      ...(width === 'exact' ? [] : otherTables(stack)),
      ...(read.length === 0 ? [] : [readsOwnersBuckets(read)]),
      // The load sends a message for the next piece of a day.
      sendTo('ingest-load'),
      self.allowance,
    ],
    [self.trust],
    sources.map((source) => loadsSource(stack, source, width)),
  );
}

/** Actions of a load on its table. */
const ON_TABLES = ['glue:BatchCreatePartition', 'glue:BatchUpdatePartition', 'glue:GetTable'];

/** The statements of the load's role for one source. */
function loadsSource(stack: Stack, source: Source, width: Width): readonly AllowStatement[] {
  const tables = source.datasets.map(({ table }) => table);
  const receipts = receiptFolder(source);
  const isRead = width === 'buckets' && isReadByOwner(stack.config, source);
  const folders = source.datasets.map(({ folder }) => `${folder}/`);
  return [
    ledgerOf(stack, source),
    ...(width === 'exact' ? [{ Action: ON_TABLES, Resource: tableArns(stack, tables) }] : []),
    ...customerStatements(source, folders, {
      onBucket: isRead ? [] : ['s3:ListBucket'],
      onObjects: isRead ? [] : ['s3:GetObject'],
      onKey: ['kms:Decrypt'],
    }),
    // Nothing else is written into customers' buckets, and nothing that is written there is read back.
    ...(receipts === null
      ? []
      : customerStatements(source, [receipts], {
          onObjects: ['s3:PutObject'],
          onKey: ['kms:GenerateDataKey'],
        })),
  ];
}

/**
 * Statements for partitions of every table of the database, except the stack's own. A load's session names the one
 * table that it may use.
 */
function otherTables(stack: Stack): readonly RoleStatement[] {
  const { config } = stack;
  const stackTables = [
    ...Object.values(config.tables),
    ...Object.values(config.curatedTables),
    ...viewNames,
    groupsTable.name,
    receivedHoursTable.name,
  ];
  // Only the tables are denied: the catalog and the database, which come first, are those of all tables.
  const [_catalog, _database, ...denied] = tableArns(stack, stackTables);
  return [
    { Action: ON_TABLES, Resource: tableArns(stack, ['*']) },
    { Effect: 'Deny', Action: ON_TABLES, Resource: denied },
  ];
}

/** Whether a source's bucket is in another account than the deployment's, so that the bucket's policy decides, too. */
function isReadByOwner({ account }: Stack['config'], { role, owner }: Source): boolean {
  return role === undefined && account !== null && owner !== undefined && owner !== account;
}

/**
 * A statement to read buckets of the sources' owners, as far as these allow the role. A load's session names its bucket
 * and folder.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
 */
function readsOwnersBuckets(sources: readonly Source[]): AllowStatement {
  const owners = [...new Set(sources.flatMap(({ owner }) => owner ?? []))];
  return {
    Action: ['s3:GetObject', 's3:ListBucket'],
    Resource: [sub(`arn:\${AWS::Partition}:s3:::*`)],
    Condition: {
      StringEquals: { 's3:ResourceAccount': owners },
      StringNotEquals: { 's3:ResourceAccount': ref('AWS::AccountId') },
    },
  };
}
