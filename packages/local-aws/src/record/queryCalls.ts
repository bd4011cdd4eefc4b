import type { QueryCall } from '../athena/index.ts';
import { gluePermissions } from '../iam/neededPermissions.ts';
import { type Call, type PermissionContext, s3Arn } from '../iam/permissions.ts';
import { s3Permissions } from '../iam/s3Permissions.ts';

/** Actions besides the write itself, on the bucket and on the object. */
const BUCKET_ACTIONS = ['GetBucketLocation', 'ListBucketMultipartUploads'];
const OBJECT_ACTIONS = ['ListMultipartUploadParts', 'AbortMultipartUpload'];
/**
 * Athena reads it for every caller that uses a table, and the table's own, as in all of AWS's examples of policies:
 * https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
 */
const DEFAULT_DATABASE = 'default';

/**
 * The calls that Athena makes as its caller in one step of a query: those seen, and those that the documentation
 * requires for a result's location, because results are uploaded in parts.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions. lib/access grants
 * them to each reader for the location of its results.
 */
export function queryCalls(call: QueryCall, principal: string, place: PermissionContext): Call[] {
  if (call.service === 'glue') {
    const glue = (operation: string, input: object, basis: Call['basis']): Call => ({
      principal,
      service: call.service,
      operation,
      basis,
      permissions: gluePermissions(operation, input, place),
    });
    const seen = glue(call.operation, call.input, 'seen');
    if (call.operation !== 'GetTable') return [seen];
    const databases = [DEFAULT_DATABASE, call.input['DatabaseName']];
    return [seen, ...databases.map((Name) => glue('GetDatabase', { Name }, 'documented'))];
  }
  const { service, operation, bucket, key } = call;
  const documented = (action: string, resource: string, context = {}): Call => ({
    principal,
    service,
    operation: action,
    basis: 'documented',
    permissions: [{ action: `s3:${action}`, resource, context }],
  });
  if (operation === 'GetBucketLocation') return [documented(operation, s3Arn(place, bucket))];
  if (operation === 'ListBucket') return [documented(operation, s3Arn(place, bucket), { 's3:prefix': key })];
  const request = { bucket, key, query: new URLSearchParams(), headers: {}, keys: [], status: 200 };
  const seen: Call = {
    principal,
    service,
    operation,
    basis: 'seen',
    permissions: s3Permissions(operation, request, place),
  };
  if (call.isResult === true || operation === 'DeleteObject') return [seen];
  // Athena finds a table's files by listing its locations, and lists a result's location in the same way.
  const prefix = key.slice(0, key.lastIndexOf('/') + 1);
  const list = documented('ListBucket', s3Arn(place, bucket), { 's3:prefix': prefix });
  if (operation === 'GetObject') return [seen, list, documented('GetBucketLocation', s3Arn(place, bucket))];
  return [
    seen,
    list,
    ...BUCKET_ACTIONS.map((action) => documented(action, s3Arn(place, bucket))),
    ...OBJECT_ACTIONS.map((action) => documented(action, s3Arn(place, bucket, key))),
  ];
}
