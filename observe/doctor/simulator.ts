import {
  type ContextEntry,
  type EvaluationResult,
  paginateSimulatePrincipalPolicy,
} from '@aws-sdk/client-iam';
import type { Statement } from '../../lib/access/policyDocument.ts';
import type { Setup } from './Setup.ts';

/** Decisions of a statement that are not as expected, for one reason. */
interface WrongDecisions {
  /** Which policy makes them so. */
  readonly reason: Decision['reason'];
  /** Statement, first action and resource, and how many more there are, without a stop. */
  readonly fact: string;
  /** Statement, all actions and resources, and the policies that decide, as a sentence. */
  readonly text: string;
}

/** The decisions of a statement that are not the expected ones, by their reason. */
export function wrongDecisions({ sid, decisions }: Simulated, expected: boolean): readonly WrongDecisions[] {
  if (decisions.length === 0 && expected)
    return [{ reason: 'missing', fact: `${sid}: no decision`, text: `${sid}: no decision.` }];
  const wrong = decisions.filter(({ isAllowed }) => isAllowed !== expected);
  const distinct = (names: readonly string[]) => [...new Set(names)].join(', ');
  return Array.from(
    Map.groupBy(wrong, ({ reason }) => reason),
    ([reason, all]) => {
      const [first] = all;
      const more = all.length === 1 ? '' : ` and ${all.length - 1} more`;
      const policies = distinct(all.flatMap((decision) => decision.policies));
      const by = policies === '' ? '' : `, by ${policies}`;
      const actions = distinct(all.map(({ action }) => action));
      const resources = distinct(all.map(({ resource }) => resource));
      return {
        reason,
        fact: `${sid}: ${first?.action} on ${first?.resource}${more}${by}`,
        text: `${sid}: ${actions} on ${resources}${by}.`,
      };
    },
  );
}

/** What a role or user may do of a statement, and what not, by IAM's simulator. */
export interface Simulated {
  /** The statement's name. */
  readonly sid: string;
  /** Decisions on pairs of action and resource. */
  readonly decisions: readonly Decision[];
}

/** Whether an action on a resource is allowed. */
export interface Decision {
  /** The action: `s3:GetObject`. */
  readonly action: string;
  /** ARN of the resource, or `*`. */
  readonly resource: string;
  /** Whether IAM's simulator allows it. */
  readonly isAllowed: boolean;
  /** Which policy denies it: `missing` is none, as nothing allows it. Without a meaning if it is allowed. */
  readonly reason: 'missing' | 'explicit' | 'boundary' | 'organization';
  /** Names of the policies whose statements decide, as far as IAM says them; none of an organization's. */
  readonly policies: readonly string[];
}

/** Asks IAM's simulator about everything that a statement allows. @param arn Of a role or user. */
export async function simulateStatement(
  { clients: { iam: client } }: Setup,
  arn: string,
  statement: Statement,
): Promise<Simulated> {
  const results: EvaluationResult[] = [];
  for (const ContextEntries of requestContexts(statement)) {
    const asked = {
      PolicySourceArn: arn,
      ActionNames: statement.Action.flatMap(sampleActions),
      ResourceArns: (statement.Resource ?? ['*']).map(sampleResource),
      ContextEntries,
      MaxItems: 1_000,
    };
    for await (const page of paginateSimulatePrincipalPolicy({ client }, asked))
      results.push(...(page.EvaluationResults ?? []));
  }
  return { sid: statement.Sid, decisions: results.flatMap(decisionsOf) };
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html */
function decisionsOf(result: EvaluationResult): readonly Decision[] {
  const { EvalActionName: action = '', EvalResourceName: resource = '', EvalDecision } = result;
  const { ResourceSpecificResults: single = [], OrganizationsDecisionDetail: organization } = result;
  const isOfOrganization = organization?.AllowedByOrganizations === false;
  const decided = (
    decision: string | undefined,
    { PermissionsBoundaryDecisionDetail: boundary, MatchedStatements = [] }: Deciding,
  ) => {
    const isOfBoundary = boundary?.AllowedByPermissionsBoundary === false;
    const ownReason = decision === 'explicitDeny' ? 'explicit' : 'missing';
    const accountReason = isOfBoundary ? 'boundary' : ownReason;
    return {
      isAllowed: decision === 'allowed',
      reason: isOfOrganization ? 'organization' : accountReason,
      policies: MatchedStatements.flatMap(({ SourcePolicyId }) => SourcePolicyId ?? []),
    } as const;
  };
  return single.length === 0
    ? [{ action, resource, ...decided(EvalDecision, result) }]
    : single.map((ofResource) => ({
        action,
        resource: ofResource.EvalResourceName ?? '',
        ...decided(ofResource.EvalResourceDecision, ofResource),
      }));
}

/** What of a result says which policy decides. */
type Deciding = Pick<EvaluationResult, 'PermissionsBoundaryDecisionDetail' | 'MatchedStatements'>;

/** The request contexts that meet a statement's condition, of which it has one at most: a context for each value, or one for all. */
function requestContexts({ Condition = {} }: Statement): ContextEntry[][] {
  const [condition] = Object.entries(Condition).flatMap(([comparison, keys]) =>
    Object.entries(keys).map(([contextKey, compared]) => ({
      operator: comparison,
      name: contextKey,
      values: [compared].flat().map(sampleResource),
    })),
  );
  if (condition === undefined) return [[]];
  const { operator, name, values } = condition;
  const several = operator.startsWith('ForAllValues:');
  return (several ? [values] : values.map((value) => [value])).map((ContextKeyValues) => [
    { ContextKeyName: name, ContextKeyType: several ? 'stringList' : 'string', ContextKeyValues },
  ]);
}

/** The simulator takes no wildcards: single actions of each that the printed policies have. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'cloudformation:*': ['CreateChangeSet', 'DeleteStack', 'DescribeStacks', 'ExecuteChangeSet'],
  's3:*': ['CreateBucket', 'PutBucketPolicy', 'PutLifecycleConfiguration'],
  's3:*Object*': ['DeleteObject', 'GetObject', 'PutObject'],
  'lambda:*': ['AddPermission', 'CreateFunction', 'DeleteFunction', 'UpdateFunctionCode'],
  'firehose:*': ['CreateDeliveryStream', 'UpdateDestination'],
  'sqs:*': ['CreateQueue', 'SetQueueAttributes'],
  'events:*': ['PutRule', 'PutTargets'],
  'scheduler:*': ['CreateSchedule', 'DeleteSchedule'],
  'logs:Create*': ['CreateLogGroup', 'CreateLogStream'],
  'logs:Delete*': ['DeleteLogGroup'],
  'logs:Describe*': ['DescribeLogStreams'],
  'logs:Put*': ['PutMetricFilter', 'PutRetentionPolicy'],
  'logs:*Tag*': ['TagResource'],
  'logs:*KmsKey': ['AssociateKmsKey'],
  'logs:*LogDelivery': ['CreateLogDelivery', 'DeleteLogDelivery'],
  'lambda:*EventSourceMapping': ['CreateEventSourceMapping', 'DeleteEventSourceMapping'],
  'lambda:*Tag*': ['TagResource'],
  // Without actions that a permissions boundary may forbid: a simulated call does not name the boundary.
  'iam:*': ['DeleteRole', 'DeleteUser', 'DeletePolicy', 'DeleteInstanceProfile'],
  'secretsmanager:Create*': ['CreateSecret'],
  'secretsmanager:Delete*': ['DeleteSecret'],
  'secretsmanager:Describe*': ['DescribeSecret'],
  'kms:GetKey*': ['GetKeyPolicy', 'GetKeyRotationStatus'],
  'glue:*Database': ['CreateDatabase', 'DeleteDatabase'],
  'glue:*Table': ['CreateTable', 'DeleteTable', 'UpdateTable'],
  'athena:*WorkGroup': ['CreateWorkGroup', 'DeleteWorkGroup', 'UpdateWorkGroup'],
  'athena:*Tag*': ['TagResource'],
  'apigateway:*': ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'],
  'cloudwatch:*': ['PutMetricAlarm'],
};

/** Actions that stand for one of a printed policy: itself, unless it is a wildcard. */
export function sampleActions(action: string): readonly string[] {
  const [service] = action.split(':');
  return SAMPLES[action]?.map((name) => `${service}:${name}`) ?? [action];
}

/** A name that a pattern matches: the simulator accepts resources, not patterns. `*` alone stays and means all. */
function sampleResource(pattern: string): string {
  return pattern === '*' ? pattern : pattern.replaceAll(/[*?]/g, 'x');
}
