import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from './AwsError.ts';

/** The most that a request's time may differ from the local clock.
 *  https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html */
export const CLOCK_SKEW_MS = 15 * 60 * 1000;
/** Within this the SDKs leave their clocks alone: less than their 4 minutes, because a call may have taken some time. */
export const DATED_ALIKE_MS = 60 * 1000;

/** Seven days, the longest a presigned URL may live. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const PRESIGNED_EXPIRES_SECONDS = 604_800;

/**
 * Limit of a body that is buffered because the signature covers its hash but no header names it: the AWS CLI signs
 * every service but S3 so. Above the largest JSON request that any emulated service takes.
 */
export const UNNAMED_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** Problems with a request's authentication. Services have their own names for them: see `signatureError.ts`. */
type SignatureFault =
  | 'missing'
  | 'unsupported'
  | 'malformedHeader'
  | 'malformedQuery'
  | 'missingPayloadHash'
  | 'unknownKey'
  | 'wrongToken'
  | 'headersNotSigned'
  | 'skewed'
  | 'expired'
  | 'mismatch';

/** Thrown by the signature check. */
export class SignatureProblem extends Error {
  readonly fault: SignatureFault;

  constructor(fault: SignatureFault, message: string) {
    super(message);
    this.name = 'SignatureProblem';
    this.fault = fault;
  }
}

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

/** The parts of a request that a signature covers. */
export interface SignableRequest {
  readonly method: string;
  /** The path as it was sent, still encoded, without the query. */
  readonly rawPath: string;
  /** The query as it was sent, without the question mark. */
  readonly rawQuery: string;
  /** Lower-case name → value as Node has it (one character per byte), or the value of each line, in their order. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
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

/**
 * The values of a header that comes on several lines are joined with a comma and no space, each trimmed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
 */
function canonicalValue(value: string | readonly string[] | undefined): string {
  const lines = typeof value === 'string' ? [value] : (value ?? []);
  return lines.map((line) => line.trim().replace(/ +/g, ' ')).join(',');
}

/** The signature as the request states it; not verified yet. */
export interface Authorization {
  readonly presigned: boolean;
  readonly accessKeyId: string;
  /** `20261120/us-east-1/s3/aws4_request`. */
  readonly scope: string;
  readonly region: string;
  readonly signingName: string;
  /** Lower-case names, in the order signed. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
  /** `20261120T073200Z` and the same instant as epoch ms. */
  readonly timestamp: string;
  readonly signedAtMs: number;
  /** Lifetime of a presigned URL; 0 otherwise. */
  readonly expiresSeconds: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const CREDENTIAL = /^([^/]+)\/((\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request)$/;
const SIGNATURE = /^[0-9a-f]{64}$/;
const TIMESTAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads the `Authorization` header or the `X-Amz-…` parameters of a presigned URL.
 *
 * @throws SignatureProblem when there is neither, both, or one that is malformed.
 */
export function readAuthorization(request: SignableRequest, query: URLSearchParams): Authorization {
  const header = request.headers['authorization'];
  if (query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature')) {
    if (header !== undefined) {
      throw new SignatureProblem('unsupported', 'Only one auth mechanism allowed.');
    }
    return readQuery(query);
  }
  if (typeof header === 'string') return readHeader(header, request);
  if (query.has('AWSAccessKeyId')) throw unsupported();
  throw new SignatureProblem('missing', 'Access Denied: the request is not signed.');
}

function readHeader(header: string, request: SignableRequest): Authorization {
  const bad = (problem: string) =>
    new SignatureProblem('malformedHeader', `The authorization header is malformed: ${problem}.`);
  const space = header.indexOf(' ');
  if (header.slice(0, space) !== ALGORITHM) throw unsupported();
  const fields = new Map<string, string>();
  for (const field of header.slice(space + 1).split(',')) {
    const equals = field.indexOf('=');
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const amzDate = request.headers['x-amz-date'];
  const date = request.headers['date'];
  const timestamp =
    typeof amzDate === 'string' ? amzDate : compactTimestamp(typeof date === 'string' ? date : '');
  return {
    ...assemble(
      {
        credential: fields.get('Credential') ?? '',
        signedHeaders: fields.get('SignedHeaders') ?? '',
        signature: fields.get('Signature') ?? '',
        timestamp,
      },
      bad,
    ),
    presigned: false,
    expiresSeconds: 0,
  };
}

function readQuery(query: URLSearchParams): Authorization {
  const bad = (problem: string) =>
    new SignatureProblem('malformedQuery', `The query is malformed: ${problem}.`);
  const value = (name: string) => query.get(name) ?? '';
  if (value('X-Amz-Algorithm') !== ALGORITHM) throw unsupported();
  const expires = value('X-Amz-Expires');
  const expiresSeconds = /^\d{1,9}$/.test(expires) ? Number(expires) : 0;
  if (expiresSeconds < 1 || expiresSeconds > PRESIGNED_EXPIRES_SECONDS) {
    throw bad(`X-Amz-Expires must be from 1 to ${PRESIGNED_EXPIRES_SECONDS} seconds`);
  }
  return {
    ...assemble(
      {
        credential: value('X-Amz-Credential'),
        signedHeaders: value('X-Amz-SignedHeaders'),
        signature: value('X-Amz-Signature'),
        timestamp: value('X-Amz-Date'),
      },
      bad,
    ),
    presigned: true,
    expiresSeconds,
  };
}

type Texts = Readonly<Record<'credential' | 'signedHeaders' | 'signature' | 'timestamp', string>>;

function assemble(
  texts: Texts,
  bad: (what: string) => SignatureProblem,
): Omit<Authorization, 'presigned' | 'expiresSeconds'> {
  const [, accessKeyId = '', scope = '', day = '', region = '', signingName = ''] =
    CREDENTIAL.exec(texts.credential) ?? [];
  if (accessKeyId === '') throw bad('the credential is not <key>/<day>/<region>/<service>/aws4_request');
  const [, ...parts] = TIMESTAMP.exec(texts.timestamp) ?? [];
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (parts.length === 0) throw bad('the time of signing (X-Amz-Date) is missing or not YYYYMMDDTHHMMSSZ');
  if (!texts.timestamp.startsWith(day)) throw bad("the credential's day is not the day of signing");
  if (!SIGNATURE.test(texts.signature)) throw bad('the signature is not 64 lower-case hex digits');
  const signedHeaders = texts.signedHeaders.toLowerCase().split(';');
  if (!signedHeaders.includes('host')) throw bad('the header host is not signed');
  return {
    accessKeyId,
    scope,
    region,
    signingName,
    signedHeaders,
    signature: texts.signature,
    timestamp: texts.timestamp,
    signedAtMs: Date.UTC(year, month - 1, date, hour, minute, second),
  };
}

/** A `Date` header may stand in for `X-Amz-Date`; '' when it can't be read. */
function compactTimestamp(date: string): string {
  const epochMs = Date.parse(date);
  return Number.isNaN(epochMs) ? '' : new Date(epochMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function unsupported(): SignatureProblem {
  return new SignatureProblem(
    'unsupported',
    `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
  );
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

/** Keys of the last requests: to make one takes longer than the rest of a check. */
const keptKeys = new Map<string, Uint8Array>();
const MOST_KEYS = 100;

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

/** A verified SigV4 signature. The service still checks the body against it. */
export interface VerifiedSignature {
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
  /** `20261120T073200Z` and `20261120/us-east-1/s3/aws4_request`, as the chunk signatures need them. */
  readonly timestamp: string;
  readonly scope: string;
}

/** Values that the check compares a request with. */
export interface SignatureContext {
  /** Access key → secret. */
  readonly credentials: Pick<ReadonlyMap<string, string>, 'get'>;
  readonly nowMs: number;
  /** Further times to judge its age by, asked for only when it is out of date by `nowMs`: one that suits is enough. */
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
    'AWS4-HMAC-SHA256',
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

function timeProblem(
  { presigned, signedAtMs, expiresSeconds }: Authorization,
  nowMs: number,
): 'skewed' | 'expired' | undefined {
  const early = signedAtMs - nowMs > CLOCK_SKEW_MS;
  if (presigned ? early : Math.abs(nowMs - signedAtMs) > CLOCK_SKEW_MS) return 'skewed';
  return presigned && nowMs > signedAtMs + expiresSeconds * 1000 ? 'expired' : undefined;
}

type Naming = Readonly<Record<SignatureFault, readonly [code: string, status: number]>>;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const S3: Naming = {
  missing: ['AccessDenied', 403],
  unsupported: ['InvalidRequest', 400],
  malformedHeader: ['AuthorizationHeaderMalformed', 400],
  malformedQuery: ['AuthorizationQueryParametersError', 400],
  missingPayloadHash: ['InvalidRequest', 400],
  unknownKey: ['InvalidAccessKeyId', 403],
  wrongToken: ['InvalidToken', 400],
  headersNotSigned: ['AccessDenied', 403],
  skewed: ['RequestTimeTooSkewed', 403],
  expired: ['AccessDenied', 403],
  mismatch: ['SignatureDoesNotMatch', 403],
};

/** https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html; the SDKs know skew by InvalidSignatureException too. */
const JSON_SERVICES: Naming = {
  missing: ['MissingAuthenticationTokenException', 403],
  unsupported: ['IncompleteSignatureException', 400],
  malformedHeader: ['IncompleteSignatureException', 400],
  malformedQuery: ['IncompleteSignatureException', 400],
  missingPayloadHash: ['IncompleteSignatureException', 400],
  unknownKey: ['UnrecognizedClientException', 403],
  wrongToken: ['UnrecognizedClientException', 403],
  headersNotSigned: ['InvalidSignatureException', 403],
  skewed: ['InvalidSignatureException', 403],
  expired: ['InvalidSignatureException', 403],
  mismatch: ['InvalidSignatureException', 403],
};

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const QUERY_SERVICES: Naming = {
  ...JSON_SERVICES,
  missing: ['MissingAuthenticationToken', 403],
  unsupported: ['IncompleteSignature', 400],
  malformedHeader: ['IncompleteSignature', 400],
  malformedQuery: ['IncompleteSignature', 400],
  missingPayloadHash: ['IncompleteSignature', 400],
  unknownKey: ['InvalidClientTokenId', 403],
  wrongToken: ['InvalidClientTokenId', 403],
  headersNotSigned: ['SignatureDoesNotMatch', 403],
  skewed: ['SignatureDoesNotMatch', 403],
  expired: ['SignatureDoesNotMatch', 403],
  mismatch: ['SignatureDoesNotMatch', 403],
};

/** Signing names of the services that speak the Query protocol. */
const OF_QUERY = new Set(['sts', 'iam', 'cloudformation']);

/** The error under the name that the service gives it. */
export function signatureError(problem: SignatureProblem, signingName: string): AwsError {
  const naming = signingName === 's3' ? S3 : OF_QUERY.has(signingName) ? QUERY_SERVICES : JSON_SERVICES;
  const [code, status] = naming[problem.fault];
  return new AwsError(code, status, problem.message);
}
