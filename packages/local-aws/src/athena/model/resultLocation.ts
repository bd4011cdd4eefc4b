import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { invalidLocation, noOutputBucket, noOutputLocation } from './errors.ts';
import type { ResultConfiguration } from './resultConfiguration.ts';
import type { WorkGroupConfiguration } from './workGroupConfiguration.ts';

const LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s;

/** A place in S3. */
export interface S3Place {
  readonly bucket: string;
  /** Of a folder: '' or with a slash at its end. */
  readonly key: string;
}

/**
 * Where the results of a query go. A workgroup that enforces its configuration overrides all that the client
 * says of results; else the client's comes first.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
 *
 * @returns What holds for the query; `OutputLocation` is a folder, e.g. `s3://bucket/prefix/`.
 * @throws AwsError InvalidRequestException without a location, or with one where nothing can be written.
 */
export function effectiveResults(
  { EnforceWorkGroupConfiguration: enforced = true, ResultConfiguration: own = {} }: WorkGroupConfiguration,
  given: ResultConfiguration | undefined,
  into: { readonly store: ObjectStore; readonly account: string },
): ResultConfiguration & { readonly OutputLocation: string } {
  const { OutputLocation: location, ...rest } = enforced ? own : { ...own, ...given };
  if (location === undefined || location === '') throw noOutputLocation();
  const { bucket, key } = readFolder(location);
  const owner = rest.ExpectedBucketOwner;
  if (!into.store.hasBucket(bucket) || (owner !== undefined && owner !== into.account)) {
    throw noOutputBucket(bucket);
  }
  return { ...rest, OutputLocation: `s3://${bucket}/${key}` };
}

/** A folder by its location, with or without a slash at its end. @throws AwsError InvalidRequestException */
function readFolder(location: string): S3Place {
  const { bucket, key } = readLocation(location);
  return { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/** An object's or a folder's place by its location. @throws AwsError InvalidRequestException */
export function readLocation(location: string): S3Place {
  const [, bucket, key = ''] = LOCATION.exec(location) ?? [];
  if (bucket === undefined) throw invalidLocation();
  return { bucket, key };
}
