import { tableKinds } from '../../lib/schema/kinds.ts';
import { CLAIM_FOLDER, WRITE_NOTES } from '../../lib/tables/ledgerKeys.ts';
import {
  ERRORS_FOLDER,
  LANDING_FOLDER,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  parkedKey,
  QUARANTINE_LARGE_FOLDER,
} from '../../lib/tables/objectKeys.ts';
import { groupsFolder, tableFolders } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { catalogArns } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { consumeQueue, lambdaService, serviceRole, useKey, writeLogs } from './policies.ts';
import { keepCopies } from './relayRoles.ts';

/** Where release 0.2 left what the writer adopts. */
const LEFT_FOLDERS = [OVERFLOW_FOLDER, ERRORS_FOLDER].flatMap((folder) => [folder, parkedKey(folder)]);

/** One role for each function, so that none can do another's work. */
export function functionRoles(stack: Stack): Resources {
  return {
    [logicalIds.collectRole]: collectRole(stack),
    [logicalIds.registerRole]: registerRole(stack),
    [logicalIds.writeRole]: writeRole(stack),
  };
}

/**
 * Puts records into the landing, by its stream or as objects, and large quarantined bodies into the bucket. It reads the keys'
 * hashes and the experiment groups. It may list the folder of the groups, as without that permission S3 answers 403 for a missing object.
 */
function collectRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'collect'),
    { Action: ['firehose:PutRecord'], Resource: [getAtt(logicalIds.stream)] },
    {
      Action: ['s3:PutObject'],
      Resource: [LANDING_FOLDER, QUARANTINE_LARGE_FOLDER].map((folder) => objectsArn(stack, folder)),
    },
    { Action: ['s3:GetObject'], Resource: [objectsArn(stack, groupsFolder(stack.config))] },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      Condition: { StringLike: { 's3:prefix': [`${groupsFolder(stack.config)}*`] } },
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    {
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [ref(logicalIds.keysSecret)],
    },
    ...keepCopies(stack),
  ]);
}

/** Registers partitions of every table. In the bucket it can only list names, and only under the tables' folders. */
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
        StringLike: {
          's3:prefix': tableKinds.flatMap((kind) =>
            tableFolders(stack.config, kind).map((folder) => `${folder}*`),
          ),
        },
      },
    },
    consumeQueue(logicalIds.queue),
  ]);
}

/**
 * Makes files of tables of what landed, and then deletes it. Rows that it cannot read go to parked/, and rows that their
 * tables do not take to quarantine. It deletes no file of a table.
 */
function writeRole(stack: Stack): Resource {
  const tables = tableKinds.flatMap((kind) => tableFolders(stack.config, kind));
  return serviceRole(lambdaService, [
    writeLogs(stack, 'write'),
    {
      Action: ['s3:GetObject', 's3:DeleteObject'],
      Resource: [LANDING_FOLDER, ...LEFT_FOLDERS, CLAIM_FOLDER, WRITE_NOTES].map((folder) =>
        objectsArn(stack, folder),
      ),
    },
    {
      // Whether a file exists and what it was made of. Its rows are not read.
      Action: ['s3:GetObject'],
      Resource: tables.map((folder) => objectsArn(stack, folder)),
    },
    {
      Action: ['s3:PutObject'],
      Resource: [
        ...[...tables, QUARANTINE_LARGE_FOLDER, PARKED_FOLDER],
        ...[LANDING_FOLDER, CLAIM_FOLDER, WRITE_NOTES],
      ].map((folder) => objectsArn(stack, folder)),
    },
    {
      // On all names: without the permission to list, S3 answers 403 instead of 404 for a missing object.
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    consumeQueue(logicalIds.writeQueue),
  ]);
}
