import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { bucketArn, objectsArn } from '../data/bucket.ts';
import { arn, type Resources } from '../template/Resource.ts';
import { ALWAYS_RETAINED, logicalIds, type Stack } from '../template/Stack.ts';
import { firehoseService, serviceRole, useKey } from './policies.ts';

/**
 * The role of the stream. It writes below landing/ and nowhere else, and it stays when its stream does
 * (infra/streams/streams.ts).
 * The actions are those of https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
 */
export function deliveryRole(stack: Stack): Resources {
  return {
    [logicalIds.landingRole]: {
      ...serviceRole(firehoseService, [
        {
          Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
          Resource: [bucketArn(stack)],
        },
        {
          Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
          Resource: [objectsArn(stack, LANDING_FOLDER)],
        },
        ...useKey(stack),
        {
          // Firehose logs why it could not deliver something.
          Action: ['logs:PutLogEvents'],
          Resource: [
            arn(
              'logs',
              `log-group:\${${logicalIds.landingLogGroup}}:log-stream:\${${logicalIds.landingLogStream}}`,
            ),
          ],
        },
      ]),
      ...ALWAYS_RETAINED,
    },
  };
}
