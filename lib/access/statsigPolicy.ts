import { ingestedFolders, landedFolders, statsigFolders } from '../tables/tableFolders.ts';
import { arnIn, bucketArn, catalogArns, objectsArn, type PolicyScope, workgroupArn } from './arns.ts';
import { allow, deny, type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';
import {
  locateBuckets,
  mergeActions,
  READ_TABLES,
  type ReaderWorkgroup,
  RUN_QUERIES,
  readTables,
  seeDefaultDatabase,
  useKey,
  WRITE_RESULTS,
  WRITE_TABLES,
} from './readerStatements.ts';

/** Settings that may differ between Statsig projects. */
export interface StatsigAccess {
  /** Statsig's own forwarding writes into the same folders, so writes to them are not denied. */
  readonly statsigForwardsHere: boolean;
  /** Statsig may administer the key, as its encryption guide asks. */
  readonly keyAdministrator: boolean;
}

/** Everything Statsig may do, as a role or as a user: docs/readers.md has what Statsig's document lacks. */
export function statsigPolicy(
  scope: PolicyScope,
  workgroup: ReaderWorkgroup,
  access: StatsigAccess,
): PolicyDocument {
  return policyDocument([
    listStagingBucket(scope, workgroup),
    locateBuckets(scope, [scope.bucket]),
    stageFiles(scope, workgroup),
    readTables(scope),
    stageTables(scope),
    seeDefaultDatabase(scope),
    runQueries(scope, workgroup),
    useKey(scope),
    readFormerRows(scope),
    denyFileWrites(scope, access),
    access.statsigForwardsHere ? undefined : denyTableWrites(scope),
    access.keyAdministrator && scope.keyArn !== null
      ? allow('AdministerKey', ADMINISTRATION, [scope.keyArn])
      : undefined,
  ]);
}

/**
 * Statsig's document lets it list the whole bucket, "to recognize your staging S3 bucket". Here a list that names a
 * prefix must name one of Statsig's prefixes. A list without a prefix is allowed, since IAM can't tell it from
 * `HeadBucket`, by which clients find out whether a bucket exists. It shows names, but no contents. The same holds for
 * lists of uploads, which Athena asks
 * for before it writes in parts, and which carry no prefix that IAM could see.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html needs `s3:ListBucket` and sends no prefix, so that a
 * condition on it refuses the call: https://github.com/aws/aws-cli/issues/1480
 */
function listStagingBucket(scope: PolicyScope, { resultsFolder }: ReaderWorkgroup): Statement {
  const folders = [`${scope.statsigFolder}/`, resultsFolder, ...formerLanded(scope)];
  const actions = ['s3:ListBucket', 's3:ListBucketMultipartUploads'];
  return allow('ListStagingBucket', actions, [bucketArn(scope, scope.bucket)], {
    StringLikeIfExists: { 's3:prefix': folders.map((folder) => `${folder}*`) },
  });
}

/**
 * Reads and writes the files of Statsig's own tables and the results of its queries. It covers our rows, too, but
 * {@link denyFileWrites} denies writing those. Large objects go up in parts, which Statsig's document leaves out and
 * AWS's own policy for Athena has.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function stageFiles(scope: PolicyScope, { resultsFolder }: ReaderWorkgroup): Statement {
  const folders = [`${scope.statsigFolder}/`, resultsFolder];
  return allow(
    'StageFiles',
    mergeActions(WRITE_RESULTS, ['s3:DeleteObject']),
    folders.map((folder) => objectsArn(scope, scope.bucket, folder)),
  );
}

/** Folders of landed rows below former Statsig folders. */
function formerLanded(scope: PolicyScope): readonly string[] {
  const present = landedFolders({ statsigFolder: scope.statsigFolder });
  return landedFolders(scope).filter((folder) => !present.includes(folder));
}

/** Reads days that landed below former Statsig folders; undefined if there are none. */
function readFormerRows(scope: PolicyScope): Statement | undefined {
  const folders = formerLanded(scope).map((folder) => objectsArn(scope, scope.bucket, folder));
  return folders.length === 0 ? undefined : allow('ReadFormerRows', ['s3:GetObject'], folders);
}

/** Makes, changes and drops tables in the staging database. */
function stageTables(scope: PolicyScope): Statement {
  const actions = mergeActions(READ_TABLES, WRITE_TABLES);
  return allow('StageTables', actions, catalogArns(scope, scope.stagingDatabase));
}

/**
 * Runs queries in its own workgroup only: Statsig's document says `workgroup/*`, its older one names the workgroup.
 * Libraries ask
 * for the workgroup's settings first: https://github.com/aws/aws-sdk-pandas, awswrangler/athena/_utils.py, `_get_workgroup`.
 */
function runQueries(scope: PolicyScope, { workgroup }: ReaderWorkgroup): Statement {
  return allow('RunQueries', mergeActions(RUN_QUERIES, ['athena:GetWorkGroup']), [
    workgroupArn(scope, workgroup),
  ]);
}

/**
 * Denies Statsig writes to raw data, although this is in the folder that Statsig writes to. Writes to ingested data are
 * denied even when Statsig itself forwards into this folder, because it forwards into the other subfolders. Actions are
 * denied by patterns, so that no way of writing, deleting, locking, tagging or handing over is missing. They are denied
 * on the bucket, too, since anybody could undo the rest with its policy, lifecycle, versioning or replication.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
function denyFileWrites(scope: PolicyScope, { statsigForwardsHere }: StatsigAccess): Statement {
  // One text covers both forwarded folders, because IAM takes 6,144 characters.
  const forwarded = statsigForwardsHere
    ? []
    : statsigFolders(scope).map((folder) => `${folder}/statsig_forwarded_`);
  return deny(
    'KeepOurFiles',
    [
      's3:Abort*',
      's3:Bypass*',
      's3:Create*',
      's3:Delete*',
      's3:Initiate*',
      's3:ObjectOwner*',
      's3:Pause*',
      's3:Put*',
      's3:Replicate*',
      's3:Restore*',
      's3:Tag*',
      's3:Untag*',
      's3:Update*',
    ],
    [
      bucketArn(scope, scope.bucket),
      ...[...forwarded, ...ingestedFolders(scope)].map((begin) => objectsArn(scope, scope.bucket, begin)),
    ],
  );
}

/** Denies changes to our tables and database, even if other policies allow them. */
function denyTableWrites(scope: PolicyScope): Statement {
  return deny(
    'KeepOurTables',
    [
      'glue:BatchCreate*',
      'glue:BatchDelete*',
      'glue:BatchUpdate*',
      'glue:Create*',
      'glue:Delete*',
      'glue:Rename*',
      'glue:TagResource',
      'glue:UntagResource',
      'glue:Update*',
    ],
    [`database/${scope.database}`, `table/${scope.database}/*`].map((name) => arnIn(scope, 'glue', name)),
  );
}

/**
 * Actions that the console gives a key administrator. They include the key's policy, with which a holder can give
 * itself and others everything else, and its deletion, with which all data is lost. Statsig's guide asks for it;
 * reading and staging need none of it.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
 */
const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

/**
 * The statement by which the key's own policy names administrators, as Statsig's guide adds them. In the policy of a
 * key `*` means that key.
 *
 * @param principals ARNs of their roles or users.
 */
export function keyAdministrators(principals: readonly string[]): readonly Statement[] {
  return principals.map((AWS, i) => ({
    ...allow(`KeyAdministrator${i + 1}`, ADMINISTRATION, ['*']),
    Principal: { AWS },
  }));
}
