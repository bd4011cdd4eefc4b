import { notImplemented } from '../../protocol/AwsError.ts';
import type { AwsRequest } from '../../protocol/AwsService.ts';
import { s3Errors } from '../errors.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';

/** The request's headers, plus the `x-amz-` headers that a presigned URL carries in its query. */
export function readHeaders(request: AwsRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.query) {
    if (/^x-amz-/i.test(name) && !isSigningParameter(name)) headers[name.toLowerCase()] = value;
  }
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

/** The bucket and key of a request; '' for one that it does not name. */
interface Target {
  /** Name of the bucket. */
  readonly bucket: string;
  /** The key, decoded. */
  readonly key: string;
}

/** Hosts of S3, without and with the name of a bucket. */
const SERVICE_HOST = /^s3([.-][a-z0-9-]+)?\.(localhost|amazonaws\.com)$/;

/** A host that begins with the name of a bucket. */
const BUCKET_HOST = /^(.+?)(\.s3([.-][a-z0-9-]+)?\.(localhost|amazonaws\.com)|\.localhost)$/;

/**
 * Finds bucket and key. The bucket is in the path (`/bucket/key`), in the host
 * (`bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.eu-west-1.localhost`), or in a host under S3's own
 * domain when a client is redirected here by other means.
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

/** Decodes a part of the path. @throws AwsError `InvalidURI` */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw s3Errors.invalidUri();
  }
}

/** `x-amz-` headers that any request may have, for signing, integrity and the caller's identity. */
const COMMON_HEADERS: readonly string[] = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expected-bucket-owner',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-trailer',
  'x-amz-user-agent',
  // AWS's SDK for C++, which Arrow includes, sends the version of the API. Only one version exists.
  'x-amz-api-version',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha256',
];

/** Operations whose ACL headers apply to the object they write. */
const WRITES_OBJECTS: ReadonlySet<string> = new Set(['CopyObject', 'CreateMultipartUpload', 'PutObject']);

/**
 * Finds the operation of a request. Anything it doesn't understand is refused by name: another operation, a
 * subresource, a query parameter, or an `x-amz-` header. None of them may be ignored, because each would change
 * what the request means.
 *
 * @throws AwsError `NotImplemented`
 */
export function routeOperation(
  operations: readonly S3Operation[],
  call: Pick<S3Call, 'bucket' | 'key' | 'headers' | 'query'>,
  method: string,
): S3Operation {
  const on = levelOf(call);
  const selectors = (candidate: S3Operation | undefined) => candidate?.selectedBy ?? [];
  const [operation] = operations
    .filter(
      (candidate) =>
        candidate.on === on &&
        candidate.method === method &&
        selectors(candidate).every((name) => call.query.has(name)) &&
        (candidate.selectedByHeader === undefined || candidate.selectedByHeader in call.headers),
    )
    .sort((a, b) => weight(b) - weight(a));
  const target = on === 'service' ? 'the service' : `a ${on}`;
  const where = `S3 ${method} on ${target}`;
  if (operation === undefined) {
    const parameters = [...call.query.keys()].filter((name) => name !== 'x-id');
    throw notImplemented(parameters.length > 0 ? `${where} with ?${parameters.join('&')}` : where);
  }
  for (const name of call.query.keys()) {
    // `x-id` is added by the SDK. `X-Amz-…` are a presigned URL's signature, or headers, which are checked as such.
    if (name === 'x-id' || /^x-amz-/i.test(name)) continue;
    if (!selectors(operation).includes(name) && !operation.query?.includes(name)) {
      throw notImplemented(`${where} with ?${name}`);
    }
  }
  checkHeaders(operation, call.headers);
  return operation;
}

/** What a request is about. */
function levelOf({ bucket, key }: Target): S3Operation['on'] {
  if (bucket === '') return 'service';
  return key === '' ? 'bucket' : 'object';
}

/** Whether a query parameter is part of a presigned URL's signature. */
function isSigningParameter(name: string): boolean {
  return /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i.test(
    name,
  );
}

/** How many parts of a request select an operation: of several that match, the one with most is meant. */
function weight(operation: S3Operation): number {
  return (operation.selectedBy?.length ?? 0) + (operation.selectedByHeader === undefined ? 0 : 1);
}

/** Checks that the operation understands each `x-amz-` header. @throws AwsError `NotImplemented` */
function checkHeaders(operation: S3Operation, headers: S3Call['headers']): void {
  for (const name of Object.keys(headers)) {
    if (!name.startsWith('x-amz-') || COMMON_HEADERS.includes(name)) continue;
    // Operations that write objects check their ACL: checkAcl.
    if (name === 'x-amz-acl' || name.startsWith('x-amz-grant-')) {
      if (WRITES_OBJECTS.has(operation.name)) continue;
      throw notImplemented(`S3 ${operation.name} with the header ${name}`);
    }
    const known = operation.headers?.some((pattern) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
    if (known !== true) throw notImplemented(`S3 ${operation.name} with the header ${name}`);
  }
}
