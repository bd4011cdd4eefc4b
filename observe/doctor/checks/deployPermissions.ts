import {
  type ContextEntry,
  type EvaluationResult,
  GetRoleCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { type DataLakeSettings, GetDataLakeSettingsCommand } from '@aws-sdk/client-lakeformation';
import type { Statement } from '../../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';

/** Actions that IAM enforces but no service reference lists, so the simulator does not accept them. */
const UNKNOWN_ACTIONS = ['apigateway:TagResource', 'apigateway:UntagResource'] as const;

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
  'cloudwatch:*': ['PutDashboard', 'PutMetricAlarm'],
};

/** Actions that stand for one of a printed policy: itself, unless it is a wildcard. */
export function sampleActions(action: string): readonly string[] {
  const [service] = action.split(':');
  return SAMPLES[action]?.map((name) => `${service}:${name}`) ?? [action];
}

/** Requirements of a deployment that no simulation covers. */
const NOT_SIMULATED: readonly string[] = [
  `${UNKNOWN_ACTIONS.join(' and ')}, which a stage of an HTTP API with tags needs and no service reference lists.`,
  "The check of KMS in CreateKey that the caller can change the key policy: the stack skips it, which Control Tower's CT.KMS.PV.3 forbids.",
  'Session policies of the caller, conditions of service control policies, resource control policies, and CloudFormation hooks.',
  'The delay of IAM: Firehose may not find a role that was just created. In that case deploy again.',
];

/** Pages of 1,000 results. */
const MOST_PAGES = 10;
const PAGE = 1_000;

/** The caller's permissions, by IAM's simulator, against the policies that `sluice policy print --for deploy` prints. */
export const deployer: Check = {
  name: 'deployer',
  expects: 'these credentials may deploy, update and remove the stack, by simulation',
  needs: ['region'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_DEPLOY_DENIED', 'SLUICE_DOCTOR_UNCHECKED'],
  permissions: ['iam:SimulatePrincipalPolicy', 'iam:GetRole'],
  async run(doctor) {
    const source = await simulatedArn(doctor);
    if (source === undefined) {
      const { arn } = await doctor.identity();
      return [finding('SLUICE_DOCTOR_UNCHECKED', `IAM simulates users and roles only, not ${arn}.`)];
    }
    const [config, { account, region }] = await Promise.all([doctor.config(), doctor.identity()]);
    const policies = printedPolicies('deploy', config, { region, account, stack: doctor.stackName });
    return checkEach(
      policies.flatMap(({ document }) => document.Statement),
      (statement) => judgeStatement(doctor, source, statement),
      (impossible) => impossible.finding,
    );
  },
};

/** Lists what the check above cannot cover. */
export const unsimulated: Check = {
  name: 'unsimulated',
  expects: 'what else a deployment needs and no simulator covers',
  needs: [],
  blocks: [],
  codes: ['SLUICE_DOCTOR_UNCHECKED'],
  permissions: [],
  run: async () => NOT_SIMULATED.map((detail) => finding('SLUICE_DOCTOR_UNCHECKED', detail)),
};

/** The user or role behind the caller; undefined for root and federated users, which cannot be simulated. */
async function simulatedArn(doctor: DoctorContext): Promise<string | undefined> {
  const { arn } = await doctor.identity();
  if (/:user\//.test(arn)) return arn;
  const [, RoleName] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (RoleName === undefined) return undefined;
  // The ARN of a session lacks the role's path, which roles of IAM Identity Center have.
  const { iam } = await doctor.clients();
  const { Role } = await doctor.ask('iam:GetRole', () => iam.send(new GetRoleCommand({ RoleName })));
  return Role?.Arn;
}

async function judgeStatement(
  doctor: DoctorContext,
  source: string,
  statement: Statement,
): Promise<readonly Finding[]> {
  const { Sid, Resource = ['*'] } = statement;
  const actions = statement.Action.filter((action) => !UNKNOWN_ACTIONS.some((one) => one === action)).flatMap(
    sampleActions,
  );
  const denied = { actions: new Set<string>(), resources: new Set<string>() };
  for (const context of requestContexts(statement)) {
    const results = await simulate(doctor, source, actions, Resource.map(sampleResource), context);
    for (const [action, resource] of deniedActions(results)) {
      denied.actions.add(action);
      denied.resources.add(resource);
    }
  }
  if (denied.actions.size === 0) return [];
  const detail = `${Sid}: ${[...denied.actions].join(', ')} on ${[...denied.resources].join(', ')}.`;
  return [finding('SLUICE_DOCTOR_DEPLOY_DENIED', detail)];
}

/** A name that a pattern matches: the simulator accepts resources, not patterns. `*` alone stays and means all. */
function sampleResource(pattern: string): string {
  return pattern === '*' ? pattern : pattern.replaceAll(/[*?]/g, 'x');
}

/** The request contexts that meet a statement's condition: one for each value. */
function requestContexts({ Condition = {} }: Statement): readonly (readonly ContextEntry[])[] {
  const [one] = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([name, values]) => ({
      operator,
      name,
      values: [values].flat().map(sampleResource),
    })),
  );
  if (one === undefined) return [[]];
  const { operator, name, values } = one;
  const several = operator.startsWith('ForAllValues:');
  return (several ? [values] : values.map((value) => [value])).map((ContextKeyValues) => [
    { ContextKeyName: name, ContextKeyType: several ? 'stringList' : 'string', ContextKeyValues },
  ]);
}

async function simulate(
  doctor: DoctorContext,
  PolicySourceArn: string,
  actions: readonly string[],
  resources: readonly string[],
  context: readonly ContextEntry[],
): Promise<readonly EvaluationResult[]> {
  const { iam } = await doctor.clients();
  const results: EvaluationResult[] = [];
  let Marker: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const marker = Marker;
    const answer = await doctor.ask('iam:SimulatePrincipalPolicy', () =>
      iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn,
          ActionNames: [...actions],
          ResourceArns: [...resources],
          ContextEntries: [...context],
          MaxItems: PAGE,
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      ),
    );
    results.push(...(answer.EvaluationResults ?? []));
    Marker = answer.Marker;
    if (answer.IsTruncated !== true || Marker === undefined) break;
  }
  return results;
}

/** Actions that were not allowed, each with its resource. */
function deniedActions(results: readonly EvaluationResult[]): readonly (readonly [string, string])[] {
  return results.flatMap(
    ({ EvalActionName = '', EvalResourceName = '', EvalDecision, ResourceSpecificResults = [] }) =>
      (ResourceSpecificResults.length > 0
        ? ResourceSpecificResults.map(
            (one) => [one.EvalResourceName ?? '', one.EvalResourceDecision] as const,
          )
        : [[EvalResourceName, EvalDecision] as const]
      )
        .filter(([, decision]) => decision !== 'allowed')
        .map(([resource]) => [EvalActionName, resource] as const),
  );
}

/** Stands for everyone whom IAM allows. https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html */
const IAM_PRINCIPALS = 'IAM_ALLOWED_PRINCIPALS';

/** Whether IAM alone controls access to new databases and tables. */
export const dataLake: Check = {
  name: 'data-lake',
  expects: "Lake Formation's defaults leave access to new databases and tables to IAM",
  needs: ['region'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_LAKE_FORMATION'],
  permissions: ['lakeformation:GetDataLakeSettings'],
  async run(doctor) {
    const { lakeFormation } = await doctor.clients();
    const { DataLakeSettings: settings = {} } = await doctor.ask('lakeformation:GetDataLakeSettings', () =>
      lakeFormation.send(new GetDataLakeSettingsCommand({})),
    );
    const missing = notLeftToIam(settings);
    return missing.length === 0
      ? []
      : [
          finding(
            'SLUICE_DOCTOR_LAKE_FORMATION',
            `${IAM_PRINCIPALS} does not get ALL on ${missing.join(' and ')}.`,
          ),
        ];
  },
};

/** Lists what Lake Formation also controls: `new databases`, `new tables`. */
function notLeftToIam(settings: DataLakeSettings): readonly string[] {
  const left = (defaults: DataLakeSettings['CreateTableDefaultPermissions'] = []) =>
    defaults.some(
      ({ Principal, Permissions = [] }) =>
        Principal?.DataLakePrincipalIdentifier === IAM_PRINCIPALS && Permissions.includes('ALL'),
    );
  return [
    ...(left(settings.CreateDatabaseDefaultPermissions) ? [] : ['new databases']),
    ...(left(settings.CreateTableDefaultPermissions) ? [] : ['new tables']),
  ];
}
