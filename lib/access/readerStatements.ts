import type { Reader, RoleReader } from '../schema/readers.ts';
import { type ReaderResults, readerResultsFolder } from '../tables/objectKeys.ts';
import { landedFolders } from '../tables/tableFolders.ts';
import { bucketArn, catalogArns, databaseArns, kmsViaS3, objectsArn, type PolicyScope } from './arns.ts';
import { allow, type Statement } from './policyDocument.ts';

/** Actions of Glue that read partitions. */
export const READ_PARTITIONS = ['glue:BatchGetPartition', 'glue:GetPartition', 'glue:GetPartitions'] as const;
/** Actions of Glue that list and read databases and tables. */
export const LIST_TABLES = [
  'glue:GetDatabase',
  'glue:GetDatabases',
  'glue:GetTable',
  'glue:GetTables',
] as const;
/** Actions of Glue that read databases, tables and partitions: what Athena needs to plan a query. */
export const READ_TABLES = mergeActions(READ_PARTITIONS, LIST_TABLES);
/**
 * Actions of Glue that a reader needs if it may list every table of the account: for partitions, and for versions of
 * tables.
 */
export const READ_MORE_OF_TABLES = mergeActions(READ_PARTITIONS, [
  'glue:GetTableVersion',
  'glue:GetTableVersions',
]);
/** Actions of Glue that make, change and drop tables and partitions in a database of the reader's own. */
export const WRITE_TABLES = [
  'glue:BatchCreatePartition',
  'glue:BatchDeletePartition',
  'glue:CreatePartition',
  'glue:CreateTable',
  'glue:DeletePartition',
  'glue:DeleteTable',
  'glue:UpdatePartition',
  'glue:UpdateTable',
] as const;
/** Actions of Athena without which nobody runs a query. */
export const RUN_QUERIES = [
  'athena:GetQueryExecution',
  'athena:GetQueryResults',
  'athena:StartQueryExecution',
  'athena:StopQueryExecution',
] as const;
/** Actions of S3 that write results, large ones in parts, and read them. */
export const WRITE_RESULTS = [
  's3:AbortMultipartUpload',
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
] as const;

/** Merges lists of actions into one, in alphabetical order. */
export function mergeActions(...lists: readonly (readonly string[])[]): readonly string[] {
  return lists.flat().sort();
}

/** Reads the rows of forwarded and ingested tables, and nothing else in the bucket. */
export function readRows(scope: PolicyScope): Statement {
  const folders = landedFolders(scope).map((folder) => objectsArn(scope, scope.bucket, folder));
  return allow('ReadRows', ['s3:GetObject'], folders);
}

/**
 * Lists files under some folders only: Athena lists a partition's location before it reads it. A list of the whole
 * bucket, without a prefix, is refused.
 *
 * @param folders With the slash at their ends.
 */
export function listFolders(scope: PolicyScope, folders: readonly string[]): Statement {
  return allow('ListFolders', ['s3:ListBucket'], [bucketArn(scope, scope.bucket)], {
    StringLike: { 's3:prefix': folders.map((folder) => `${folder}*`) },
  });
}

/** Athena asks where a bucket is before it reads from it or writes results to it. */
export function locateBuckets(scope: PolicyScope, buckets: readonly string[]): Statement {
  const arns = buckets.map((bucket) => bucketArn(scope, bucket));
  return allow('LocateBuckets', ['s3:GetBucketLocation'], arns);
}

/**
 * Looks for uploads that broke off, as Athena does before it writes results in parts. The action is on the bucket, and
 * shows the keys of what is being uploaded, but no contents.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
export function findUploads(scope: PolicyScope): Statement {
  return allow('FindUploads', ['s3:ListBucketMultipartUploads'], [bucketArn(scope, scope.bucket)]);
}

/**
 * Reads what the catalogue says about our tables, their partitions and the views on them.
 *
 * @param actions Actions of Glue. Default {@link READ_TABLES}.
 */
export function readTables(scope: PolicyScope, actions = READ_TABLES): Statement {
  return allow('ReadTables', actions, catalogArns(scope, scope.database));
}

/**
 * Athena reads the database `default` for every query, whatever the query names. AWS calls access to it and to the
 * catalogue mandatory. `glue:CreateDatabase`, with which Athena would make a missing `default`, is not given: an
 * account has it since Athena was first opened there.
 * https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html#full-access-to-default-db-per-region
 */
export function seeDefaultDatabase(scope: PolicyScope): Statement {
  return allow(
    'SeeDefaultDatabase',
    ['glue:GetDatabase', 'glue:GetDatabases'],
    databaseArns(scope, 'default'),
  );
}

/**
 * S3 decrypts what is read, and encrypts what is written, with the caller's permission on the key; uploads in parts
 * need both. Keys can be used through S3 only: with the key alone nobody decrypts a byte.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html and
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
 *
 * @param resultsKeyArn Key of a bucket of results that is encrypted with another key. Default none.
 * @returns Undefined without a key.
 */
export function useKey(
  scope: Pick<PolicyScope, 'keyArn' | 'region'>,
  resultsKeyArn: string | null = null,
): Statement | undefined {
  const keyArns = [...new Set([scope.keyArn, resultsKeyArn])].filter((arn) => arn !== null);
  if (keyArns.length === 0) return undefined;
  return allow('UseKeyThroughS3', ['kms:Decrypt', 'kms:GenerateDataKey'], keyArns, {
    StringEquals: { 'kms:ViaService': kmsViaS3(scope) },
  });
}

/** Where a reader runs queries, and where the results are. Readers do not share either. */
export interface ReaderWorkgroup {
  /**
   * Athena workgroup: the reader's own, which the stack makes even if people's workgroup is an existing one; or a
   * configured one.
   */
  readonly workgroup: string;
  /** Folder in our bucket that the workgroup puts results in, with the slash at its end. */
  readonly resultsFolder: string;
}

/**
 * The workgroup of a reader, `<workgroup of people>_<reader>` unless the configuration names one, and its folder. In a
 * shared folder each reader could read, replace and delete the results of the others: Athena does all of that
 * with its caller's permissions on the location. So a reader has a folder of its own in a configured workgroup, too.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
 */
export function readerWorkgroup(
  { workgroup }: Pick<PolicyScope, 'workgroup'>,
  reader: ReaderResults & { readonly workgroup?: string | undefined },
): ReaderWorkgroup {
  return {
    workgroup: reader.workgroup ?? `${workgroup}_${reader.name}`,
    resultsFolder: readerResultsFolder(reader),
  };
}

/** Whether the stack makes a workgroup for a reader. OWOX names none in its queries, so they run in `primary`. */
export function hasOwnWorkgroup(reader: Reader): reader is RoleReader {
  return reader.kind !== 'owox' && reader.workgroup === undefined;
}
