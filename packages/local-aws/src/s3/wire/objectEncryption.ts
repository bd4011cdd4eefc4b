import type { Bucket } from '../model/Bucket.ts';
import type { ObjectAttributes } from '../model/StoredObject.ts';
import type { KeyAccess, S3Call } from './S3Operation.ts';

const ALGORITHM = 'x-amz-server-side-encryption';
const KEY = 'x-amz-server-side-encryption-aws-kms-key-id';
const BUCKET_KEY = 'x-amz-server-side-encryption-bucket-key-enabled';

type Encryption = ObjectAttributes['encryption'];

/**
 * Attributes of an object to be written, encrypted as its writer says or else as its bucket does, if its writer may
 * use the key.
 *
 * @throws AwsError as {@link KeyAccess.demand}.
 */
export function encrypted(call: S3Call, bucket: Bucket, attributes: ObjectAttributes): ObjectAttributes {
  const encryption = ALGORITHM in attributes.encryption ? attributes.encryption : bucketDefault(bucket);
  demandKey(call, bucket, encryption, 'kms:GenerateDataKey');
  return { ...attributes, encryption };
}

/** Whether the caller may use the key of what is encrypted so. @throws AwsError as {@link KeyAccess.demand}. */
export function demandKey(
  { caller, keyAccess, request }: S3Call,
  { info }: Bucket,
  encryption: Encryption,
  action: Parameters<KeyAccess['demand']>[0]['action'],
): void {
  if (encryption[ALGORITHM] !== 'aws:kms') return;
  keyAccess?.demand({ caller, key: encryption[KEY], owner: info.account, region: request.region, action });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html */
function bucketDefault({ settings }: Bucket): Encryption {
  const [rule] = settings.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
  const { SSEAlgorithm, KMSMasterKeyID } = rule?.ServerSideEncryptionByDefault ?? {};
  if (SSEAlgorithm !== 'aws:kms') return {};
  return {
    [ALGORITHM]: 'aws:kms',
    ...(KMSMasterKeyID === undefined ? {} : { [KEY]: KMSMasterKeyID }),
    ...(rule?.BucketKeyEnabled === true ? { [BUCKET_KEY]: 'true' } : {}),
  };
}
