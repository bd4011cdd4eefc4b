import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from './json.ts';
import type { ObjectStore } from './ObjectStore.ts';
import type { Clock } from './time.ts';

/** A claim as it is stored. */
const claimSchema = z.object({
  /** Who has claimed it: an ID of its own for each claim. */
  owner: z.string(),
  /** Epoch milliseconds from which on the claim has expired. */
  until: z.number(),
});

/** A claim that the caller holds. */
export interface HeldClaim {
  /** Ends it before its time. */
  release(): Promise<void>;
}

/**
 * Claims something until an instant, with a small object that exactly one of many writers can create. Null if it is already
 * claimed. An expired claim is taken over, so a claim must outlive its owner.
 *
 * @param until Epoch milliseconds.
 * @throws The error of the store if the outcome is unknown.
 */
export async function claim(
  store: ObjectStore,
  clock: Clock,
  key: string,
  until: number,
): Promise<HeldClaim | null> {
  const owner = randomUUID();
  const put = (expected: string | null) => store.write(key, JSON.stringify({ owner, until }), { expected });
  // The ETag is compared, because the client repeats a call: after the first attempt another owner may have claimed it.
  const heldClaim = (eTag: string): HeldClaim => ({
    async release() {
      await store.remove(key, eTag);
    },
  });

  const created = await put(null);
  if (created !== null) return heldClaim(created);
  const existing = await readClaim(store, key);
  if (existing === null) return null; // Released just now: work that its owner left is delivered again.
  // The client repeats a call: the first attempt may have succeeded, and its answer was lost.
  if (existing.claim?.owner === owner) return heldClaim(existing.eTag);
  if (existing.claim !== null && existing.claim.until > clock.now()) return null;
  const taken = await put(existing.eTag);
  if (taken !== null) return heldClaim(taken);
  const current = await readClaim(store, key);
  return current?.claim?.owner === owner ? heldClaim(current.eTag) : null;
}

/** Reads a claim and its ETag; null without an object. `claim` is null if the object is invalid, which blocks nobody. */
async function readClaim(store: ObjectStore, key: string) {
  const read = await store.read(key);
  if (read === null) return null;
  return { eTag: read.eTag, claim: claimSchema.safeParse(parseJson(read.text)).data ?? null };
}
