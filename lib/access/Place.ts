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
  /** Athena workgroup of people; readers have workgroups of their own beside it: ownResults. */
  readonly workgroup: string;
}

/** The configuration's names at a place whose account, region and key the configuration may not know. */
export function placeOf(
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
