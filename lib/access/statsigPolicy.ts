import { ingestedFolder } from '../tables/tableFolders.ts';
import { arnIn, bucketArn, catalogArns, objectsArn, type Place, workgroupArn } from './place.ts';
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
} from './readerStatements.ts';

/** What may differ between one Statsig project and the next. */
export interface StatsigAccess {
  /** Statsig's own forwarding writes into the same folders: the deny of writes to them is lifted. */
  readonly statsigForwardsHere: boolean;
  /** Statsig may administer the key, as its encryption guide asks. */
  readonly keyAdministrator: boolean;
}

/** Everything Statsig may do, as a role or as a user: docs/appendix/policies.md compares it with Statsig's document. */
export function statsigPolicy(place: Place, own: ReaderWorkgroup, access: StatsigAccess): PolicyDocument {
  return policyDocument([
    listStagingBucket(place, own),
    locateBuckets(place, [place.bucket]),
    stageFiles(place, own),
    readTables(place),
    stageTables(place),
    seeDefaultDatabase(place),
    runQueries(place, own),
    useKey(place),
    denyFileWrites(place, access),
    access.statsigForwardsHere ? undefined : denyTableWrites(place),
    access.keyAdministrator ? administerKey(place) : undefined,
  ]);
}

/**
 * Statsig's document lets it list the whole bucket, "to recognize your staging S3 bucket". Here a list that names a
 * prefix must name one of Statsig's; one without a prefix is let through, since IAM can't tell it from `HeadBucket`,
 * by which clients look whether a bucket is there. It shows names, no contents. So do lists of uploads, which Athena asks
 * for before it writes in parts, and which carry no prefix that IAM could see.
 */
function listStagingBucket(place: Place, { resultsFolder }: ReaderWorkgroup): Statement {
  const folders = [`${place.statsigFolder}/`, resultsFolder];
  const actions = ['s3:ListBucket', 's3:ListBucketMultipartUploads'];
  return allow('ListStagingBucket', actions, [bucketArn(place, place.bucket)], {
    StringLikeIfExists: { 's3:prefix': folders.map((folder) => `${folder}*`) },
  });
}

/**
 * Its own tables' files, results of its queries, and of ours the rows: {@link denyFileWrites} takes writing those away. What
 * is large goes up in parts, which Statsig's document leaves out and AWS's own policy for Athena has.
 * https://docs.aws.amazon.com/athena/latest/ug/managed-policies.html, BaseQueryResultsPermissions
 */
function stageFiles(place: Place, { resultsFolder }: ReaderWorkgroup): Statement {
  const folders = [`${place.statsigFolder}/`, resultsFolder];
  return allow(
    'StageFiles',
    mergeActions(WRITE_RESULTS, ['s3:DeleteObject']),
    folders.map((folder) => objectsArn(place, place.bucket, folder)),
  );
}

/** Makes, changes and drops tables in the staging database. */
function stageTables(place: Place): Statement {
  const write = [
    'glue:BatchCreatePartition',
    'glue:BatchDeletePartition',
    'glue:CreatePartition',
    'glue:CreateTable',
    'glue:DeletePartition',
    'glue:DeleteTable',
    'glue:UpdatePartition',
    'glue:UpdateTable',
  ];
  return allow('StageTables', mergeActions(READ_TABLES, write), catalogArns(place, place.stagingDatabase));
}

/**
 * Queries in its own workgroup only: Statsig's document says `workgroup/*`, its older one names the workgroup. Libraries ask
 * for the workgroup's settings first: https://github.com/aws/aws-sdk-pandas, awswrangler/athena/_utils.py, `_get_workgroup`.
 */
function runQueries(place: Place, { workgroup }: ReaderWorkgroup): Statement {
  return allow('RunQueries', mergeActions(RUN_QUERIES, ['athena:GetWorkGroup']), [
    workgroupArn(place, workgroup),
  ]);
}

/**
 * Raw data is nobody's but ours to write, though it lies in the folder that Statsig writes in. Ingested data is kept
 * from it even when Statsig forwards here by itself, which it does into the other folders. By patterns, so that no way
 * of writing, deleting, locking, tagging or handing over is missing; and on the bucket itself, since with its policy,
 * lifecycle, versioning or replication anybody could undo the rest.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
function denyFileWrites(place: Place, { statsigForwardsHere }: StatsigAccess): Statement {
  // Both forwarded folders, in one text: IAM takes 6,144 characters.
  const forwarded = statsigForwardsHere ? [] : [`${place.statsigFolder}/statsig_forwarded_`];
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
      bucketArn(place, place.bucket),
      ...[...forwarded, ingestedFolder(place)].map((begin) => objectsArn(place, place.bucket, begin)),
    ],
  );
}

/** Our tables and their database are nobody's but ours to change, whatever else the role or user is given later. */
function denyTableWrites(place: Place): Statement {
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
    [`database/${place.database}`, `table/${place.database}/*`].map((name) => arnIn(place, 'glue', name)),
  );
}

/**
 * What the console gives a key administrator. It includes the key's policy, with which a holder can give itself and
 * others everything else, and its deletion, with which all data is lost. Statsig's guide asks for it; reading and
 * staging need none of it.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
 */
function administerKey({ keyArn }: Place): Statement {
  return allow(
    'AdministerKey',
    [
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
    ],
    [keyArn],
  );
}
