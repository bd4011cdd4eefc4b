import { receiptFolder } from '../../lib/schema/sources.ts';
import { LEDGER_FOLDER, LOADS_FOLDER, triggerKey, VERSION_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { ingestedFolders, tableFolder } from '../../lib/tables/tableFolders.ts';
import { bucketArn, bucketArnText, objectsArn } from '../data/bucket.ts';
import { tableArns } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref, sub } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { customerBucketStatements, customerKeyStatements, customerRoleStatements } from './customerAccess.ts';
import {
  type AllowStatement,
  assumeSelf,
  consumeQueue,
  lambdaService,
  serviceRole,
  useKey,
  writeLogs,
} from './policies.ts';

/** One role for each function of the ingest. */
export function ingestRoles(stack: Stack): Resources {
  const { sources } = stack.config;
  const names = sources.map(({ name }) => name);
  const direct = sources.filter((source) => source.role === undefined);
  const ledger = {
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: names.map((name) => objectsArn(stack, `${LEDGER_FOLDER}${name}/`)),
  };
  const turns = {
    // Deleting gives the turn back if the start fails. An object that is read exists, or did a moment ago.
    Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
    Resource: names.map((name) => objectArn(stack, triggerKey(name))),
  };
  return {
    [logicalIds.planRole]: serviceRole(lambdaService, [
      writeLogs(stack, 'ingest-plan'),
      ledger,
      seesWhatIsMissing(stack),
      useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
      {
        Action: ['sqs:SendMessage'],
        Resource: [getAtt(logicalIds.loadQueue), getAtt(logicalIds.planQueue)],
      },
      consumeQueue(logicalIds.planQueue),
      ...customerBucketStatements(
        direct.map((source) => ({ ...source, folders: [] })),
        { onBucket: ['s3:ListBucket'], onObjects: [] },
      ),
      ...customerRoleStatements(sources),
    ]),
    [logicalIds.triggerRole]: serviceRole(lambdaService, [
      writeLogs(stack, 'ingest-trigger'),
      turns,
      useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
      { Action: ['sqs:SendMessage'], Resource: [getAtt(logicalIds.planQueue)] },
      { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.keysSecret)] },
    ]),
    [logicalIds.loadRole]: ingestLoadRole(stack),
  };
}

/**
 * On all names: without the permission to list, S3 answers 403 instead of 404 for a missing object.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function seesWhatIsMissing(stack: Stack): AllowStatement {
  return { Action: ['s3:ListBucket'], Resource: [bucketArn(stack)] };
}

function objectArn(stack: Stack, key: string) {
  return sub(`${bucketArnText(stack)}/${key}`);
}

/**
 * Reads customers' files, writes versions, refused rows and the ledger, and moves partitions. It cannot read landed data.
 * Each load works in a session of this role that is limited to one dataset (lib/access/sessionPolicies.ts). Only the sweep
 * uses the whole role.
 */
function ingestLoadRole(stack: Stack): Resource {
  const { config } = stack;
  const { sources } = config;
  const tables = sources.flatMap(({ datasets }) => datasets.map(({ table }) => table));
  const landed = ingestedFolders(config).map((folder) => objectsArn(stack, folder));
  const notes = objectsArn(stack, VERSION_NOTES);
  const pieces = objectsArn(stack, LOADS_FOLDER);
  const refused = objectsArn(stack, tableFolder(config, 'quarantine'));
  const itself = assumeSelf(stack, logicalIds.loadRole);
  const direct = sources.filter((source) => source.role === undefined);
  const receiving = direct.flatMap((source) => {
    const folder = receiptFolder(source);
    return folder === null ? [] : [{ ...source, folders: [folder] }];
  });
  return serviceRole(
    lambdaService,
    [
      writeLogs(stack, 'ingest-load'),
      { Action: ['s3:GetObject'], Resource: [...landed, pieces] },
      { Action: ['s3:PutObject'], Resource: [...landed, notes, pieces, refused] },
      // Versions that no query reads any more, the notes on them, and rows that an earlier mapping refused.
      { Action: ['s3:DeleteObject'], Resource: [...landed, notes, pieces, refused] },
      // For multipart uploads that fail.
      { Action: ['s3:AbortMultipartUpload'], Resource: [...landed, pieces, refused] },
      {
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: sources.map(({ name }) => objectsArn(stack, `${LEDGER_FOLDER}${name}/`)),
      },
      {
        // On all names: without the permission to list, S3 answers 403 instead of 404 for a missing entry.
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        Action: ['s3:ListBucket'],
        Resource: [bucketArn(stack)],
      },
      useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
      {
        Action: ['glue:BatchCreatePartition', 'glue:BatchUpdatePartition', 'glue:GetTable'],
        Resource: tableArns(stack, tables),
      },
      // The sweep asks before it deletes a version, also for tables of datasets that are no longer configured.
      { Action: ['glue:GetPartitions'], Resource: tableArns(stack, ['*']) },
      consumeQueue(logicalIds.loadQueue),
      // The next piece of a day.
      { Action: ['sqs:SendMessage'], Resource: [getAtt(logicalIds.loadQueue)] },
      ...customerBucketStatements(
        direct.map((source) => ({ ...source, folders: source.datasets.map(({ folder }) => `${folder}/`) })),
        {
          onBucket: ['s3:ListBucket'],
          onObjects: ['s3:GetObject'],
        },
      ),
      ...customerKeyStatements(direct, ['kms:Decrypt']),
      // Nothing else is written into customers' buckets, and nothing there is read back.
      ...customerBucketStatements(receiving, { onBucket: [], onObjects: ['s3:PutObject'] }),
      ...customerKeyStatements(receiving, ['kms:GenerateDataKey']),
      ...customerRoleStatements(sources),
      itself.allowance,
    ],
    [itself.trust],
  );
}
