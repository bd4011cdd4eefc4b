import type { StreamCall } from '../firehose/ports.ts';
import {
  arnAt,
  type Call,
  type NeededPermission,
  type PermissionContext,
  s3Arn,
} from '../iam/permissions.ts';
import { kmsPermissions } from '../iam/s3Permissions.ts';

/** The role of a stream. */
export interface StreamRole {
  readonly role: string;
  readonly log: { readonly LogGroupName: string; readonly LogStreamName: string } | undefined;
}

/**
 * The calls that Firehose makes with a stream's role in one step of a delivery: those seen, and those that its
 * documentation allows for the step. It writes logs when something fails, which an object of failures or a further attempt
 * indicates.
 * https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
 */
export function deliveryCalls(call: StreamCall, { role, log }: StreamRole, place: PermissionContext): Call[] {
  const made = (
    basis: Call['basis'],
    service: string,
    operation: string,
    permissions: NeededPermission[],
  ) => ({
    principal: role,
    service,
    operation,
    permissions,
    basis,
  });
  const { bucket, key, failures } = call;
  const [ofBucket, ofObject] = [s3Arn(place, bucket), s3Arn(place, bucket, key)];
  return [
    made('seen', 's3', 'PutObject', [
      plain('s3:PutObject', ofObject),
      ...kmsPermissions(place, bucket, ['kms:GenerateDataKey']),
    ]),
    // A large object is uploaded in parts, and unfinished uploads are listed and aborted.
    made('documented', 's3', 'UploadPart', [
      plain('s3:PutObject', ofObject),
      ...kmsPermissions(place, bucket, ['kms:Decrypt', 'kms:GenerateDataKey']),
    ]),
    made('documented', 's3', 'AbortMultipartUpload', [plain('s3:AbortMultipartUpload', ofObject)]),
    made('documented', 's3', 'GetObject', [plain('s3:GetObject', ofObject)]),
    made('documented', 's3', 'ListMultipartUploads', [plain('s3:ListBucketMultipartUploads', ofBucket)]),
    made('documented', 's3', 'ListObjects', [plain('s3:ListBucket', ofBucket)]),
    made('documented', 's3', 'GetBucketLocation', [plain('s3:GetBucketLocation', ofBucket)]),
    ...(failures && log !== undefined
      ? [
          made('documented', 'logs', 'PutLogEvents', [
            plain(
              'logs:PutLogEvents',
              arnAt(place, 'logs', `log-group:${log.LogGroupName}:log-stream:${log.LogStreamName}`),
            ),
          ]),
        ]
      : []),
  ];
}

function plain(action: string, resource: string): NeededPermission {
  return { action, resource, context: {} };
}
