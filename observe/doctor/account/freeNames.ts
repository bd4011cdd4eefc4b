import { GetDomainNameCommand } from '@aws-sdk/client-api-gateway';
import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetDatabaseCommand, GetTableCommand } from '@aws-sdk/client-glue';
import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { readerId } from '../../../infra/readers/readers.ts';
import { resources as templateResources } from '../../../infra/resources.ts';
import { type HeldName, heldNames } from '../../../infra/serverless/readerProblems.ts';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { unusedFunctions } from '../../../infra/template/unusedFunctions.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { functionNames } from '../../../lib/config/functionConfig.ts';
import { problemLine } from '../../../lib/schema/ConfigProblem.ts';
import { type CaseOf, type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { ifThere } from '../../ifThere.ts';
import { findBucket, ownBucketWords } from '../bucket/bucket.ts';
import { databaseLook } from '../databases.ts';
import { type Look, type Question, settled } from '../Look.ts';
import type { Setup } from '../Setup.ts';

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
  /** Its name. */
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
