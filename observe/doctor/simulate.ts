import { type EvaluationResult, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { DoctorContext } from './DoctorContext.ts';

/** One action on resources, for IAM's simulator. */
export interface SimulatedAction {
  readonly action: string;
  readonly resources: readonly string[];
  /** Condition keys of the request. Default none. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * Asks IAM's simulator whether a role or a user may do something.
 *
 * @param arn Of the role or the user.
 * @throws as `DoctorContext.ask`.
 */
export async function simulate(
  doctor: DoctorContext,
  arn: string,
  { action, resources, context = {} }: SimulatedAction,
): Promise<readonly EvaluationResult[]> {
  const { iam } = await doctor.clients();
  const { EvaluationResults = [] } = await doctor.ask('iam:SimulatePrincipalPolicy', () =>
    iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: arn,
        ActionNames: [action],
        ResourceArns: [...resources],
        ContextEntries: Object.entries(context).map(([name, value]) => ({
          ContextKeyName: name,
          ContextKeyType: 'string' as const,
          ContextKeyValues: [value],
        })),
      }),
    ),
  );
  return EvaluationResults;
}

/** The resources whose decision is not the expected one. Without any decision, nothing is allowed. */
export function wrongResources(
  { resources }: Pick<SimulatedAction, 'resources'>,
  results: readonly EvaluationResult[],
  allowed: boolean,
): readonly string[] {
  const decisions = results.flatMap(
    ({ EvalDecision, EvalResourceName = '', ResourceSpecificResults = [] }) =>
      ResourceSpecificResults.length > 0
        ? ResourceSpecificResults.map((one) => ({
            resource: one.EvalResourceName ?? '',
            allowed: one.EvalResourceDecision === 'allowed',
          }))
        : [{ resource: EvalResourceName, allowed: EvalDecision === 'allowed' }],
  );
  const decided =
    decisions.length > 0 ? decisions : resources.map((resource) => ({ resource, allowed: false }));
  return decided.flatMap((decision) => (decision.allowed === allowed ? [] : [decision.resource]));
}
