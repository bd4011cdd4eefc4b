import type { Config } from '../schema/config.ts';

/**
 * Where the things are that policies name. Every member is a text that goes into ARNs as it stands: a value, a
 * placeholder that a person replaces (`__ACCOUNT_ID__`), or in a template what `Fn::Sub` fills in
 * (`${AWS::AccountId}`). So one builder makes what is printed and what is deployed.
 */
export interface Place {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  readonly account: string;
  readonly region: string;
  /** Name of the bucket that everything lands in. */
  readonly bucket: string;
  /** ARN of the key that the bucket is encrypted with. */
  readonly keyArn: string;
  /** The Statsig S3 folder, without a slash at either end. */
  readonly statsigFolder: string;
  /** Glue database of the tables. */
  readonly database: string;
  /** Glue database in which Statsig makes and drops tables. */
  readonly stagingDatabase: string;
  /** Athena workgroup of people; readers have workgroups of their own beside it: readerWorkgroup. */
  readonly workgroup: string;
}

/** The configuration's names at a place whose account, region and key the configuration may not know. */
export function placeFor(
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'database' | 'athena'>,
  where: Pick<Place, 'partition' | 'account' | 'region' | 'keyArn'>,
): Place {
  return {
    ...where,
    bucket: config.bucket,
    statsigFolder: config.statsigFolder,
    database: config.database,
    stagingDatabase: config.athena.stagingDatabase,
    workgroup: config.athena.workgroup,
  };
}

/** ARN of a bucket. */
export function bucketArn({ partition }: Pick<Place, 'partition'>, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

/** ARN of all objects under a folder, which ends in a slash; without one, of all objects. */
export function objectsArn(place: Pick<Place, 'partition'>, bucket: string, folder = ''): string {
  return `${bucketArn(place, bucket)}/${folder}*`;
}

/** What an ARN of an account and region is made of. */
type Somewhere = Pick<Place, 'partition' | 'region' | 'account'>;

/** ARN of something in the place's account and region. */
export function arnIn({ partition, region, account }: Somewhere, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** ARN of something of IAM, which has no region. */
export function iamArn(
  { partition, account }: Pick<Place, 'partition' | 'account'>,
  resource: string,
): string {
  return `arn:${partition}:iam::${account}:${resource}`;
}

/** Characters of a role's name. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE_NAME_CHARACTERS = 64;
/** Length of the suffix of a generated name: a dash and 13 characters. */
const SUFFIX_CHARACTERS = 14;
/** Characters of a stack's name that a truncated name has at least. */
const KEPT = 20;

/**
 * Pattern of the name that CloudFormation gives to a role of a stack: `<stack>-<logical ID>-<random>`, truncated if it is too
 * long. An explicit name would replace the role, and customers' policies name the existing one.
 */
export function roleNamePattern(stack: string, logicalId: string): string {
  return isWhole(stack, logicalId)
    ? `${stack}-${logicalId}-*`
    : `${stack.slice(0, KEPT)}*-${logicalId.slice(0, 6)}*`;
}

/** Pattern of the names of all roles and users of a stack, which has these logical IDs of them, among others. */
export function identityNamesPattern(stack: string, logicalIds: readonly string[]): string {
  return stack.length <= KEPT || logicalIds.every((id) => isWhole(stack, id))
    ? `${stack}-*`
    : `${stack.slice(0, KEPT)}*`;
}

function isWhole(stack: string, logicalId: string): boolean {
  return `${stack}-${logicalId}`.length + SUFFIX_CHARACTERS <= ROLE_NAME_CHARACTERS;
}

/**
 * What a statement must name to allow an action on a database and the tables in it: Glue checks every ancestor too.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function catalogArns(place: Somewhere, database: string, tables = '*'): readonly string[] {
  return [...databaseArns(place, database), arnIn(place, 'glue', `table/${database}/${tables}`)];
}

/** What a statement must name to allow an action on a database alone. */
export function databaseArns(place: Somewhere, database: string): readonly string[] {
  return [arnIn(place, 'glue', 'catalog'), arnIn(place, 'glue', `database/${database}`)];
}

/** ARN of an Athena workgroup. */
export function workgroupArn(place: Place, workgroup: string): string {
  return arnIn(place, 'athena', `workgroup/${workgroup}`);
}

/** ARN of the catalogue that Athena calls AwsDataCatalog: Glue's, of this account. */
export function awsDataCatalogArn(place: Place): string {
  return arnIn(place, 'athena', 'datacatalog/AwsDataCatalog');
}

/**
 * What the condition key `kms:ViaService` must be for a key that is used by way of S3 only.
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
 */
export function kmsViaS3({ region }: Pick<Place, 'region'>): string {
  return `s3.${region}.amazonaws.com`;
}

/** As {@link kmsViaS3}, of queues. */
export function kmsViaSqs({ region }: Pick<Place, 'region'>): string {
  return `sqs.${region}.amazonaws.com`;
}
