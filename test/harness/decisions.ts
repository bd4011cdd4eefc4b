import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as z from 'zod';

/** The channel on which every local cloud of this process publishes what its IAM decides. */
const CHANNEL = 'local-aws:decisions';

const decisionSchema = z.object({
  caller: z.object({ arn: z.string() }),
  action: z.string(),
  resource: z.string(),
  context: z.object({ 's3:prefix': z.string().optional() }).optional(),
  allowed: z.boolean(),
  /** Why the call is refused. */
  because: z.string().optional(),
});

/** IAM's decision on one action of a caller on one resource. */
type AccessDecision = z.infer<typeof decisionSchema>;

/** Hands over each decision from now on. @returns Ends it. */
export function onDecision(take: (decision: AccessDecision) => void): () => void {
  const parsed = (message: unknown) => take(decisionSchema.parse(message));
  subscribe(CHANNEL, parsed);
  return () => void unsubscribe(CHANNEL, parsed);
}

/**
 * Whether a decision is on a call. Of a missing object S3 asks without a prefix whether the caller may list, to answer 404
 * or 403.
 */
function isOnCall({ action, context }: AccessDecision): boolean {
  return action !== 's3:ListBucket' || context?.['s3:prefix'] !== undefined;
}

/** Whether a call is refused because its role has no permission for it, and not by a policy that denies it. */
export function lacksPermission(decision: AccessDecision): boolean {
  const { allowed, because = '' } = decision;
  return !allowed && isOnCall(decision) && because.includes('because no identity-based policy allows');
}
