import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { systemTiming } from '../base/retry.ts';
import { Ledger } from '../ledger/Ledger.ts';
import { ledgerStore } from '../ledger/ledgerStore.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/** The ledger in a bucket, by the machine's own clock. Only the client retries calls of S3. */
export function bucketLedger(client: S3Client, bucket: string): Ledger {
  return new Ledger({
    store: ledgerStore(s3ObjectStore(client, bucket)),
    newToken: randomUUID,
    ...systemTiming,
  });
}
