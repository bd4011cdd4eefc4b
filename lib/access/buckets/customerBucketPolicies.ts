import { bucketArn, objectsArn } from '../arns.ts';
import { type Condition, type PolicyDocument, policyDocument, type Statement } from '../policyDocument.ts';

/**
 * A bucket in another account and the principal that may access it. Across accounts one side's permission is not enough:
 * the bucket's policy and the caller's own policy must both allow a call, and so must both policies on the key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export interface CustomerBucketGrant {
  readonly partition: string;
  readonly region: string;
  readonly bucket: string;
  /** ARN of our role or account. */
  readonly principal: string;
  /**
   * Patterns of the ARNs of roles. If the principal is our account, only these roles may act. Default: everybody of the
   * principal.
   */
  readonly roles?: readonly string[] | undefined;
  /** Folders that are used, each with a slash at its end. Default: the whole bucket. */
  readonly folders?: readonly string[] | undefined;
  /** Folders that are listed, each with a slash at its end. Default: `folders`. */
  readonly listed?: readonly string[] | undefined;
  /** ARN of the key that the bucket is encrypted with, if it is; not an alias. */
  readonly keyArn?: string | undefined;
  /** Folder that receipts are written into, with the slash at its end. Default none: nothing is written. */
  readonly receiptFolder?: string | null | undefined;
  /** Whether a role of the bucket's owner writes: what it writes then belongs to the owner. Default false. */
  readonly byOwnersRole?: boolean | undefined;
}

/** Policies that each side has to apply. */
export interface CustomerBucketPolicies {
  /** The bucket's policy, which its owner applies. */
  readonly bucketPolicy: PolicyDocument;
  /** Statements that the owner adds to the policy of the bucket's key; undefined without a key. */
  readonly keyPolicy: PolicyDocument | undefined;
  /** Policy of the caller's own role or user. */
  readonly callerPolicy: PolicyDocument;
}

/** What roles do in a customer's bucket. */
interface Use {
  /** Actions on the bucket besides ListBucket. */
  readonly bucketActions: readonly string[];
  /** Actions on the objects of the folders. */
  readonly objectActions: readonly string[];
  /** Actions on the key that encrypts the bucket. */
  readonly keyActions: readonly string[];
}

/** Lists and reads the files of datasets. With receipts it also writes them, and nothing else. S3 encrypts what is written with a data key. */
export function ingestSourcePolicies(source: CustomerBucketGrant): CustomerBucketPolicies {
  const writes = source.receiptFolder != null;
  return policies(source, {
    bucketActions: [],
    objectActions: ['s3:GetObject'],
    keyActions: ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])],
  });
}

/**
 * Writes, replaces and deletes files, in parts where they are large. Unfinished uploads are listed by bucket: S3 refuses a
 * bucket's policy whole if that action is in a statement on objects, "Action does not apply to any resource(s) in statement".
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function exportTargetPolicies(target: CustomerBucketGrant): CustomerBucketPolicies {
  return policies(target, {
    bucketActions: ['s3:ListBucketMultipartUploads'],
    objectActions: [
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:PutObject',
      // In a bucket with ACLs, its owner can read only what was written with bucket-owner-full-control.
      ...(target.byOwnersRole === true ? [] : ['s3:PutObjectAcl']),
    ],
    // S3 decrypts the parts of an upload to join them.
    keyActions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  });
}

/** The policies of a bucket and of its key for a use. */
function policies(grant: CustomerBucketGrant, use: Use): CustomerBucketPolicies {
  const { folders, listed = folders, receiptFolder, roles } = grant;
  const on = (
    Sid: string,
    Action: readonly string[],
    Resource: readonly string[],
    Condition?: Condition,
  ): Statement | undefined =>
    Action.length === 0
      ? undefined
      : { Sid, Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) };
  const bucket = [bucketArn(grant, grant.bucket)];
  const statements = [
    ...(listed === undefined
      ? [on('Bucket', [...use.bucketActions, 's3:ListBucket'].sort(), bucket)]
      : [
          on('Bucket', use.bucketActions, bucket),
          on('List', ['s3:ListBucket'], bucket, {
            StringLike: { 's3:prefix': listed.map((folder) => `${folder}*`) },
          }),
        ]),
    on(
      'Objects',
      use.objectActions,
      (folders ?? ['']).map((folder) => objectsArn(grant, grant.bucket, folder)),
    ),
    receiptFolder == null
      ? undefined
      : on('Receipts', ['s3:PutObject'], [objectsArn(grant, grant.bucket, receiptFolder)]),
  ];
  // The key of a bucket is in the bucket's region, which need not be ours.
  const keyRegion = grant.keyArn?.split(':')[3] ?? grant.region;
  const onKey = (resource: string) =>
    on('KeyThroughS3', use.keyActions, [resource], {
      StringEquals: { 'kms:ViaService': `s3.${keyRegion}.amazonaws.com` },
    });
  const toThem = (statement: Statement | undefined): Statement | undefined =>
    statement === undefined
      ? undefined
      : {
          ...statement,
          Principal: { AWS: grant.principal },
          ...(roles === undefined
            ? {}
            : { Condition: { ...statement.Condition, ArnLike: { 'aws:PrincipalArn': roles } } }),
        };
  return {
    bucketPolicy: policyDocument(statements.map(toThem)),
    // In a key's own policy `*` means that key.
    keyPolicy: grant.keyArn === undefined ? undefined : policyDocument([toThem(onKey('*'))]),
    callerPolicy: policyDocument([
      ...statements,
      grant.keyArn === undefined ? undefined : onKey(grant.keyArn),
    ]),
  };
}
