import type { QueryCall } from '../athena/index.ts';
import { gluePermissions } from '../iam/neededPermissions.ts';
import { type NeededPermission, type PermissionContext, s3Arn } from '../iam/permissions.ts';
import { s3Permissions } from '../iam/s3Permissions.ts';

/**
 * Athena reads it for every caller that uses a table, and the table's own, as in all of AWS's examples of policies:
 * https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
 */
const DEFAULT_DATABASE = 'default';

/**
 * What the caller of a query needs for one step that Athena takes for it: what the step itself needs, and what the
 * documentation requires for the places of files and results. Not that for results in several parts, which small ones are not.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
export function queryPermissions(call: QueryCall, place: PermissionContext): readonly NeededPermission[] {
  if (call.service === 'glue') {
    const callPermissions = gluePermissions(call.operation, call.input, place);
    if (call.operation !== 'GetTable') return callPermissions;
    const databases = [DEFAULT_DATABASE, call.input['DatabaseName']];
    return [
      ...callPermissions,
      ...databases.flatMap((Name) => gluePermissions('GetDatabase', { Name }, place)),
    ];
  }
  const { operation, bucket, key } = call;
  const onBucket = (action: string, context = {}): NeededPermission => ({
    action: `s3:${action}`,
    resource: s3Arn(place, bucket),
    context,
  });
  if (operation === 'GetBucketLocation') return [onBucket(operation)];
  if (operation === 'ListBucket') return [onBucket(operation, { 's3:prefix': key })];
  const request = { bucket, key, query: new URLSearchParams(), headers: {}, status: 200 };
  const callPermissions = s3Permissions(operation, request, place);
  if (call.isResult === true || operation === 'DeleteObject') return callPermissions;
  // Athena finds a table's files by listing its locations, and lists a result's location in the same way.
  const prefix = key.slice(0, key.lastIndexOf('/') + 1);
  return [...callPermissions, onBucket('ListBucket', { 's3:prefix': prefix }), onBucket('GetBucketLocation')];
}
