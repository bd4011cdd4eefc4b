import { s3Errors } from '../errors.ts';

/** What a request is about; '' for none. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
}

const SERVICE_HOST = /^s3([.-][a-z0-9-]+)?\.(localhost|amazonaws\.com)$/;
const BUCKET_HOST = /^(.+?)(\.s3([.-][a-z0-9-]+)?\.(localhost|amazonaws\.com)|\.localhost)$/;

/**
 * Finds bucket and key: in the path (`/bucket/key`), or with the bucket in the host
 * (`bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.eu-west-1.localhost`), or under S3's own name when a
 * client is sent here by other means.
 *
 * @throws AwsError `InvalidURI` when the path isn't percent-encoded UTF-8.
 */
export function resolveTarget(rawPath: string, hostHeader: string | undefined): Target {
  const host = (hostHeader ?? '').replace(/\.?(:\d*)?$/, '').toLowerCase();
  const bucket = SERVICE_HOST.test(host) ? undefined : BUCKET_HOST.exec(host)?.[1];
  const path = rawPath.slice(1);
  if (bucket !== undefined) return { bucket, key: decode(path) };
  const slash = path.indexOf('/');
  return slash < 0
    ? { bucket: decode(path), key: '' }
    : { bucket: decode(path.slice(0, slash)), key: decode(path.slice(slash + 1)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw s3Errors.invalidUri();
  }
}
