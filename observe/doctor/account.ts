import { GetAccountCommand, GetDomainNameCommand, type ThrottleSettings } from '@aws-sdk/client-api-gateway';
import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetDatabaseCommand, GetTableCommand } from '@aws-sdk/client-glue';
import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';
import { type AccountLimit, GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { readerId } from '../../infra/readers/readers.ts';
import { resources as templateResources } from '../../infra/resources.ts';
import { type HeldName, heldNames } from '../../infra/serverless/readerProblems.ts';
import { queueExecutions } from '../../infra/serverless/service.ts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { unusedFunctions } from '../../infra/template/unusedFunctions.ts';
import { LOOK_SIDS } from '../../lib/access/deployPolicy.ts';
import { allow, type Statement } from '../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../lib/access/printedPolicies.ts';
import { valueAt } from '../../lib/base/json.ts';
import { functionNames } from '../../lib/config/functionConfig.ts';
import { problemLine } from '../../lib/schema/ConfigProblem.ts';
import { hasFunctionUrl, hasGateway } from '../../lib/schema/endpoint.ts';
import { isRegion } from '../../lib/schema/regions.ts';
import { collectorConcurrency, type RequestLimits, requestLimits } from '../../lib/schema/requestLimits.ts';
import { ifThere } from '../explainAwsError.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { findBucket, ownBucketWords } from './bucket.ts';
import { databaseLook } from './catalog.ts';
import { type Look, type Question, settled, unsaid } from './Look.ts';
import { type Simulated, simulateStatement, wrongDecisions } from './readers.ts';
import type { Setup } from './Setup.ts';

/** Names that must be free for a deployment. */
export const freeNamesLook: Look = {
  name: 'names',
  expects:
    'the names of buckets, databases, workgroups, secrets, log groups, roles and users of the stack are free or its own, and an existing database that it uses is there',
  find: async (setup) => [
    ...heldNames(setup.config, setup).map(judgeHeldName),
    ...(await settled([
      ...(setup.config.existing.database ? [['the database', databaseLook.find(setup)] as const] : []),
      ...stackNames(setup).map(({ type, name, logicalId }): Question => {
        const asked = owners[type]?.(setup, name) ?? Promise.resolve(undefined);
        const judged = asked.then((owner) => {
          if (owner === undefined) return [];
          const kind = caseOfSetting(setup.config, logicalId, owner.case);
          return [judgeName({ type, name }, { ...owner, case: kind }, setup.commands)];
        });
        return [`the name ${name}`, judged];
      }),
    ])),
  ],
};

/** Judges a name of a reader that the stack has for another role or user. */
export function judgeHeldName(held: HeldName): Finding {
  return finding('SLUICE_FINDING_NAME_TAKEN', { case: 'reader', ...seenNow(held.fact, problemLine(held)) });
}

/**
 * The case of a name by the setting that it comes from: buckets, databases and workgroups of readers, and the bucket for
 * Statsig, have settings of their own.
 *
 * @param logicalId The resource's ID in the template; undefined of a log group that the template does not have.
 */
function caseOfSetting(
  { readers }: Pick<Setup['config'], 'readers'>,
  logicalId: string | undefined,
  kind: Owner['case'],
): Owner['case'] {
  if (logicalId === logicalIds.statsigBucket && kind === 'bucket') return 'statsigBucket';
  const parts = { bucket: 'ResultsBucket', database: 'Database', workgroup: 'Workgroup' } as const;
  return Object.entries(parts).some(
    ([made, part]) => kind === made && readers.some((reader) => logicalId === readerId(reader, part)),
  )
    ? 'ofReader'
    : kind;
}

/** Judges a name that is taken. */
export function judgeName(
  { type, name }: { readonly type: string; readonly name: string },
  { case: kind, detail = 'it exists in this account, outside of the stack', words }: Owner,
  commands: Pick<Setup['commands'], 'aws'>,
): Finding {
  const shown = words === undefined ? [] : [commands.aws(...words)];
  const told = seenNow(`The name ${name} of ${type} is taken`, `${type} ${name}: ${detail}.`);
  return finding('SLUICE_FINDING_NAME_TAKEN', { case: kind, ...told }, shown);
}

/** The owner of a name. */
interface Owner {
  /** What it is, and so how the name is freed or the resource used. */
  readonly case: CaseOf<'SLUICE_FINDING_NAME_TAKEN'>;
  /** What is known of it, without a stop. Default: that it is in this account. */
  readonly detail?: string;
  /** Words after `aws` of the command that frees the name without losing anything of value, or that tells whose it is. */
  readonly words?: readonly string[];
}

/** What asks whether a name is taken. */
type AskOwner = (setup: Setup, name: string) => Promise<Owner | undefined>;

/** Types of resources that a removed stack retains, or that others can create; undefined for a free name. */
const owners: Readonly<Record<string, AskOwner>> = {
  /** Bucket names are global. */
  async 'AWS::S3::Bucket'(setup, Bucket) {
    const { kind } = await findBucket(setup, Bucket);
    if (kind === 'denied')
      return { case: 'foreignBucket', detail: 'S3 denies access', words: ownBucketWords(Bucket) };
    return kind === 'missing' ? undefined : { case: 'bucket' };
  },
  'AWS::IAM::Role': async ({ clients: { iam } }, RoleName) =>
    (await ifThere(iam.send(new GetRoleCommand({ RoleName })))) && { case: 'identity' },
  'AWS::IAM::User': async ({ clients: { iam } }, UserName) =>
    (await ifThere(iam.send(new GetUserCommand({ UserName })))) && { case: 'identity' },
  'AWS::Glue::Database': async ({ glue }, Name) =>
    (await ifThere(glue.send(new GetDatabaseCommand({ Name })))) && { case: 'database' },
  /** Every table and view of the template is in one database. A removed source leaves its tables, and so does a rollback. */
  async 'AWS::Glue::Table'({ glue, config: { bucket, database: DatabaseName } }, Name) {
    const found = await ifThere(glue.send(new GetTableCommand({ DatabaseName, Name })));
    if (found === undefined) return undefined;
    const location = found.Table?.StorageDescriptor?.Location ?? '';
    // No other stage has this bucket, so that nobody else needs the table.
    return location.startsWith(`s3://${bucket}/`)
      ? { case: 'table', words: ['glue', 'delete-table', '--database-name', DatabaseName, '--name', Name] }
      : { case: 'foreignTable', detail: `it is in the database ${DatabaseName}, outside of the stack` };
  },
  'AWS::Athena::WorkGroup': async ({ athena }, WorkGroup) =>
    // Athena has no specific error for it.
    (await ifThere(athena.send(new GetWorkGroupCommand({ WorkGroup })), /^InvalidRequestException$/))
      ?.WorkGroup && { case: 'workgroup' },
  /** An address that left a stack goes on taking events. */
  'AWS::ApiGatewayV2::DomainName': async ({ clients: { apiGateway } }, domainName) =>
    (await ifThere(apiGateway.send(new GetDomainNameCommand({ domainName })))) && {
      case: 'domain',
      words: ['apigatewayv2', 'delete-domain-name', '--domain-name', domainName],
    },
  async 'AWS::SecretsManager::Secret'({ clients: { secrets } }, SecretId) {
    const found = await ifThere(secrets.send(new DescribeSecretCommand({ SecretId })));
    if (found?.DeletedDate === undefined) return found && { case: 'secret' };
    const words = ['secretsmanager', 'delete-secret', '--secret-id', SecretId];
    return {
      case: 'deletedSecret',
      detail: 'it is scheduled for deletion, and Secrets Manager reserves the name until then',
      words: [...words, '--force-delete-without-recovery'],
    };
  },
  /** If a function logs after its log group was deleted, Lambda creates the group again. */
  async 'AWS::Logs::LogGroup'({ logs }, name) {
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
    const isTaken = logGroups.some(({ logGroupName }) => logGroupName === name);
    return isTaken
      ? { case: 'logGroup', words: ['logs', 'delete-log-group', '--log-group-name', name] }
      : undefined;
  },
};

/** The paths at which the template has the name of a resource. */
const NAME_PATHS: readonly (readonly string[])[] = [
  ['BucketName'],
  ['DatabaseInput', 'Name'],
  ['TableInput', 'Name'],
  ['Name'],
  ['LogGroupName'],
  ['RoleName'],
  ['UserName'],
  ['DomainName'],
];

/** A named resource that a configuration's stack creates and does not have yet. */
interface NewResource {
  /** Its type of CloudFormation: `AWS::S3::Bucket`. */
  readonly type: string;
  readonly name: string;
  /** Its ID in the template; absent of log groups of functions, which Serverless adds. */
  readonly logicalId?: string;
}

/** The named resources that a configuration's stack creates and does not have yet. */
function stackNames({ config, stack, resources, stackName }: Setup): readonly NewResource[] {
  const { Resources } = templateResources({ config, ...stack });
  const ourNames = Object.entries(Resources).map(([logicalId, { Type: type, Properties }]): NewResource => {
    const name = NAME_PATHS.map((path) => valueAt(Properties, path)).find((value) => value !== undefined);
    return { type, name: typeof name === 'string' ? name : '', logicalId };
  });
  const unused = new Set(unusedFunctions(config));
  const groups = functionNames
    .filter((functionName) => !unused.has(functionName))
    .map((functionName): NewResource => {
      return { type: 'AWS::Logs::LogGroup', name: `/aws/lambda/${stackName}-${functionName}` };
    });
  // Secrets Manager appends a hyphen and six characters to a name. An ID of parts has bars, and may be that of a table:
  // https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
  const present = [...resources.values()].map((id) => id.replace(/^.*:secret:(.*)-\w{6}$|^.*\|/, '$1'));
  const ofStack = new Set(present.flatMap((name) => [name, name.toLowerCase()]));
  // IAM does not tell names by case, and heldNames says what a change of case needs.
  const isFree = (type: string, name: string) =>
    !ofStack.has(type.startsWith('AWS::IAM::') ? name.toLowerCase() : name);
  // Of a database that the stack is to make, the name of the database says all.
  const isInNewDatabase = !config.existing.database && !ofStack.has(config.database);
  return [...ourNames, ...groups].filter(
    ({ type, name }) =>
      name !== '' && isFree(type, name) && !(type === 'AWS::Glue::Table' && isInNewDatabase),
  );
}

/**
 * The permissions of the caller, or of the role that CloudFormation takes and the caller passes, by IAM's simulator,
 * against the policies that `sluice policy print --for deploy` prints.
 */
export const deployerLook: Look = {
  name: 'deployer',
  expects:
    'these credentials, or the role that CloudFormation has, may deploy, update and remove the stack, by simulation',
  async find(setup) {
    const { config, stackName, identity, deploymentRole } = setup;
    const { region, account, arn } = identity;
    const caller = await readCallerArn(setup);
    const source = deploymentRole ?? caller ?? arn;
    // serverless.yml may name the role by a variable.
    if (caller === undefined || !source.startsWith('arn:')) return [judgeCaller(source)];
    const findDenied = (by: string, statement: Statement): Question => {
      const simulated = simulateStatement(setup, by, statement);
      const judged = simulated.then((decided) => judgeDeployer(by, decided, setup.commands));
      return [`the simulation of ${statement.Sid}`, judged];
    };
    const passed = deploymentRole === undefined ? [] : [deploymentRole];
    const policies = printedPolicies('deploy', config, { region, account, stack: stackName });
    return settled([
      ...policies
        .flatMap(({ document }) => document.Statement)
        // A look that is denied is a finding about the bucket or the key itself.
        .filter(({ Effect, Sid }) => Effect === 'Allow' && !LOOK_SIDS.includes(Sid))
        .map((statement) => findDenied(source, statement)),
      ...passed.map((role) => findDenied(caller, allow(PASS_ROLE, ['iam:PassRole'], [role]))),
    ]);
  },
};

/** Judges a caller, or a role, that IAM does not simulate. @param source Its ARN, or a variable of serverless.yml. */
export function judgeCaller(source: string): Finding {
  const told = seenNow(`IAM simulates users and roles only, not ${source}.`);
  return finding('SLUICE_FINDING_UNCHECKED', { case: 'caller', ...told });
}

/** The name of the statement about the role that the caller passes to CloudFormation. */
const PASS_ROLE = 'PassRole';

/** Judges what a deployment would be denied. @param by ARN of the caller, or of the role that CloudFormation takes. */
export function judgeDeployer(
  by: string,
  simulated: Simulated,
  commands: Pick<Setup['commands'], 'sluice'>,
): readonly Finding[] {
  return wrongDecisions(simulated, true).map(({ reason, text, fact }) => {
    const isPassed = reason === 'missing' && simulated.sid === PASS_ROLE;
    const told = seenNow(`${by} is denied what a deployment does: ${fact}`, text);
    const isPrinted = reason === 'missing' && !isPassed;
    const shown = isPrinted ? [commands.sluice('policy', 'print', '--for', 'deploy')] : [];
    const kind = isPassed ? 'passRole' : reason;
    return finding('SLUICE_FINDING_DEPLOY_DENIED', { case: kind, ...told }, shown);
  });
}

/** The user or role behind the caller; undefined for root and federated users, which cannot be simulated. */
export async function readCallerArn({
  clients: { iam },
  identity: { arn },
}: Setup): Promise<string | undefined> {
  if (/:user\//.test(arn)) return arn;
  const [, RoleName] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (RoleName === undefined) return undefined;
  // The ARN of a session lacks the role's path, which roles of IAM Identity Center have.
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  return Role?.Arn;
}

/** The share of reserved executions from which the account's concurrency counts as nearly exhausted. */
const NEAR = 0.8;
/** Lambda keeps this many executions for functions without reserved concurrency. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED = 100;
/** The default of accounts that are not new. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_DEFAULT = 1_000;

/** The account's limits, which are lower in new accounts and shared with everything else in the account. */
export const quotasLook: Look = {
  name: 'quotas',
  expects: "the account's limits of API Gateway and Lambda are sufficient",
  find: (setup) =>
    settled([
      ['the quotas of API Gateway', findGatewayLimits(setup)],
      ['the quotas of Lambda', findLambdaLimits(setup)],
    ]),
};

/** Beyond such a limit requests are lost. */
function lossy(kind: 'gateway' | 'functionUrl', allows: string, says: string): Finding {
  const detail = `The account allows ${allows}; the configuration says ${says}.`;
  return finding('SLUICE_FINDING_QUOTA', { case: kind, ...seenNow(detail) }, [], 'problem');
}

/**
 * Compares what API Gateway accepts in this account with the limits that the stage's throttling and its alarm are based on.
 * Service Quotas shows 10,000 requests where 2,500 are accepted.
 */
async function findGatewayLimits(setup: Setup): Promise<readonly Finding[]> {
  const { config, clients, identity } = setup;
  if (!hasGateway(config.endpoint)) return [];
  const { throttleSettings = {} } = await clients.apiGateway.send(new GetAccountCommand({}));
  const { region } = identity;
  return judgeGatewayLimits(
    throttleSettings,
    requestLimits(isRegion(region) ? { ...config, region } : config),
    config.endpoint,
  );
}

/**
 * Judges what API Gateway accepts in an account, by the limits that the stage's throttling and its alarm are based on. With the rate
 * AWS raises the burst, which nobody can ask for:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 *
 * @param configured Which of these limits the configuration states: null where it goes by the default quota.
 */
export function judgeGatewayLimits(
  { rateLimit, burstLimit }: ThrottleSettings,
  { effectiveRequestsPerSecond: rate, burst }: RequestLimits,
  configured: Pick<Setup['config']['endpoint'], 'requestsPerSecond' | 'burst'>,
): readonly Finding[] {
  if (rateLimit === undefined || burstLimit === undefined)
    return [unsaid('AWS does not say the limits of API Gateway in this account')];
  const allows = `${rateLimit} a second, ${burstLimit} at once`;
  const says = `${rate} a second, ${burst} at once`;
  if (rateLimit < rate || burstLimit < burst) return [lossy('gateway', allows, says)];
  const isHeldBack =
    (rateLimit > rate && configured.requestsPerSecond === null) ||
    (burstLimit > burst && configured.burst === null);
  const told = seenNow(`The account allows ${allows}; the stage takes ${says}.`);
  return isHeldBack ? [finding('SLUICE_FINDING_QUOTA', { case: 'raised', ...told })] : [];
}

/** Looks at the limits of Lambda in the account. */
async function findLambdaLimits({ config, clients }: Setup): Promise<readonly Finding[]> {
  const { AccountLimit: limits = {} } = await clients.lambda.send(new GetAccountSettingsCommand({}));
  return judgeLambdaLimits(limits, config);
}

/** Judges the account's concurrency: all functions of the account and region share what is not reserved. */
export function judgeLambdaLimits(
  { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved }: AccountLimit,
  config: Setup['config'],
): readonly Finding[] {
  if (total === undefined || unreserved === undefined)
    return [unsaid('AWS does not say the executions of Lambda in this account')];
  const wanted = config.collector.reservedConcurrency ?? 0;
  const reserved = Math.max(total - unreserved, wanted);
  const least = Math.max(LAMBDA_DEFAULT, wanted + UNRESERVED);
  const { queues: count, most } = queueExecutions(config);
  const expected = total < least ? `, expected ${least} or more` : '';
  const about = `Lambda: ${total} executions at once in the account, ${reserved} of them reserved${expected}. The stack's ${count} queues use up to ${most}, the collector has the rest.`;
  const isNear = total < least || reserved + most > total * NEAR;
  const { executions, isReserved } = collectorConcurrency(config.collector);
  // Reservations of other functions reduce the executions left to a collector without a reservation.
  const allowed = isReserved ? total : unreserved;
  // Requests to a Function URL beyond the concurrency are lost, so that the alarms have to know it.
  const isLossy = hasFunctionUrl(config.endpoint) && allowed < executions;
  const without = isReserved ? '' : ' without reservations';
  return [
    ...(isNear
      ? [
          finding('SLUICE_FINDING_QUOTA', {
            case: 'executions',
            ...seenNow(
              `Lambda has ${total} executions at once in the account, ${reserved} of them reserved`,
              about,
            ),
          }),
        ]
      : []),
    ...(isLossy ? [lossy('functionUrl', `${allowed} executions at once${without}`, `${executions}`)] : []),
  ];
}
