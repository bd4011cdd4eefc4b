import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import type { LocalClock } from '../../packages/local-aws/src/base/index.ts';
import { acmeSource } from '../harness/configInput.ts';
import { startAws } from '../harness/startAws.ts';

/** A deployment whose bucket has versions. */
export interface VersionedBucket {
  /** The deployment, with a dataset of the source `acme`. */
  readonly deployment: Deployment;
  /** Name of its bucket. */
  readonly bucket: string;
  /** Its client of S3. */
  readonly s3: S3Client;
  /** Puts an object. */
  put(Key: string, Body: string | Uint8Array, more?: Partial<PutObjectCommandInput>): Promise<void>;
  /** Reads the text of an object; null of none. */
  read(key: string): Promise<string | null>;
  /** Deletes an object, so that S3 has a marker. */
  remove(Key: string): Promise<void>;
  /** Puts an object, whose text is its key, and deletes it. */
  lose(key: string): Promise<void>;
  /** Deletes all versions below a prefix for good. */
  removeVersions(Prefix: string): Promise<void>;
}

/** A service of S3 in which each deployment has a bucket of its own. */
interface VersionedBuckets {
  /** Makes a deployment, at the time. @param now Epoch milliseconds. */
  create(now: number): Promise<VersionedBucket>;
  /** Ends the service. */
  close(): Promise<void>;
}

/** Starts a service of S3 for deployments whose buckets have versions. @param clock Default the machine's clock. */
export async function startVersionedBuckets(clock?: LocalClock): Promise<VersionedBuckets> {
  const aws = await startAws(clock === undefined ? {} : { clock });
  const { s3, store } = aws;
  const opened: Deployment[] = [];
  return {
    async close() {
      for (const deployment of opened) deployment.close();
      await aws.close();
    },
    async create(now) {
      const config = defineConfig({ bucket: `sluice-versions-${opened.length}`, sources: [acmeSource()] });
      const { bucket: Bucket } = config;
      store.createBucket(Bucket);
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      const { endpoint, region, credentials } = aws.options;
      const about = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now };
      const deployment = openDeployment(about, { endpoint, region, credentials });
      opened.push(deployment);
      const bucket: VersionedBucket = {
        deployment,
        bucket: Bucket,
        s3,
        async put(Key, Body, more) {
          await s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
        },
        read: async (key) => (await s3ObjectStore(s3, Bucket).read(key))?.text ?? null,
        async remove(Key) {
          await s3.send(new DeleteObjectCommand({ Bucket, Key }));
        },
        async lose(key) {
          await bucket.put(key, key);
          await bucket.remove(key);
        },
        async removeVersions(Prefix) {
          const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
          for (const { Key = '', VersionId } of Versions)
            await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
        },
      };
      return bucket;
    },
  };
}
