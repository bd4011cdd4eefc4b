import { bucketArn, objectsArn } from './place.ts';
import { type PolicyDocument, policyDocument, type Statement } from './policyDocument.ts';

/**
 * A bucket in another account and the principal that may access it. Across accounts one side's permission is not enough:
 * the bucket's policy and the caller's own policy must both allow a call, and so must both policies on the key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export interface CustomerBucketGrant {
  readonly partition: string;
  readonly region: string;
  readonly bucket: string;
  /** ARN of our role, or of Statsig's user `arn:aws:iam::999689269917:user/<STATSIG_IAM_USER>`. */
  readonly principal: string;
  /** ARN of the key that the bucket is encrypted with, if it is; not an alias. */
  readonly keyArn?: string | undefined;
  /** Folder that receipts are written into, with the slash at its end. Default none: nothing is written. */
  readonly receiptFolder?: string | null | undefined;
}

/** What each side has to apply. */
export interface CustomerBucketPolicies {
  /** The bucket's policy, which its owner applies. */
  readonly bucketPolicy: PolicyDocument;
  /** What the owner adds to the policy of the bucket's key; undefined without a key. */
  readonly keyPolicy: PolicyDocument | undefined;
  /** What the caller's own role or user needs. */
  readonly callerPolicy: PolicyDocument;
}

interface Use {
  readonly bucketActions: readonly string[];
  readonly objectActions: readonly string[];
  readonly keyActions: readonly string[];
}

/**
 * Lists and reads the files of datasets: the policy of Statsig's S3 ingestion document. With receipts it also writes them, and
 * nothing else. S3 encrypts what is written with a data key.
 */
export function ingestSourcePolicies(source: CustomerBucketGrant): CustomerBucketPolicies {
  const writes = source.receiptFolder != null;
  return policies(source, {
    bucketActions: ['s3:GetBucketLocation', 's3:ListBucket'],
    objectActions: ['s3:GetObject'],
    keyActions: ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])],
  });
}

/**
 * Writes, replaces and deletes files, in parts where they are large: the export policy of the same document, but for its
 * `s3:ListBucketMultipartUploads`, which stands beside objects and is the bucket's. S3 refuses a bucket's policy whole
 * for one such action: "Action does not apply to any resource(s) in statement".
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function exportTargetPolicies(target: CustomerBucketGrant): CustomerBucketPolicies {
  return policies(target, {
    bucketActions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
    objectActions: [
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:GetObject',
      's3:ListMultipartUploadParts',
      's3:PutObject',
      // In a bucket with ACLs its owner reads only what is written with bucket-owner-full-control.
      's3:PutObjectAcl',
    ],
    keyActions: ['kms:Decrypt', 'kms:GenerateDataKey'],
  });
}

function policies(other: CustomerBucketGrant, use: Use): CustomerBucketPolicies {
  const principal = { Principal: { AWS: other.principal } };
  const onBucket: Statement = {
    Sid: 'Bucket',
    Effect: 'Allow',
    Action: use.bucketActions,
    Resource: [bucketArn(other, other.bucket)],
  };
  const onObjects: Statement = {
    Sid: 'Objects',
    Effect: 'Allow',
    Action: use.objectActions,
    Resource: [objectsArn(other, other.bucket)],
  };
  const { receiptFolder } = other;
  const onReceipts: Statement | undefined =
    receiptFolder == null
      ? undefined
      : {
          Sid: 'Receipts',
          Effect: 'Allow',
          Action: ['s3:PutObject'],
          Resource: [objectsArn(other, other.bucket, receiptFolder)],
        };
  // A bucket's key is of the bucket's region, which need not be ours.
  const keyRegion = other.keyArn?.split(':')[3] ?? other.region;
  const onKey = (resource: string): Statement => ({
    Sid: 'KeyThroughS3',
    Effect: 'Allow',
    Action: use.keyActions,
    Resource: [resource],
    Condition: { StringEquals: { 'kms:ViaService': `s3.${keyRegion}.amazonaws.com` } },
  });
  return {
    bucketPolicy: policyDocument([
      { ...onBucket, ...principal },
      { ...onObjects, ...principal },
      onReceipts === undefined ? undefined : { ...onReceipts, ...principal },
    ]),
    // In a key's own policy `*` is that key.
    keyPolicy: other.keyArn === undefined ? undefined : policyDocument([{ ...onKey('*'), ...principal }]),
    callerPolicy: policyDocument([
      onBucket,
      onObjects,
      onReceipts,
      other.keyArn === undefined ? undefined : onKey(other.keyArn),
    ]),
  };
}
