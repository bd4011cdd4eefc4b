import { tableKinds } from '../../lib/schema/kinds.ts';
import { CLAIM_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import {
  ERRORS_FOLDER,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  QUARANTINE_LARGE_FOLDER,
} from '../../lib/tables/objectKeys.ts';
import { groupsFolder, tableFolder } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { catalogArns } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref } from '../template/Resource.ts';
import { kindId, logicalIds, type Stack } from '../template/Stack.ts';
import { consumeQueue, lambdaService, serviceRole, useKey, writeLogs } from './policies.ts';

/** One role for each function: none can do another's work. */
export function functionRoles(stack: Stack): Resources {
  return {
    [logicalIds.collectRole]: collectRole(stack),
    [logicalIds.registerRole]: registerRole(stack),
    [logicalIds.redriveRole]: redriveRole(stack),
  };
}

/**
 * Puts records on every stream, and into the bucket what no record holds or was left over. It reads the keys' hashes and
 * the experiment groups. It lists the folder of the groups, so that it can tell a missing object from a refusal:
 * without that permission S3 answers 403 for both.
 */
function collectRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'collect'),
    {
      Action: ['firehose:PutRecordBatch'],
      Resource: tableKinds.map((kind) => getAtt(kindId(kind, 'Stream'))),
    },
    {
      Action: ['s3:PutObject'],
      Resource: [QUARANTINE_LARGE_FOLDER, OVERFLOW_FOLDER].map((folder) => objectsArn(stack, folder)),
    },
    { Action: ['s3:GetObject'], Resource: [objectsArn(stack, groupsFolder(stack.config))] },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      Condition: { StringLike: { 's3:prefix': [`${groupsFolder(stack.config)}*`] } },
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.keysSecret)] },
  ]);
}

/** Registers partitions of every table; of the bucket it sees names only, and only under the tables' folders. */
function registerRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'register'),
    {
      Action: [
        'glue:BatchCreatePartition',
        'glue:BatchUpdatePartition',
        'glue:GetPartitions',
        'glue:GetTable',
      ],
      Resource: catalogArns(stack, tableKinds),
    },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      Condition: {
        StringLike: { 's3:prefix': tableKinds.map((kind) => `${tableFolder(stack.config, kind)}*`) },
      },
    },
    consumeQueue(logicalIds.queue),
  ]);
}

/**
 * Moves what is in overflow and errors onto the streams, or to parked/; of the rest of the bucket it sees names only.
 */
function redriveRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'redrive'),
    {
      Action: ['firehose:PutRecordBatch'],
      Resource: tableKinds.map((kind) => getAtt(kindId(kind, 'Stream'))),
    },
    {
      Action: ['s3:GetObject', 's3:DeleteObject'],
      Resource: [OVERFLOW_FOLDER, ERRORS_FOLDER, CLAIM_FOLDER].map((folder) => objectsArn(stack, folder)),
    },
    {
      Action: ['s3:PutObject'],
      Resource: [OVERFLOW_FOLDER, PARKED_FOLDER, QUARANTINE_LARGE_FOLDER, CLAIM_FOLDER].map((folder) =>
        objectsArn(stack, folder),
      ),
    },
    {
      // On all names: whoever may not list them is answered 403 for an object that is gone, not 404.
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    consumeQueue(logicalIds.redriveQueue),
  ]);
}
