import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Deployment } from '../../deployment.ts';
import { ifThere } from '../../ifThere.ts';
import type { BucketKey } from '../bucketFaults.ts';
import type { StackOutputs } from '../flow/stackOutputs.ts';
import { type KeyFacts, NO_KEY } from '../statusFacts.ts';

/** What encrypts the bucket. @param outputs Undefined if they could not be read. */
export function bucketKey(
  { existing, encryption }: Pick<Deployment['config'], 'existing' | 'encryption'>,
  outputs: StackOutputs | undefined,
): BucketKey {
  if (existing.keyArn === null && encryption === 's3') return { kind: 's3' };
  const arn = existing.keyArn ?? outputs?.get('KeyArn');
  return arn === undefined ? { kind: 'unknown' } : { kind: 'kms', arn };
}

/** The customer's key of the bucket; null if there is none, or it is not in the local cloud. @throws What KMS's client throws. */
export async function readKey(
  { aws, config, isLocal }: Pick<Deployment, 'aws' | 'config' | 'isLocal'>,
  outputs: StackOutputs,
): Promise<KeyFacts | null> {
  const KeyId = config.existing.keyArn ?? outputs.get('KeyArn');
  // The local cloud has only the keys of the template.
  if (KeyId === undefined || (isLocal && config.existing.keyArn !== null)) return null;
  const client = new KMSClient(aws);
  try {
    const { KeyMetadata } = (await ifThere(client.send(new DescribeKeyCommand({ KeyId })))) ?? {};
    if (KeyMetadata === undefined) return { Arn: KeyId, KeyState: NO_KEY };
    const { Arn = KeyId, KeyState, KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate } = KeyMetadata;
    return { Arn, KeyState, KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate };
  } finally {
    client.destroy();
  }
}

/** Whether a key cannot be used; no of a bucket without one. */
export function isKeyOff(key: KeyFacts | null): boolean {
  return key !== null && key.KeyState !== 'Enabled';
}
