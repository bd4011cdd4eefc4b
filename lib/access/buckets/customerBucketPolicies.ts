import { parseArn } from '../../base/arn.ts';
import { bucketArn, kmsViaS3, objectsArn } from '../arns.ts';
import { allow, type PolicyDocument, policyDocument, type Statement } from '../policyDocument.ts';

/**
 * A bucket in another account and the principal that may access it. Across accounts one side's permission is not enough:
 * the bucket's policy and the caller's own policy must both allow a call, and so must both policies on the key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export interface CustomerBucketGrant {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  /** Name of the bucket. */
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
  /** ARN of the key that the bucket is encrypted with, if it is. An alias has no policies. */
  readonly keyArn?: string | undefined;
  /** Folder that receipts are written into, with the slash at its end. Default none: nothing is written. */
  readonly receiptFolder?: string | undefined;
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

/**
 * Lists and reads the files of datasets. With receipts it also writes them, and nothing else. S3 encrypts what is
 * written with a data key.
 */
export function ingestSourcePolicies(source: CustomerBucketGrant): CustomerBucketPolicies {
  const writes = source.receiptFolder !== undefined;
  return policies(source, {
    bucketActions: [],
    objectActions: ['s3:GetObject'],
    keyActions: ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])],
  });
}

/**
 * Writes, replaces and deletes files, in parts where they are large. Unfinished uploads are listed by bucket: S3 refuses a
 * bucket's policy whole if that action is in a statement on objects, "Action does not apply to any resource(s) in
 * statement".
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
  const { keyArn } = grant;
  const statements = [...onBucket(grant, use.bucketActions), ...onObjects(grant, use.objectActions)];
  const bucketPolicy = policyDocument(statements.map((statement) => toThem(statement, grant)));
  if (keyArn === undefined)
    return { bucketPolicy, keyPolicy: undefined, callerPolicy: policyDocument(statements) };
  // The key of a bucket is in the bucket's region, which need not be ours.
  const onKey = (resource: string) =>
    allow('KeyThroughS3', use.keyActions, [resource], {
      StringEquals: { 'kms:ViaService': kmsViaS3(parseArn(keyArn)) },
    });
  return {
    bucketPolicy,
    // In a key's own policy `*` means that key.
    keyPolicy: policyDocument([toThem(onKey('*'), grant)]),
    callerPolicy: policyDocument([...statements, onKey(keyArn)]),
  };
}

/** Statements on the bucket: it is listed, whole or by folders. */
function onBucket(grant: CustomerBucketGrant, bucketActions: readonly string[]): readonly Statement[] {
  const { folders, listed = folders } = grant;
  const bucket = [bucketArn(grant, grant.bucket)];
  if (listed === undefined) return [allow('Bucket', [...bucketActions, 's3:ListBucket'].sort(), bucket)];
  const ofFolders = { StringLike: { 's3:prefix': listed.map((folder) => `${folder}*`) } };
  const list = allow('List', ['s3:ListBucket'], bucket, ofFolders);
  return bucketActions.length === 0 ? [list] : [allow('Bucket', bucketActions, bucket), list];
}

/** Statements on the objects of the folders, and on receipts. */
function onObjects(grant: CustomerBucketGrant, objectActions: readonly string[]): readonly Statement[] {
  const { folders = [''], receiptFolder } = grant;
  const arnOf = (folder: string) => objectsArn(grant, grant.bucket, folder);
  const objects = allow('Objects', objectActions, folders.map(arnOf));
  return receiptFolder === undefined
    ? [objects]
    : [objects, allow('Receipts', ['s3:PutObject'], [arnOf(receiptFolder)])];
}

/** A statement as the owner applies it: it names who may act. */
function toThem(statement: Statement, { principal, roles }: CustomerBucketGrant): Statement {
  const named = { ...statement, Principal: { AWS: principal } };
  if (roles === undefined) return named;
  return { ...named, Condition: { ...statement.Condition, ArnLike: { 'aws:PrincipalArn': roles } } };
}
