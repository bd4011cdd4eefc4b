import { S3Client } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { writeStore } from '../../../../lib/landing/write/WriteStore.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { Faults } from '../../../../packages/local-aws/src/faults/index.ts';
import { ObjectStore, s3Service } from '../../../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

export const BUCKET = 'data-bucket';
export const START = Date.UTC(2026, 10, 20, 7, 32);

/** A bucket of the local S3 behind the product's own adapter. */
export async function startBucket() {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const objects = ObjectStore.open({ directory: directory.path, clock });
  objects.ensureBucket(BUCKET, { eventBridge: true });
  const faults = new Faults();
  const { options, close } = await startServices([s3Service({ store: objects, clock })], faults);
  const s3 = new S3Client(options);
  const store = writeStore(s3ObjectStore(s3, BUCKET), clock);
  const keys = async (prefix: string) => {
    const found: string[] = [];
    for await (const { key } of store.list(prefix)) found.push(key);
    return found;
  };
  return {
    ...{ clock, faults, options, s3, store, keys },
    path: (name: string) => `${directory.path}/${name}`,
    /** Everything away, for the next example. */
    async empty() {
      faults.clear();
      for (const key of await keys('')) await store.discard(key);
    },
    async close() {
      s3.destroy();
      await close();
      objects.close();
      directory.remove();
    },
  };
}

/** Rows by their number, each with an ID of its own. */
export const rows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `{"event_id":"e${from + i}","n":${from + i},"ds":"2026-11-20"}`);
