import { GetBucketLocationCommand } from '@aws-sdk/client-s3';
import { valueAt } from '../../../lib/base/json.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { type Look, missing } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** The bucket itself: nothing else can be read without it. */
export const bucketLook: Look = {
  name: 'bucket',
  expects: 'the bucket exists in this region and belongs to this account',
  isGround: true,
  async find(setup) {
    const { config, identity } = setup;
    const { region } = identity;
    const there = await findBucket(setup, config.bucket);
    const kindOfStack = setup.isLocal ? 'local' : 'drift';
    if (there.kind === 'missing')
      return [missing(`The bucket ${config.bucket}`, config.existing.bucket ? 'own' : kindOfStack)];
    if (there.kind === 'denied') return [judgeDenied(config.bucket, setup)];
    return there.region === region ? [] : [judgeElsewhere(config.bucket, { there: there.region, region })];
  },
};

/** Judges a bucket whose region S3 denies. */
export function judgeDenied(
  bucket: string,
  { identity: { account }, commands }: Pick<Setup, 'commands'> & { readonly identity: { account: string } },
): Finding {
  const title = `S3 denies account ${account} the region of the bucket ${bucket}`;
  const detail = `${bucket}: S3 refuses s3:GetBucketLocation with account ${account} as its owner.`;
  return finding('SLUICE_FINDING_BUCKET_UNFIT', { case: 'account', ...seenNow(title, detail) }, [
    commands.aws(...ownBucketWords(bucket)),
  ]);
}

/** Words after `aws` of the command that prints the name of a bucket if it is of the account, and nothing else. */
export function ownBucketWords(bucket: string): readonly string[] {
  return ['s3api', 'list-buckets', '--query', `Buckets[?Name=='${bucket}'].Name`, '--output', 'text'];
}

/** Judges a bucket that is in another region (`there`) than the stack (`region`). */
export function judgeElsewhere(
  bucket: string,
  { there, region }: { readonly there: string; readonly region: string },
): Finding {
  const told = seenNow(`${bucket} is in ${there}, the stack in ${region}.`);
  return finding('SLUICE_FINDING_REGION_UNFIT', { case: 'bucket', ...told });
}

/** An existing bucket before a deployment. The other looks need no bucket. */
export const bucketBeforeLook: Look = {
  ...bucketLook,
  expects: 'an existing bucket exists in this region and belongs to this account',
  isGround: false,
  find: async (setup) => (setup.config.existing.bucket ? bucketLook.find(setup) : []),
};

/** Where a bucket is. `denied`: S3 denies access, as it does to another account's bucket. */
type BucketPlace =
  | { readonly kind: 'found'; readonly region: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' };

/** Asks S3 where a bucket is. @throws What S3's client throws, but for 403 and 404. */
export async function findBucket(
  { s3, identity: { account } }: Pick<Setup, 's3' | 'identity'>,
  Bucket: string,
): Promise<BucketPlace> {
  try {
    const asked = new GetBucketLocationCommand({ Bucket, ExpectedBucketOwner: account });
    const { LocationConstraint: region = 'us-east-1' } = await s3.send(asked);
    return { kind: 'found', region: region === 'EU' ? 'eu-west-1' : region };
  } catch (error) {
    const status = valueAt(error, ['$metadata', 'httpStatusCode']);
    if (status === 404) return { kind: 'missing' };
    if (status === 403) return { kind: 'denied' };
    throw error;
  }
}
