import type { S3Client } from '@aws-sdk/client-s3';
import type { Turns } from '../drops/plan/trigger.ts';
import { triggerKey } from '../layout/ingestStateKeys.ts';
import type { Clock } from '../time/Clock.ts';
import { endClaim, readClaim, s3Claim } from './s3Claim.ts';

/** Turns as claims in a bucket of S3. */
export function s3Turns(client: S3Client, bucket: string, clock: Clock): Turns {
  const object = (source: string) => ({ Bucket: bucket, Key: triggerKey(source) });
  return {
    take: (source, until) => s3Claim(client, clock, object(source), until),
    giveBack: (source) => endClaim(client, object(source)),
    takenUntil: async (source) => (await readClaim(client, object(source)))?.claim?.until ?? null,
  };
}
