import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { type RetryPorts, systemTiming } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import { Ledger } from '../ledger/Ledger.ts';
import { ledgerStore } from '../ledger/ledgerStore.ts';
import { s3ObjectStore } from './s3ObjectStore.ts';

/**
 * The ledger in a bucket. Only the client retries calls of S3.
 *
 * @param timing The clock by which leases expire, and the waits between attempts of a write. Default: the machine's own.
 */
export function bucketLedger(
  client: S3Client,
  bucket: string,
  { clock, wait, random }: RetryPorts & { readonly clock: Clock } = systemTiming,
): Ledger {
  const store = ledgerStore(s3ObjectStore(client, bucket));
  return new Ledger({ store, newToken: randomUUID, clock, wait, random });
}
