import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Clock } from '../../../../lib/time/Clock.ts';
import type { AwsRequest } from '../protocol/AwsService.ts';
import { readBody } from '../protocol/readBody.ts';
import type { SignableRequest } from '../protocol/sigv4/canonicalRequest.ts';
import { UNNAMED_PAYLOAD_BYTES } from '../protocol/sigv4/limits.ts';
import type { Authorization } from '../protocol/sigv4/readAuthorization.ts';
import { SignatureProblem } from '../protocol/sigv4/SignatureProblem.ts';
import { verifySignature } from '../protocol/sigv4/verifySignature.ts';

/** Whom the edge lets in, and by which time. */
export interface Admission {
  readonly credentials: Pick<ReadonlyMap<string, string>, 'get'>;
  readonly clock: Clock;
  /** See `otherTimes` in startEdge.ts. */
  readonly otherTimes?: (() => readonly number[]) | undefined;
  /** See `sessionOf` in startEdge.ts. */
  readonly sessionOf?: ((accessKeyId: string, token: string | undefined) => string | undefined) | undefined;
}

/** Checks the signature of a request and makes it what a service handles. */
export async function admitRequest(
  message: IncomingMessage,
  parts: { readonly signable: SignableRequest; readonly query: URLSearchParams; readonly requestId: string },
  authorization: Authorization,
  admission: Admission,
): Promise<AwsRequest> {
  const claimed = parts.query.get('X-Amz-Content-Sha256') ?? message.headers['x-amz-content-sha256'];
  let body: Readable = message;
  let payloadHash: string;
  if (typeof claimed === 'string') {
    payloadHash = claimed;
  } else if (authorization.signingName !== 's3') {
    const bytes = await readBody(message, UNNAMED_PAYLOAD_BYTES);
    body = Readable.from([bytes], { objectMode: false });
    payloadHash = createHash('sha256').update(bytes).digest('hex');
  } else if (authorization.presigned) {
    payloadHash = 'UNSIGNED-PAYLOAD';
  } else {
    throw new SignatureProblem(
      'missingPayloadHash',
      'Missing required header for this request: x-amz-content-sha256.',
    );
  }
  const signature = verifySignature(parts.signable, authorization, {
    credentials: admission.credentials,
    nowMs: admission.clock.now(),
    otherTimes: admission.otherTimes,
    payloadHash,
  });
  const token = parts.query.get('X-Amz-Security-Token') ?? message.headers['x-amz-security-token'];
  const given = typeof token === 'string' ? token : undefined;
  if (admission.sessionOf?.(signature.accessKeyId, given) === undefined && admission.sessionOf !== undefined)
    throw given === undefined ? missingToken() : wrongToken();
  return {
    method: parts.signable.method,
    rawPath: parts.signable.rawPath,
    query: parts.query,
    headers: message.headers,
    body,
    region: authorization.region,
    requestId: parts.requestId,
    signature,
  };
}

/** A key of a session is none without its token. */
function missingToken(): SignatureProblem {
  return new SignatureProblem(
    'unknownKey',
    'The AWS access key Id you provided does not exist in our records: it is that of a session, without its token.',
  );
}

function wrongToken(): SignatureProblem {
  return new SignatureProblem('wrongToken', 'The provided token is malformed or otherwise invalid.');
}
