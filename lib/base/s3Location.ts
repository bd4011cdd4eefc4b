/** A part of a folder: no character that a policy's ARN or a template reads as something else, and neither `.` nor `..`. */
const PART = /^(?!\.\.?$)[A-Za-z0-9!_.'()=:@+-]+$/;

/** A bucket and a folder in it. */
export interface Location {
  /** The name of the bucket. */
  readonly bucket: string;
  /** Empty for the whole bucket, else with a slash at its end. */
  readonly folder: string;
}

/**
 * The parts of `s3://<bucket>/<folder>/`; undefined for another text. Glue's own locations may lack the slash at the
 * end.
 */
export function readLocation(text: string): Location | undefined {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  const folder = path.replace(/\/$/, '');
  if (folder === '') return path === '/' ? undefined : { bucket, folder };
  return folder.split('/').every((part) => PART.test(part)) ? { bucket, folder: `${folder}/` } : undefined;
}

/** The parts of a location that the schema has accepted. @throws Error for any other text. */
export function locationParts(location: string): Location {
  const parts = readLocation(location);
  if (parts === undefined) throw new Error(`${location} is not a location in S3.`);
  return parts;
}

/** Whether one of two locations is in the other, or both are the same. */
export function overlap(first: Location, second: Location): boolean {
  return (
    first.bucket === second.bucket &&
    (first.folder.startsWith(second.folder) || second.folder.startsWith(first.folder))
  );
}
