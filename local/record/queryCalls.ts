import type { QueryCall } from '../athena/QueryCall.ts';
import { glueNeeds } from './needs/glueNeeds.ts';
import { s3Needs } from './needs/s3Needs.ts';
import { type Place, s3Arn } from './Place.ts';
import type { Call, NeededPermission } from './RecordedCall.ts';

/** Besides the writing itself, on the bucket and on the object. */
const BUCKET_ACTIONS = ['GetBucketLocation', 'ListBucket', 'ListBucketMultipartUploads'];
const OBJECT_ACTIONS = ['ListMultipartUploadParts', 'AbortMultipartUpload'];

/**
 * What Athena does as its caller for one step of a query: what was seen, and beside it what the documentation says a
 * result's location must allow, as results go up in parts.
 * https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html and its managed policies
 */
export function queryCalls(call: QueryCall, principal: string, place: Place): Call[] {
  if (call.service === 'glue') {
    const { service, operation, input } = call;
    return [
      { principal, service, operation, permissions: glueNeeds(operation, input, place), basis: 'seen' },
    ];
  }
  const { service, operation, bucket, key } = call;
  const request = { bucket, key, query: new URLSearchParams(), headers: {}, keys: [], status: 200 };
  const seen: Call = {
    ...{ principal, service, operation, basis: 'seen' },
    permissions: s3Needs(operation, request, place),
  };
  const documented = (action: string, resource: string): Call => ({
    ...{ principal, service, operation: action, basis: 'documented' },
    permissions: [plain(action, resource)],
  });
  if (call.isResult === true) return [seen];
  // Athena finds a table's files by listing its locations.
  if (operation === 'GetObject') return [seen, documented('ListBucket', s3Arn(place, bucket))];
  return [
    seen,
    ...BUCKET_ACTIONS.map((action) => documented(action, s3Arn(place, bucket))),
    ...OBJECT_ACTIONS.map((action) => documented(action, s3Arn(place, bucket, key))),
  ];
}

function plain(action: string, resource: string): NeededPermission {
  return { action: `s3:${action}`, resource, context: {} };
}
