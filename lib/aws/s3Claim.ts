import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Clock } from '../base/time.ts';
import type { Cooldowns } from '../drops/plan/trigger.ts';
import { triggerKey } from '../tables/ledgerKeys.ts';
import { readText, writeTextIf } from './s3Text.ts';

const claimSchema = z.object({
  owner: z.string(),
  /** Epoch milliseconds after which the claim has expired. */
  until: z.number(),
});

/**
 * Claims something until an instant, with a small object that exactly one of many writers can create. Null if it is already
 * claimed. An expired claim is taken over, so a claim must outlive its owner.
 *
 * @throws The error of the client if the outcome is unknown.
 */
export async function s3Claim(
  client: S3Client,
  clock: Clock,
  object: { readonly Bucket: string; readonly Key: string },
  until: number,
): Promise<{ release(): Promise<void> } | null> {
  const owner = randomUUID();
  const body = JSON.stringify({ owner, until });
  const put = async (expected: string | null) => (await writeTextIf(client, object, body, expected)) !== null;
  const mine = {
    async release() {
      // After that instant another owner may have it.
      if (clock.now() < until) await client.send(new DeleteObjectCommand(object));
    },
  };

  if (await put(null)) return mine;
  const held = await readClaim(client, object);
  if (held === null) return null; // Released just now: work that its owner left is delivered again.
  // The client makes three attempts: the first may have succeeded, and its answer was lost.
  if (held.claim?.owner === owner) return mine;
  if (held.claim !== null && held.claim.until > clock.now()) return null;
  if (await put(held.etag)) return mine;
  return (await readClaim(client, object))?.claim?.owner === owner ? mine : null;
}

/**
 * Ends a claim of any owner, for callers that may not delete the object.
 *
 * @throws The error of the client if the outcome is unknown.
 */
async function endClaim(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
): Promise<void> {
  const held = await readClaim(client, object);
  if (held === null || held.claim === null) return;
  await writeTextIf(client, object, JSON.stringify({ ...held.claim, until: 0 }), held.etag);
}

/**
 * The claim on something, and its ETag. Null if there is none. `claim` is null if the object is invalid, which blocks
 * nobody.
 */
async function readClaim(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
): Promise<{ readonly etag: string; readonly claim: z.output<typeof claimSchema> | null } | null> {
  const read = await readText(client, object);
  return read === null ? null : { etag: read.eTag, claim: parse(read.text) };
}

/** Null for an invalid claim, which blocks nobody. */
function parse(text: string): z.output<typeof claimSchema> | null {
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Cooldowns as claims in an S3 bucket. */
export function s3Cooldowns(client: S3Client, bucket: string, clock: Clock): Cooldowns {
  const object = (source: string) => ({ Bucket: bucket, Key: triggerKey(source) });
  return {
    start: (source, until) => s3Claim(client, clock, object(source), until),
    end: (source) => endClaim(client, object(source)),
    endsAt: async (source) => (await readClaim(client, object(source)))?.claim?.until ?? null,
  };
}
