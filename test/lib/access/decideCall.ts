import { runSimulation } from '@cloud-copilot/iam-simulate';

/** A policy, of lib/access or read out of a template. */
interface Document {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

/** One call, with every resource that AWS checks for it: Glue a table's database and catalogue too. */
export interface Call {
  readonly action: string;
  readonly resources: readonly string[];
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/** Who calls, and every policy that has a say. */
export interface Caller {
  readonly principal: string;
  readonly policies: readonly Document[];
  /** The account of the resource. Default that of the caller. */
  readonly resourceAccount?: string;
  readonly resourcePolicy?: Document | undefined;
  /** What a session of a role was narrowed to. Default nothing. */
  readonly sessionPolicy?: Document | undefined;
}

/**
 * What AWS would decide: the first refusal, in the order of the resources, or `Allowed`.
 *
 * @throws Error for what IAM doesn't know: an action, a policy's element, a resource of the wrong kind.
 */
export async function decideCall(caller: Caller, call: Call): Promise<string> {
  for (const resource of call.resources) {
    const result = await runSimulation(
      {
        request: {
          principal: caller.principal,
          action: call.action,
          resource: {
            resource,
            accountId: caller.resourceAccount ?? caller.principal.split(':')[4] ?? '',
          },
          contextVariables: { 'aws:SecureTransport': 'true', ...call.context },
        },
        identityPolicies: caller.policies.map((policy, i) => ({ name: String(i), policy })),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        ...(caller.resourcePolicy === undefined ? {} : { resourcePolicy: caller.resourcePolicy }),
        ...(caller.sessionPolicy === undefined ? {} : { sessionPolicy: caller.sessionPolicy }),
      },
      {},
    );
    if (result.resultType === 'error')
      throw new Error(`${call.action} on ${resource}: ${JSON.stringify(result.errors)}`);
    if (result.overallResult !== 'Allowed') return result.overallResult;
  }
  return 'Allowed';
}
