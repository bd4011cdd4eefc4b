import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ALGORITHM, type Authorization, type SignableRequest } from './authorization.ts';
import { SignatureProblem } from './signatureError.ts';

/**
 * The most that a request's time may differ from the local clock.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export const CLOCK_SKEW_MS = 15 * 60 * 1000;
/**
 * Differences from the date of an answer at which the SDKs leave their clocks alone. Theirs is 4 minutes; this is less, because
 * the call may have taken some time.
 */
export const DATED_ALIKE_MS = 60 * 1000;

/**
 * Limit of a body that is buffered because the signature covers its hash but no header names it. The AWS CLI signs calls of
 * every service except S3 in this way. The limit is above the largest JSON request that any emulated service takes.
 */
export const UNNAMED_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** Each byte as it stands in a canonical request. */
const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** Percent-encodes bytes (one per character, latin1) as SigV4 wants them: everything but unreserved characters. */
function encodeRfc3986(bytes: string): string {
  let encoded = '';
  for (let i = 0; i < bytes.length; i++) encoded += ENCODED[bytes.charCodeAt(i) & 0xff] ?? '';
  return encoded;
}

/** Percent-decodes to bytes, one per character (latin1); what isn't a valid escape stays as it is. */
function decodePercent(text: string): string {
  return text.includes('%')
    ? text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}

/**
 * The canonical request of SigV4, one character per byte (latin1).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @param signedHeaders Lower-case names in the order signed.
 * @param isS3 S3 alone takes the path as it is: no normalisation, and encoded once instead of twice.
 */
function canonicalRequest(
  request: SignableRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
  isS3: boolean,
): string {
  // A client may sign a name that it sends no header of, such as `constructor`.
  const headers = new Map(Object.entries(request.headers));
  return [
    request.method,
    isS3 ? encodePath(decodePercent(request.rawPath)) : encodePath(normalisePath(request.rawPath)),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(headers.get(name))}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** The path in canonical form, in which every service except S3 encodes it a second time. */
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

/** The query in canonical form: encoded, and sorted by name and value. */
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

/** A part of a query as the signature has it: clients may send characters bare, and `+` for a space. */
function recode(text: string): string {
  return encodeRfc3986(decodePercent(text.replaceAll('+', ' ')));
}

/** Compares texts by their code units, for `sort`. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * The values of a header that comes on several lines are joined with a comma and no space, each trimmed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
 */
function canonicalValue(value: string | readonly string[] | undefined): string {
  const lines = typeof value === 'string' ? [value] : (value ?? []);
  return lines.map((line) => line.trim().replace(/ +/g, ' ')).join(',');
}

/**
 * The key that signs requests and chunks of one day, region and service.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
 */
export function signingKey(secret: string, scope: string): Uint8Array {
  const name = `${scope} ${secret}`;
  const known = keptKeys.get(name);
  if (known !== undefined) return known;
  let key: Uint8Array = Buffer.from(`AWS4${secret}`);
  for (const part of scope.split('/')) key = hmac(key, part);
  // Keys that are in use are soon derived again.
  if (keptKeys.size >= MOST_KEYS) keptKeys.clear();
  keptKeys.set(name, key);
  return key;
}

/** Keys of the last requests, by scope and secret: to derive a key takes longer than all else of a check. */
const keptKeys = new Map<string, Uint8Array>();
/** The most keys that are kept. */
const MOST_KEYS = 100;

/** HMAC-SHA256 of a text in UTF-8. */
function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

/** A verified SigV4 signature. The service still checks the body against it. */
export interface VerifiedSignature {
  /** ID of the key that has signed. */
  readonly accessKeyId: string;
  /** Name of the session of a temporary key: what its token says. Undefined where tokens are not checked. */
  readonly session?: string | undefined;
  /**
   * `x-amz-content-sha256` as signed: a hex digest, `UNSIGNED-PAYLOAD`, or one of the `STREAMING-…` kinds.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
   */
  readonly payloadHash: string;
  /** The request's own signature, hex: the seed of the first chunk's. */
  readonly seedSignature: string;
  /** Key that signs chunks. */
  readonly signingKey: Uint8Array;
  /** The time as it was signed, `20261120T073200Z`: chunks are signed with it. */
  readonly timestamp: string;
  /** The scope as it was signed, `20261120/us-east-1/s3/aws4_request`: chunks are signed with it. */
  readonly scope: string;
}

/** Values that the check compares a request with. */
interface SignatureContext {
  /** Access key → secret. */
  readonly credentials: Pick<ReadonlyMap<string, string>, 'get'>;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /**
   * Further times, epoch milliseconds. They are asked for when the request is out of date by `nowMs`. It is valid if it is in
   * time by any of them.
   */
  readonly otherTimes?: (() => readonly number[]) | undefined;
  /** See {@link VerifiedSignature.payloadHash}: what the request claims, or the hash of the body it sent. */
  readonly payloadHash: string;
}

/**
 * Checks a SigV4 signature, of a header or of a presigned URL: known key, signed in time, nothing altered.
 *
 * @throws SignatureProblem naming what is wrong.
 */
export function verifySignature(
  request: SignableRequest,
  authorization: Authorization,
  context: SignatureContext,
): VerifiedSignature {
  const { accessKeyId, scope, timestamp, signature } = authorization;
  const secret = context.credentials.get(accessKeyId);
  if (secret === undefined) {
    throw new SignatureProblem(
      'unknownKey',
      'The AWS access key Id you provided does not exist in our records.',
    );
  }
  const isS3 = authorization.signingName === 's3';
  if (isS3) checkSignedHeaders(request, authorization.signedHeaders);
  checkTime(authorization, context);
  const key = signingKey(secret, scope);
  const canonical = canonicalRequest(request, authorization.signedHeaders, context.payloadHash, isS3);
  const stringToSign = [
    ALGORITHM,
    timestamp,
    scope,
    createHash('sha256').update(canonical, 'latin1').digest('hex'),
  ].join('\n');
  const expected = createHmac('sha256', key).update(stringToSign).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
    throw new SignatureProblem(
      'mismatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
  }
  return {
    accessKeyId,
    payloadHash: context.payloadHash,
    seedSignature: signature,
    signingKey: key,
    timestamp,
    scope,
  };
}

/** S3 refuses an `x-amz-` header that could have been added on the way. */
function checkSignedHeaders(request: SignableRequest, signedHeaders: readonly string[]): void {
  const unsigned = Object.keys(request.headers).filter(
    (name) => name.startsWith('x-amz-') && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new SignatureProblem(
      'headersNotSigned',
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}.`,
    );
  }
}

/** Checks the time of a signature. @throws SignatureProblem `expired`, `skewed` */
function checkTime(authorization: Authorization, { nowMs, otherTimes }: SignatureContext): void {
  const problem = timeProblem(authorization, nowMs);
  if (problem === undefined) return;
  if (otherTimes?.().some((time) => timeProblem(authorization, time) === undefined)) return;
  if (problem === 'expired') throw new SignatureProblem('expired', 'Request has expired.');
  const [signed, now] = [authorization.signedAtMs, nowMs].map((epochMs) => new Date(epochMs).toISOString());
  throw new SignatureProblem(
    'skewed',
    `The difference between the request time and the current time is too large: signed at ${signed}, now ${now}.`,
  );
}

/** Why a request is out of date at a time; undefined if it is not. A presigned URL may be old, within its lifetime. */
function timeProblem(
  { presigned, signedAtMs, expiresSeconds }: Authorization,
  nowMs: number,
): 'skewed' | 'expired' | undefined {
  if (signedAtMs - nowMs > CLOCK_SKEW_MS) return 'skewed';
  if (presigned) return nowMs > signedAtMs + expiresSeconds * 1000 ? 'expired' : undefined;
  return nowMs - signedAtMs > CLOCK_SKEW_MS ? 'skewed' : undefined;
}
