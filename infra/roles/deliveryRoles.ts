import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { errorPrefix } from '../../lib/tables/objectKeys.ts';
import { tableFolder } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { catalogArns } from '../data/catalog.ts';
import { arn, type Resource, type Resources } from '../template/Resource.ts';
import { kindId, type Stack } from '../template/Stack.ts';
import { firehoseService, serviceRole, useKey } from './policies.ts';

/** One role for each stream, so that none can write to another's folders. */
export function deliveryRoles(stack: Stack): Resources {
  return Object.fromEntries(
    tableKinds.map((kind) => [kindId(kind, 'DeliveryRole'), deliveryRole(stack, kind)]),
  );
}

/**
 * The actions are those of
 * https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3 and #using-iam-glue
 */
function deliveryRole(stack: Stack, kind: TableKind): Resource {
  const [errors = ''] = errorPrefix(kind).split('!{');
  return serviceRole(firehoseService, [
    {
      Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
      Resource: [bucketArn(stack)],
    },
    {
      Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      Resource: [tableFolder(stack.config, kind), errors].map((folder) => objectsArn(stack, folder)),
    },
    useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
    {
      Action: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
      Resource: catalogArns(stack, [kind]),
    },
    {
      Action: ['logs:PutLogEvents'],
      Resource: [
        arn(
          'logs',
          `log-group:\${${kindId(kind, 'DeliveryLogGroup')}}:log-stream:\${${kindId(kind, 'DeliveryLogStream')}}`,
        ),
      ],
    },
  ]);
}
