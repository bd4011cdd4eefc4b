import { SignatureProblem } from './signatureError.ts';

/** Seven days, the longest a presigned URL may live. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const PRESIGNED_EXPIRES_SECONDS = 604_800;

/** The parts of a request that a signature covers. */
export interface SignableRequest {
  /** The method: `POST`. */
  readonly method: string;
  /** The path as it was sent, still encoded, without the query. */
  readonly rawPath: string;
  /** The query as it was sent, without the question mark. */
  readonly rawQuery: string;
  /** Lower-case name → value as Node has it (one character per byte), or the value of each line, in their order. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The signature as the request states it; not verified yet. */
export interface Authorization {
  /** Whether the signature is in the query, not in a header. */
  readonly presigned: boolean;
  /** ID of the key that has signed. */
  readonly accessKeyId: string;
  /** `20261120/us-east-1/s3/aws4_request`. */
  readonly scope: string;
  /** The region in the scope. */
  readonly region: string;
  /** The service's name in the scope: `s3`. */
  readonly signingName: string;
  /** Lower-case names, in the order signed. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
  /** The time of the signature as it is signed: `20261120T073200Z`. */
  readonly timestamp: string;
  /** The same time, epoch milliseconds. */
  readonly signedAtMs: number;
  /** Lifetime of a presigned URL; 0 otherwise. */
  readonly expiresSeconds: number;
}

/** The only algorithm of signatures that is emulated. */
export const ALGORITHM = 'AWS4-HMAC-SHA256';
/** `<access key>/20261120/us-east-1/s3/aws4_request`. */
const CREDENTIAL = /^([^/]+)\/((\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request)$/;
/** A signature: 64 hexadecimal digits. */
const SIGNATURE = /^[0-9a-f]{64}$/;
/** `20261120T073200Z`. */
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

/** The signature of an `Authorization` header. @throws SignatureProblem */
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
  const timestamp = amzDate === undefined ? timestampOfDate(joinLines(date)) : joinLines(amzDate);
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

/** The signature in the query of a presigned URL. @throws SignatureProblem */
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

/** The parts of a signature as the request has them; '' for a part that is missing. */
type Texts = Readonly<Record<'credential' | 'signedHeaders' | 'signature' | 'timestamp', string>>;

/** Checks the parts of a signature. @param bad Makes the error that tells a wrong part. */
function assemble(
  texts: Texts,
  bad: (what: string) => SignatureProblem,
): Omit<Authorization, 'presigned' | 'expiresSeconds'> {
  const [, accessKeyId = '', scope = '', day = '', region = '', signingName = ''] =
    CREDENTIAL.exec(texts.credential) ?? [];
  if (accessKeyId === '') throw bad('the credential is not <key>/<day>/<region>/<service>/aws4_request');
  const signedAtMs = Date.parse(texts.timestamp.replace(TIMESTAMP, '$1-$2-$3T$4:$5:$6Z'));
  // Date.parse takes 31 November for 1 December, and 24:00:00 for the next day.
  if (texts.timestamp === '' || compactTimestamp(signedAtMs) !== texts.timestamp)
    throw bad('the time of signing (X-Amz-Date) is missing or not one time YYYYMMDDTHHMMSSZ');
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
    signedAtMs,
  };
}

/** The value of a header, or its values on several lines; '' without the header. */
const joinLines = (value: string | readonly string[] | undefined) => [value ?? []].flat().join(',');

/**
 * A `Date` header may stand in for `X-Amz-Date`, in the form of that or in HTTP's own; '' when it has neither.
 * https://docs.aws.amazon.com/general/latest/gr/sigv4-date-handling.html
 */
function timestampOfDate(date: string): string {
  if (TIMESTAMP.test(date)) return date;
  const epochMs = Date.parse(date);
  return new Date(epochMs).toUTCString() === date ? compactTimestamp(epochMs) : '';
}

/** `20261120T073200Z`; '' for an instant that is none. */
function compactTimestamp(epochMs: number): string {
  return Number.isNaN(epochMs) ? '' : new Date(epochMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** The problem of a signature by another method. */
function unsupported(): SignatureProblem {
  return new SignatureProblem(
    'unsupported',
    `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
  );
}
