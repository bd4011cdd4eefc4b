import { notImplemented } from '../../protocol/AwsError.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';

/** `x-amz-` headers that any request may have: signing, integrity, and who is asking. */
const COMMON_HEADERS: readonly string[] = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expected-bucket-owner',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-trailer',
  'x-amz-user-agent',
  // AWS's SDK for C++, which Arrow has in it, names the version of the API: there is one.
  'x-amz-api-version',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
];

/** Operations whose ACL is the written object's. */
const WRITES_OBJECTS: ReadonlySet<string> = new Set(['CopyObject', 'CreateMultipartUpload', 'PutObject']);

/**
 * Finds the operation of a request, and refuses by name what it doesn't understand: another operation, a
 * subresource, a query parameter, or an `x-amz-` header. None of them may be overlooked, for each would change
 * what the request means.
 */
export function routeOperation(
  operations: readonly S3Operation[],
  call: Pick<S3Call, 'bucket' | 'key' | 'headers' | 'query'>,
  method: string,
): S3Operation {
  const on = call.bucket === '' ? 'service' : call.key === '' ? 'bucket' : 'object';
  const selectors = (operation: S3Operation) => operation.selectedBy ?? [];
  const [operation] = operations
    .filter(
      (candidate) =>
        candidate.on === on &&
        candidate.method === method &&
        selectors(candidate).every((name) => call.query.has(name)) &&
        (candidate.selectedByHeader === undefined || candidate.selectedByHeader in call.headers),
    )
    .sort((a, b) => weight(b) - weight(a));
  const where = `S3 ${method} on ${on === 'service' ? 'the service' : `a ${on}`}`;
  if (operation === undefined) {
    const parameters = [...call.query.keys()].filter((name) => name !== 'x-id');
    throw notImplemented(parameters.length > 0 ? `${where} with ?${parameters.join('&')}` : where);
  }
  for (const name of call.query.keys()) {
    // `x-id` is the SDK's own mark; `X-Amz-…` are a presigned URL's: its signature, or headers, checked as such.
    if (name === 'x-id' || /^x-amz-/i.test(name)) continue;
    if (!selectors(operation).includes(name) && !operation.query?.includes(name)) {
      throw notImplemented(`${where} with ?${name}`);
    }
  }
  checkHeaders(operation, call.headers);
  return operation;
}

/** Whether a query parameter is part of a presigned URL's signature. */
export function isSigningParameter(name: string): boolean {
  return /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i.test(
    name,
  );
}

function weight(operation: S3Operation): number {
  return (operation.selectedBy?.length ?? 0) + (operation.selectedByHeader === undefined ? 0 : 1);
}

function checkHeaders(operation: S3Operation, headers: S3Call['headers']): void {
  for (const name of Object.keys(headers)) {
    if (!name.startsWith('x-amz-') || COMMON_HEADERS.includes(name)) continue;
    // Writes of objects judge their ACL by the bucket's ownership: objectOwnership.ts.
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
