import type { Place } from './Place.ts';

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
