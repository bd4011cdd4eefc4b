import { decodePercent, encodeRfc3986 } from './encodeRfc3986.ts';

/** What a signature covers of a request. */
export interface SignableRequest {
  readonly method: string;
  /** As sent, still encoded, without the query. */
  readonly rawPath: string;
  /** As sent, without the question mark. */
  readonly rawQuery: string;
  /** Lower-case name → value as Node has it (one character per byte). */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * The canonical request of SigV4, one character per byte (latin1).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @param signedHeaders Lower-case names in the order signed.
 * @param isS3 S3 alone takes the path as it is: no normalisation, and encoded once instead of twice.
 */
export function canonicalRequest(
  request: SignableRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
  isS3: boolean,
): string {
  return [
    request.method,
    isS3 ? encodePath(decodePercent(request.rawPath)) : encodePath(normalisePath(request.rawPath)),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name])}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

function encodePath(path: string): string {
  return path === '' ? '/' : path.split('/').map(encodeRfc3986).join('/');
}

/** Removes empty, `.` and `..` segments, as RFC 3986 has it; a trailing slash stays. */
function normalisePath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

function canonicalQuery(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): readonly [string, string] => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [recode(name), recode(value)];
    })
    .filter(([name]) => name !== 'X-Amz-Signature')
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Clients may leave characters bare that the signature has encoded: `+` is a space in a query. */
function recode(text: string): string {
  return encodeRfc3986(decodePercent(text.replaceAll('+', ' ')));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  const text = typeof value === 'string' ? value : (value ?? []).join(',');
  return text.trim().replace(/ +/g, ' ');
}
