import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalRequest, type SignableRequest } from './canonicalRequest.ts';
import { CLOCK_SKEW_MS } from './limits.ts';
import type { Authorization } from './readAuthorization.ts';
import { SignatureProblem } from './SignatureProblem.ts';
import { signingKey } from './signingKey.ts';

/** What a verified SigV4 signature leaves for the service to check against the body. */
export interface VerifiedSignature {
  readonly accessKeyId: string;
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

/** What the check compares a request with. */
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
