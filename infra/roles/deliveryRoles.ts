import type { TableKind } from '../../lib/schema/kinds.ts';
import { errorPrefix, LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { formerStreams } from '../../lib/tables/streams.ts';
import { tableFolder } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { catalogArns } from '../data/catalog.ts';
import { arn, type Resource, type Resources } from '../template/Resource.ts';
import { kindId, logicalIds, type Stack } from '../template/Stack.ts';
import { type AllowStatement, firehoseService, serviceRole, useKey } from './policies.ts';

/** One role for the streams of the landing, and one for each of release 0.2, so that none can write to another's folders. */
export function deliveryRoles(stack: Stack): Resources {
  return {
    ...Object.fromEntries(
      formerStreams(stack.config).map((kind) => [kindId(kind, 'DeliveryRole'), deliveryRole(stack, kind)]),
    ),
    [logicalIds.landingRole]: landingRole(stack),
  };
}

/** Writes below landing/ and nowhere else. It stays when its stream does: infra/streams/streams.ts. */
function landingRole(stack: Stack): Resource {
  return {
    ...serviceRole(firehoseService, [
      ...writeFolders(stack, [LANDING_FOLDER]),
      writeErrors(logicalIds.landingLogGroup, logicalIds.landingLogStream),
    ]),
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
  };
}

/** The actions are those of https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-glue */
function deliveryRole(stack: Stack, kind: TableKind): Resource {
  const [errors = ''] = errorPrefix(kind).split('!{');
  return serviceRole(firehoseService, [
    ...writeFolders(stack, [tableFolder(stack.config, kind), errors]),
    {
      Action: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
      Resource: catalogArns(stack, [kind]),
    },
    writeErrors(kindId(kind, 'DeliveryLogGroup'), kindId(kind, 'DeliveryLogStream')),
  ]);
}

/** The actions are those of https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3 */
function writeFolders(stack: Stack, folders: readonly string[]): AllowStatement[] {
  return [
    {
      Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      Resource: [bucketArn(stack)],
    },
    {
      Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      Resource: folders.map((folder) => objectsArn(stack, folder)),
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
  ];
}

/** Permission to say why something could not be delivered. */
function writeErrors(logGroup: string, logStream: string): AllowStatement {
  return {
    Action: ['logs:PutLogEvents'],
    Resource: [arn('logs', `log-group:\${${logGroup}}:log-stream:\${${logStream}}`)],
  };
}
