import { tableKinds } from '../../lib/schema/kinds.ts';
import { CLAIM_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import {
  ERRORS_FOLDER,
  OVERFLOW_FOLDER,
  PARKED_FOLDER,
  QUARANTINE_LARGE_FOLDER,
} from '../../lib/tables/objectKeys.ts';
import { bucketArn, objectsArn } from '../data/bucketArn.ts';
import { getAtt } from '../template/intrinsics.ts';
import type { Resource } from '../template/Resource.ts';
import { kindId, logicalIds, type Stack } from '../template/Stack.ts';
import { emptiesQueue, lambdaService, ownLogs, role, useKey } from './policies.ts';

/**
 * Moves what is in overflow and errors onto the streams, or to parked/; of the rest of the bucket it sees names only.
 */
export function redriveRole(stack: Stack): Resource {
  return role(lambdaService, [
    ownLogs(stack, 'redrive'),
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
    emptiesQueue(logicalIds.redriveQueue),
  ]);
}
