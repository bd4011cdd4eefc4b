import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Clock } from '../base/time.ts';
import type { Cooldowns } from '../drops/plan/trigger.ts';
import { triggerKey } from '../tables/ledgerKeys.ts';

const claimSchema = z.object({
  owner: z.string(),
  /** Epoch milliseconds after which it counts no more. */
  until: z.number(),
});

/** Somebody else's write came first: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const OTHERS_WON: ReadonlySet<string> = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

/**
 * Claims something until an instant: a small object that exactly one of many can write. Null when it is claimed
 * already. A claim whose time is over is taken over, so it must outlive whoever holds it.
 *
 * @throws What the client throws when it can't be told.
 */
export async function s3Claim(
  client: S3Client,
  clock: Clock,
  object: { readonly Bucket: string; readonly Key: string },
  until: number,
): Promise<{ release(): Promise<void> } | null> {
  const owner = randomUUID();
  const Body = JSON.stringify({ owner, until });
  const put = (condition: { readonly IfNoneMatch: '*' } | { readonly IfMatch: string }) =>
    won(
      client.send(new PutObjectCommand({ ...object, ...condition, Body, ContentType: 'application/json' })),
    );
  const mine = {
    async release() {
      // Later than that it may be somebody else's.
      if (clock.now() < until) await client.send(new DeleteObjectCommand(object));
    },
  };

  if (await put({ IfNoneMatch: '*' })) return mine;
  const held = await readClaim(client, object);
  if (held === null) return null; // Released just now: whoever had it may have left work, which comes again.
  // The client tries thrice: the first may have been ours, and only its answer lost.
  if (held.claim?.owner === owner) return mine;
  if (held.claim !== null && held.claim.until > clock.now()) return null;
  if (await put({ IfMatch: held.etag })) return mine;
  return (await readClaim(client, object))?.claim?.owner === owner ? mine : null;
}

/**
 * Ends a claim, whoever has it: for those who know that its reason is gone, and may not delete the object.
 *
 * @throws What the client throws when it can't be told.
 */
async function endClaim(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
): Promise<void> {
  const held = await readClaim(client, object);
  if (held === null || held.claim === null) return;
  const Body = JSON.stringify({ ...held.claim, until: 0 });
  await won(
    client.send(
      new PutObjectCommand({ ...object, IfMatch: held.etag, Body, ContentType: 'application/json' }),
    ),
  );
}

async function won(sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent;
    return true;
  } catch (error) {
    if (error instanceof S3ServiceException) {
      // The claim that we meant to take over was released meanwhile.
      if (OTHERS_WON.has(error.name) || error.name === 'NoSuchKey') return false;
    }
    throw error;
  }
}

/**
 * Who has claimed something, and the ETag that says so. Null where there is no claim; `claim` is null where there is
 * something else, which holds nobody back.
 */
async function readClaim(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
): Promise<{ readonly etag: string; readonly claim: z.output<typeof claimSchema> | null } | null> {
  try {
    const { Body, ETag = '' } = await client.send(new GetObjectCommand(object));
    const text = (await Body?.transformToString()) ?? '';
    return { etag: ETag, claim: parse(text) };
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return null;
    throw error;
  }
}

/** Null for what is no claim of ours: it holds nobody back. */
function parse(text: string): z.output<typeof claimSchema> | null {
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Turns as claims in a bucket of S3. */
export function s3Cooldowns(client: S3Client, bucket: string, clock: Clock): Cooldowns {
  const object = (source: string) => ({ Bucket: bucket, Key: triggerKey(source) });
  return {
    start: (source, until) => s3Claim(client, clock, object(source), until),
    end: (source) => endClaim(client, object(source)),
    endsAt: async (source) => (await readClaim(client, object(source)))?.claim?.until ?? null,
  };
}
