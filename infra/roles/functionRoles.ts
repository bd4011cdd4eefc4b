import { tableKinds } from '../../lib/schema/kinds.ts';
import { CLAIM_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import {
  ERRORS_FOLDER,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  QUARANTINE_LARGE_FOLDER,
} from '../../lib/tables/objectKeys.ts';
import { allStreams } from '../../lib/tables/streams.ts';
import { groupsFolder, tableFolder } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { catalogArns } from '../data/catalog.ts';
import { getAtt, type Resource, type Resources, ref, type Value } from '../template/Resource.ts';
import { logicalIds, type Stack, shardId } from '../template/Stack.ts';
import { consumeQueue, lambdaService, serviceRole, useKey, writeLogs } from './policies.ts';
import { keepCopies } from './relayRoles.ts';

/** One role for each function, so that none can do another's work. */
export function functionRoles(stack: Stack): Resources {
  return {
    [logicalIds.collectRole]: collectRole(stack),
    [logicalIds.registerRole]: registerRole(stack),
    [logicalIds.redriveRole]: redriveRole(stack),
    ...(stack.config.passThrough === null ? {} : { [logicalIds.passThroughRole]: passThroughRole(stack) }),
  };
}

/**
 * Writes records to every stream, and overflow and large quarantined bodies to the bucket. It reads the keys' hashes, which
 * streams are held, and the experiment groups. It may list the folder of the groups, as without that permission S3 answers 403 for a missing
 * object.
 */
function collectRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'collect'),
    {
      Action: ['firehose:PutRecordBatch'],
      Resource: streamArns(stack),
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
    {
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [ref(logicalIds.keysSecret), ref(logicalIds.holdsSecret)],
    },
    ...keepCopies(stack),
  ]);
}

/** Reads the keys' hashes, and nothing else: what it answers comes from Statsig, with the caller's key. */
function passThroughRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'pass-through'),
    { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.keysSecret)] },
  ]);
}

/** All streams, those out of rotation too: what still runs while a deployment changes it puts rows on them. */
function streamArns({ config }: Stack): readonly Value[] {
  return allStreams(config).map((stream) => getAtt(shardId(stream, 'Stream')));
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
        StringLike: { 's3:prefix': tableKinds.map((kind) => `${tableFolder(stack.config, kind)}*`) },
      },
    },
    consumeQueue(logicalIds.queue),
  ]);
}

/**
 * Moves the contents of overflow and errors to the streams, or to parked/. In the rest of the bucket it can only list
 * names.
 */
function redriveRole(stack: Stack): Resource {
  return serviceRole(lambdaService, [
    writeLogs(stack, 'redrive'),
    {
      Action: ['firehose:PutRecordBatch'],
      Resource: streamArns(stack),
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
      // On all names: without the permission to list, S3 answers 403 instead of 404 for a missing object.
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.holdsSecret)] },
    consumeQueue(logicalIds.redriveQueue),
  ]);
}
