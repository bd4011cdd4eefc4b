import { z } from 'zod';

const days = z.int().min(1);

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html, as far as we use it. */
const lifecycleRule = z.strictObject({
  Id: z.string().min(1).max(255).optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  Prefix: z.string().optional(),
  ExpirationInDays: days.optional(),
  ExpiredObjectDeleteMarker: z.boolean().optional(),
  NoncurrentVersionExpiration: z
    .strictObject({ NoncurrentDays: days, NewerNoncurrentVersions: z.int().min(1).optional() })
    .optional(),
  Transitions: z.array(z.strictObject({ StorageClass: z.string(), TransitionInDays: z.int() })).optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: days }).optional(),
});
/** One rule of a bucket's lifecycle. */
export type LifecycleRule = z.output<typeof lifecycleRule>;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_OwnershipControlsRule.html */
export const objectOwnerships = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'] as const;
/** How a bucket decides who owns its objects. */
export type ObjectOwnership = (typeof objectOwnerships)[number];

const ownershipControls = z.strictObject({
  Rules: z.array(z.strictObject({ ObjectOwnership: z.enum(objectOwnerships) })).length(1),
});

/**
 * What a bucket is set to, as properties of its template have it. The local S3 tells of it, and acts on its
 * policy and on who may use its key: nothing is encrypted, expires or has versions here.
 */
export const bucketSettingsMembers = {
  BucketEncryption: z
    .strictObject({
      ServerSideEncryptionConfiguration: z
        .array(
          z.strictObject({
            ServerSideEncryptionByDefault: z.strictObject({
              SSEAlgorithm: z.enum(['AES256', 'aws:kms']),
              KMSMasterKeyID: z.string().optional(),
            }),
            BucketKeyEnabled: z.boolean().optional(),
          }),
        )
        .length(1),
    })
    .optional(),
  LifecycleConfiguration: z.strictObject({ Rules: z.array(lifecycleRule).min(1) }).optional(),
  PublicAccessBlockConfiguration: z
    .strictObject({
      BlockPublicAcls: z.boolean().default(false),
      IgnorePublicAcls: z.boolean().default(false),
      BlockPublicPolicy: z.boolean().default(false),
      RestrictPublicBuckets: z.boolean().default(false),
    })
    .optional(),
  VersioningConfiguration: z.strictObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  OwnershipControls: ownershipControls.optional(),
} as const;

const bucketPropertiesSchema = z.strictObject(bucketSettingsMembers);
type BucketProperties = z.output<typeof bucketPropertiesSchema>;

/** Properties of a bucket, and the policy that its template's `AWS::S3::BucketPolicy` gives it, as JSON. */
export const bucketSettingsSchema = bucketPropertiesSchema.extend({ policy: z.string().optional() });
/** Settings that were taken. */
export type BucketSettings = Readonly<z.output<typeof bucketSettingsSchema>>;

/**
 * As S3 makes buckets since 2023: encrypted under its own key, closed to the public.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export const newBucketSettings: BucketSettings = {
  PublicAccessBlockConfiguration: {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  },
};

/** The settings of a bucket that a template makes: what it leaves out is as S3 makes buckets. */
export function bucketSettings(properties: BucketProperties, policy: string | undefined): BucketSettings {
  const { BucketEncryption, LifecycleConfiguration, OwnershipControls, VersioningConfiguration } = properties;
  return {
    ...(BucketEncryption && { BucketEncryption }),
    ...(LifecycleConfiguration && { LifecycleConfiguration }),
    ...(VersioningConfiguration && { VersioningConfiguration }),
    ...(OwnershipControls && { OwnershipControls }),
    PublicAccessBlockConfiguration:
      properties.PublicAccessBlockConfiguration ?? newBucketSettings.PublicAccessBlockConfiguration,
    ...(policy !== undefined && { policy }),
  };
}
