import { AwsError } from '../protocol/AwsError.ts';
import type { EdgeCall } from '../protocol/EdgeCall.ts';
import { type Caller, isUnbound } from './Caller.ts';
import { decide } from './decide.ts';
import type { NeededPermission } from './RecordedCall.ts';

/** Services that have something of every account, and judge by themselves who may do what. */
const OF_ALL_ACCOUNTS: ReadonlySet<string> = new Set(['s3', 'kms', 'iam', 'sts']);

/** Of the protocols that answer in XML; the others say `AccessDeniedException`. */
const QUERY_SERVICES: ReadonlySet<string> = new Set(['cloudformation']);

/**
 * Lets to the services that are the deployment's alone (Glue, queues, streams, Athena, secrets, the stack) whom AWS would
 * let there: those of its account, a role that was made in it and a session as far as their policies go, and nobody of another
 * account.
 *
 * @returns What throws AwsError `AccessDeniedException` for a call that is not allowed.
 */
export function admitOwn(options: {
  readonly callerOf: (accessKeyId: string) => Caller;
  readonly needsOf: (call: EdgeCall) => readonly NeededPermission[];
  /** The deployment's. */
  readonly account: string;
}): (call: EdgeCall) => void {
  return (call) => {
    if (OF_ALL_ACCOUNTS.has(call.service)) return;
    const caller = options.callerOf(call.accessKeyId);
    if (caller.account === options.account && isUnbound(caller)) return;
    for (const need of options.needsOf(call)) {
      const decision = decide({ caller, ...need, owner: options.account, resourcePolicy: undefined });
      if (decision.allowed) continue;
      throw QUERY_SERVICES.has(call.service)
        ? new AwsError('AccessDenied', 403, decision.because)
        : new AwsError('AccessDeniedException', 400, decision.because);
    }
  };
}
