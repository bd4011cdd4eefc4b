import type { ObjectStore } from '../../../s3/model/ObjectStore.ts';
import type { StatementKind } from '../../engine/StatementRunner.ts';
import { invalidLocation, noOutputBucket, noOutputLocation } from '../errors.ts';
import type { ResultConfiguration, WorkGroupConfiguration } from '../workGroupConfiguration.ts';

/** `s3://bucket` with a key, a folder or nothing behind it. */
const LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s;

/** A location in S3. */
interface S3Location {
  /** Name of the bucket. */
  readonly bucket: string;
  /** The key of an object. Of a folder it is '', or a key that ends with a slash. */
  readonly key: string;
}

/**
 * The effective result configuration of a query. A workgroup that enforces its configuration overrides the client's
 * settings; otherwise the client's settings take precedence.
 * https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
 *
 * @returns The configuration. `OutputLocation` is a folder, e.g. `s3://bucket/prefix/`.
 * @throws AwsError InvalidRequestException when there is no location or nothing can be written to it.
 */
export function resolveResultConfiguration(
  {
    EnforceWorkGroupConfiguration: enforced = true,
    ResultConfiguration: configured = {},
  }: WorkGroupConfiguration,
  requested: ResultConfiguration | undefined,
  into: { readonly store: ObjectStore; readonly account: string },
): ResultConfiguration & { readonly OutputLocation: string } {
  const { OutputLocation: location, ...rest } = enforced ? configured : { ...configured, ...requested };
  if (location === undefined || location === '') throw noOutputLocation();
  const { bucket, key } = parseResultFolder(location);
  const owner = rest.ExpectedBucketOwner;
  if (!into.store.hasBucket(bucket) || (owner !== undefined && owner !== into.account)) {
    throw noOutputBucket(bucket);
  }
  return { ...rest, OutputLocation: `s3://${bucket}/${key}` };
}

/** Parses the location of a folder, with or without a trailing slash. @throws AwsError InvalidRequestException */
function parseResultFolder(location: string): S3Location {
  const { bucket, key } = parseResultLocation(location);
  return { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/** Parses the location of an object or a folder. @throws AwsError InvalidRequestException */
export function parseResultLocation(location: string): S3Location {
  const [, bucket, key = ''] = LOCATION.exec(location) ?? [];
  if (bucket === undefined) throw invalidLocation();
  return { bucket, key };
}

/** Statements that write rows elsewhere. Their result is a manifest. */
const WRITING = new Set(['CREATE_TABLE_AS_SELECT', 'INSERT']);

/**
 * The location of a statement's result: a CSV object for a query, a text object for other statements. A statement
 * that writes rows has no result object: its manifest and metadata have this name with a suffix.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 *
 * @param folder Ends with a slash, e.g. `s3://bucket/prefix/`.
 */
export function outputLocation(folder: string, id: string, kind: StatementKind): string {
  if (kind.substatementType === 'CREATE_TABLE_AS_SELECT') return `${folder}tables/${id}`;
  if (WRITING.has(kind.substatementType)) return `${folder}${id}`;
  return `${folder}${id}.${kind.statementType === 'DML' ? 'csv' : 'txt'}`;
}
