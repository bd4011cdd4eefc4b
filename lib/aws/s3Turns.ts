import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Turns } from '../ingest/trigger/startSources.ts';
import { triggerKey } from '../layout/ingestStateKeys.ts';
import type { Clock } from '../time/Clock.ts';
import { s3Claim } from './s3Claim.ts';

const claimSchema = z.object({ until: z.number() });

/** Turns as claims in a bucket of S3. */
export function s3Turns(client: S3Client, bucket: string, clock: Clock): Turns {
  const object = (source: string) => ({ Bucket: bucket, Key: triggerKey(source) });
  return {
    take: (source, until) => s3Claim(client, clock, object(source), until),
    async takenUntil(source) {
      try {
        const { Body } = await client.send(new GetObjectCommand(object(source)));
        return claimSchema.parse(JSON.parse((await Body?.transformToString()) ?? '')).until;
      } catch (error) {
        if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
        throw error;
      }
    },
  };
}
