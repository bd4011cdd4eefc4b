import type { Config } from '../schema/config.ts';

/** What stands for an account that the configuration does not name, until a person replaces it. */
export const ACCOUNT_PLACEHOLDER = '__ACCOUNT_ID__';

/**
 * The names and places of what policies name. Every member is a text that goes into ARNs as it stands: a value; a
 * placeholder that a person replaces (`__ACCOUNT_ID__`); or, in a template, what `Fn::Sub` fills in
 * (`${AWS::AccountId}`). So the same code makes what is printed and what is deployed.
 */
export interface PolicyScope {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  /** The deployment's account. */
  readonly account: string;
  /** The deployment's region, e.g. `eu-central-1`. */
  readonly region: string;
  /** Name of the bucket that everything lands in. */
  readonly bucket: string;
  /** ARN of the key that the bucket is encrypted with; null if S3's own keys encrypt it. */
  readonly keyArn: string | null;
  /** The Statsig S3 folder, without a slash at either end. */
  readonly statsigFolder: string;
  /** Default none. */
  readonly formerStatsigFolders?: Config['formerStatsigFolders'];
  /** Glue database of the tables. */
  readonly database: string;
  /** Glue database in which Statsig makes and drops tables. */
  readonly stagingDatabase: string;
  /** Athena workgroup of people; readers have workgroups of their own beside it: readerWorkgroup. */
  readonly workgroup: string;
}

/** The configuration's names in a scope whose account, region and key the configuration may not know. */
export function policyScope(
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'formerStatsigFolders' | 'database' | 'athena'>,
  place: Pick<PolicyScope, 'partition' | 'account' | 'region' | 'keyArn'>,
): PolicyScope {
  return {
    ...place,
    bucket: config.bucket,
    statsigFolder: config.statsigFolder,
    formerStatsigFolders: config.formerStatsigFolders,
    database: config.database,
    stagingDatabase: config.athena.stagingDatabase,
    workgroup: config.athena.workgroup,
  };
}

/** ARN of a bucket. */
export function bucketArn({ partition }: Pick<PolicyScope, 'partition'>, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** ARN of all objects under a folder, which ends in a slash; without a folder, of all objects. */
export function objectsArn(scope: Pick<PolicyScope, 'partition'>, bucket: string, folder = ''): string {
  return `${bucketArn(scope, bucket)}/${folder}*`;
}

/** Parts of an ARN with an account and a region. */
type Somewhere = Pick<PolicyScope, 'partition' | 'region' | 'account'>;

/** ARN of a resource in the account and region. */
export function arnIn({ partition, region, account }: Somewhere, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** ARN of a path of API Gateway, which names no account. */
export function apiArn({ partition, region }: Pick<Somewhere, 'partition' | 'region'>, path: string): string {
  return `arn:${partition}:apigateway:${region}::/${path}`;
}

/** ARN of a resource of IAM, which has no region. */
export function iamArn(
  { partition, account }: Pick<PolicyScope, 'partition' | 'account'>,
  resource: string,
): string {
  return `arn:${partition}:iam::${account}:${resource}`;
}

/** The most characters of a role's name. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE_NAME_CHARACTERS = 64;
/** Length of the suffix of a generated name: a dash and 13 characters. */
const SUFFIX_CHARACTERS = 14;
/** How many characters of a stack's name a truncated name has at least. */
const KEPT = 20;

/**
 * Pattern of the name that CloudFormation gives to a role of a stack: `<stack>-<logical ID>-<random>`, truncated if it
 * is too long. An explicit name would replace the role, and customers' policies name the existing one.
 */
export function roleNamePattern(stack: string, logicalId: string): string {
  return isWhole(stack, logicalId)
    ? `${stack}-${logicalId}-*`
    : `${stack.slice(0, KEPT)}*-${logicalId.slice(0, 6)}*`;
}

/** Pattern of the names of all roles and users of a stack. */
export function identityNamesPattern(stack: string): string {
  return stack.length <= KEPT ? `${stack}-*` : `${stack.slice(0, KEPT)}*`;
}

/** Whether IAM keeps the whole name that CloudFormation makes of a logical ID, before it adds its own end. */
function isWhole(stack: string, logicalId: string): boolean {
  return `${stack}-${logicalId}`.length + SUFFIX_CHARACTERS <= ROLE_NAME_CHARACTERS;
}

/**
 * ARNs that allow an action on a database and the tables in it: Glue also checks every ancestor of a table.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function catalogArns(scope: Somewhere, database: string, tables = '*'): readonly string[] {
  return [...databaseArns(scope, database), arnIn(scope, 'glue', `table/${database}/${tables}`)];
}

/** ARNs that allow an action on a database alone. */
export function databaseArns(scope: Somewhere, database: string): readonly string[] {
  return [arnIn(scope, 'glue', 'catalog'), arnIn(scope, 'glue', `database/${database}`)];
}

/** ARN of an Athena workgroup. */
export function workgroupArn(scope: PolicyScope, workgroup: string): string {
  return arnIn(scope, 'athena', `workgroup/${workgroup}`);
}

/**
 * ARNs of the catalogue that Athena calls AwsDataCatalog: Glue's catalogue of this account. IAM compares letter case,
 * and PyAthena asks in lower case: https://github.com/pyathena-dev/PyAthena/blob/master/pyathena/connection.py
 */
export function awsDataCatalogArns(scope: Somewhere): readonly string[] {
  return ['AwsDataCatalog', 'awsdatacatalog'].map((name) => arnIn(scope, 'athena', `datacatalog/${name}`));
}

/**
 * Value of the condition key `kms:ViaService` for a key that is used only through S3.
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
 */
export function kmsViaS3({ region }: Pick<PolicyScope, 'region'>): string {
  return `s3.${region}.amazonaws.com`;
}

/** Value of the condition key `kms:ViaService` for a key that is used only through SQS. */
export function kmsViaSqs({ region }: Pick<PolicyScope, 'region'>): string {
  return `sqs.${region}.amazonaws.com`;
}
