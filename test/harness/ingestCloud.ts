import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import {
  exportTargetPolicies,
  ingestSourcePolicies,
} from '../../lib/access/buckets/customerBucketPolicies.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { localAccount } from '../../local/localAccount.ts';
import { callMain } from './callMain.ts';
import { parquetOf } from './parquetOf.ts';
import { type StoryOptions, storyCloud } from './storyCloud.ts';

/** Makes a bucket in another account of the local cloud, with a policy if there is one. */
export async function createCustomerBucket(
  endpoint: string,
  { account, bucket, policy }: { account: string; bucket: string; policy?: object },
): Promise<void> {
  const credentials = { accessKeyId: account, secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  if (policy !== undefined)
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));
  s3.destroy();
}

/** The account whose bucket files are dropped into. */
export const CUSTOMER = '111122223333';
export const DROPS = 'acme-drops';

/**
 * A story's cloud with sources, and the customer's bucket beside it, in an account of its own and with the policy that is
 * printed for customers.
 */
export async function ingestCloud(input: Partial<ConfigInput>, options: StoryOptions = {}) {
  const story = await storyCloud(input, options);
  /** Opens a client of the customer's for the cloud as it runs now: after a restart it has other ports. */
  const customer = () => story.s3By({ accessKeyId: CUSTOMER, secretAccessKey: 'test' });
  /**
   * Makes a bucket in another account, with the policy that `sluice policy print` prints for it.
   *
   * @param principal Default: the roles that use the configured source or export; without one, the deployment's account.
   */
  async function letIn(
    account: string,
    bucket: string,
    target: 'ingest-source' | 'export-target',
    principal?: string,
  ): Promise<void> {
    const [option, name] =
      target === 'ingest-source'
        ? ['--source', input.sources?.find((source) => source.bucket === bucket)?.name]
        : ['--export', input.exports?.find((configured) => configured.target.bucket === bucket)?.name];
    if (principal === undefined && name !== undefined) {
      const words = ['policy', 'print', '--for', target, option, name, '--account', localAccount.id];
      const { stdout } = await callMain([...words, '--stage', 'local', '--json'], { env: story.env });
      const { bucketPolicy: policy }: { readonly bucketPolicy: object } = JSON.parse(stdout);
      return createCustomerBucket(story.cloud.edge, { account, bucket, policy });
    }
    const grant = {
      partition: 'aws',
      bucket,
      principal: principal ?? `arn:aws:iam::${localAccount.id}:root`,
    };
    const policies = { 'ingest-source': ingestSourcePolicies, 'export-target': exportTargetPolicies };
    await createCustomerBucket(story.cloud.edge, {
      account,
      bucket,
      policy: policies[target](grant).bucketPolicy,
    });
  }
  await letIn(CUSTOMER, DROPS, 'ingest-source');
  return Object.assign(story, {
    letIn,
    customer,
    /** Drops a file into the customer's bucket: bytes, or what a query of DuckDB's answers as Parquet. */
    async drop(key: string, content: Uint8Array | string, bucket = DROPS, by = customer()): Promise<void> {
      const bytes = typeof content === 'string' ? await parquetOf(content) : content;
      await story.put(key, bytes, bucket, by);
    },
    removeDrop: (key: string) => story.remove(key, DROPS, customer()),
  });
}
