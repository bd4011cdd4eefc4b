import {
  type ContextEntry,
  type EvaluationResult,
  paginateSimulatePrincipalPolicy,
} from '@aws-sdk/client-iam';
import { readerId } from '../../infra/readers/readers.ts';
import { arnIn, bucketArn, iamArn, policyScope } from '../../lib/access/arns.ts';
import { allow, type Statement } from '../../lib/access/policyDocument.ts';
import { readerPermissions } from '../../lib/access/readerPermissions.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { type Look, type Question, settled } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The permissions of readers, by IAM's simulator: their policies may have changed since the deployment. */
export const readersLook: Look = {
  name: 'readers',
  expects:
    'each configured reader has the permissions of its policy and none that it must not have, by simulation',
  find: (setup) =>
    settled(
      setup.config.readers.map(
        (reader): Question => [`the reader ${reader.name}`, findReader(setup, reader)],
      ),
    ),
};

/** This can be any day, because policies are about folders and not about days. */
const DAY = '2026-01-01';

/** Looks at the permissions of a reader. */
async function findReader(setup: Setup, reader: Reader): Promise<readonly Finding[]> {
  const { config, identity, resources, key } = setup;
  const role = resources.get(readerId(reader, 'Role'));
  const principal = role ?? resources.get(readerId(reader, 'User'));
  if (principal === undefined) return [judgeNewReader(reader.name, setup.isLocal)];
  const arn = iamArn(identity, `${role === undefined ? 'user' : 'role'}/${principal}`);
  const scope = policyScope(config, { ...identity, keyArn: key.kind === 'kms' ? key.arn : null });
  const allowed = readerPermissions(scope, reader).flatMap(({ document }) => document.Statement);
  const objects = (folders: readonly string[]) =>
    folders.map((folder) => `${bucketArn(scope, scope.bucket)}/${folder}x`);
  const rows = forwardedKinds.map((kind) => dayFolder(config, kind, DAY));
  const tables = forwardedKinds.map((kind) =>
    arnIn(scope, 'glue', `table/${scope.database}/${config.tables[kind]}`),
  );
  const writesLikeUs = reader.kind === 'statsig' && reader.statsigForwardsHere;
  const denied = [
    allow('Landing', ['s3:GetObject'], objects([LANDING_FOLDER, 'ledger/', 'quarantine/'])),
    allow('Tables', ['glue:DeleteTable'], tables),
    ...(writesLikeUs ? [] : [allow('Rows', ['s3:DeleteObject', 's3:PutObject'], objects(rows))]),
  ];
  const findings: Finding[] = [];
  for (const [statements, expected] of [
    [allowed, true],
    [denied, false],
  ] as const)
    for (const statement of statements) {
      if (statement.Effect !== 'Allow') continue;
      const simulated = await simulateStatement(setup, arn, statement);
      findings.push(...judgeSimulation(reader.name, simulated, expected, setup.commands));
    }
  return findings;
}

/** Judges a reader of the configuration that the stack does not have. */
export function judgeNewReader(name: string, isLocal: boolean): Finding {
  const title = `The identity of the reader ${name} does not exist`;
  const told = seenNow(title, `The role or user of the reader ${name}.`);
  return finding('SLUICE_FINDING_RESOURCE_MISSING', { case: isLocal ? 'local' : 'new', ...told });
}

/** Judges the simulator's decisions. Without any decision, nothing is allowed. @param expected Whether it has to be allowed. */
export function judgeSimulation(
  name: string,
  simulated: Simulated,
  expected: boolean,
  commands: Pick<Setup['commands'], 'sluice'>,
): readonly Finding[] {
  return wrongDecisions(simulated, expected).map(({ reason, fact, text }) => {
    const detail = `${name}: ${text}`;
    if (!expected)
      return finding(
        'SLUICE_FINDING_READER_ALLOWED',
        seenNow(`The reader ${name} is allowed what it must not do: ${fact}`, detail),
      );
    const told = seenNow(`The reader ${name} is denied what it needs: ${fact}`, detail);
    const shown = reason === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
    return finding('SLUICE_FINDING_READER_DENIED', { case: reason, ...told }, shown);
  });
}

/** Decisions of a statement that are not as expected, for one reason. */
export interface WrongDecisions {
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

/** The request contexts that meet a statement's condition: one for each value. */
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
