import { z } from 'zod';

/** A number of days in a lifecycle rule. */
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

/**
 * The settings of a bucket, as properties in its template. The local S3 returns them, keeps versions, and enforces the
 * policy and who may use the bucket's key. Nothing is encrypted or expires here.
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
  LifecycleConfiguration: z
    .strictObject({
      Rules: z.array(lifecycleRule).min(1),
      TransitionDefaultMinimumObjectSize: z
        .enum(['all_storage_classes_128K', 'varies_by_storage_class'])
        .optional(),
    })
    .optional(),
  PublicAccessBlockConfiguration: z
    .strictObject({
      BlockPublicAcls: z.boolean().default(false),
      IgnorePublicAcls: z.boolean().default(false),
      BlockPublicPolicy: z.boolean().default(false),
      RestrictPublicBuckets: z.boolean().default(false),
    })
    .optional(),
  VersioningConfiguration: z.strictObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  /** Buckets have no ACLs here. */
  OwnershipControls: z
    .strictObject({
      Rules: z.array(z.strictObject({ ObjectOwnership: z.literal('BucketOwnerEnforced') })).length(1),
    })
    .optional(),
} as const;

/** The settings among the properties of a bucket; the other properties are left out. */
const settingsOfProperties = z.object(bucketSettingsMembers);

/** Properties of a bucket, and the policy from its template's `AWS::S3::BucketPolicy`, as JSON. */
export const bucketSettingsSchema = z.strictObject({
  ...bucketSettingsMembers,
  policy: z.string().optional(),
});
/** Settings of a bucket; a member that is absent is not set. */
export type BucketSettings = Readonly<z.output<typeof bucketSettingsSchema>>;

/**
 * S3's settings for buckets created since 2023: encrypted with S3's own key, closed to the public.
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

/**
 * The settings of a bucket from a template. Properties that are left out have the values of a new bucket.
 *
 * @param properties The properties of the bucket, which may have other members than settings.
 * @param policy The bucket's policy as JSON; undefined without one.
 */
export function bucketSettings(
  properties: z.input<typeof settingsOfProperties>,
  policy: string | undefined,
): BucketSettings {
  const settings = { ...newBucketSettings, ...settingsOfProperties.parse(properties) };
  return policy === undefined ? settings : { ...settings, policy };
}
