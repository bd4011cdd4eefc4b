import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Clock, LocalClock } from '../base/clock.ts';
import type { CallFaultEffects, Faults } from '../faults/Faults.ts';
import { applyFaultEffect } from '../faults/faultEffect.ts';
import { AwsError } from '../protocol/AwsError.ts';
import {
  type AwsRequest,
  type AwsResponse,
  type AwsService,
  type EdgeCall,
  readBody,
} from '../protocol/AwsService.ts';
import type { Authorization, SignableRequest } from '../protocol/authorization.ts';
import { SignatureProblem } from '../protocol/signatureError.ts';
import { CLOCK_SKEW_MS, DATED_ALIKE_MS, UNNAMED_PAYLOAD_BYTES, verifySignature } from '../protocol/sigv4.ts';

/**
 * The time for the date of an answer, epoch milliseconds: the caller's own, if the clock has ever had it. An SDK
 * sets its clock by the date of every answer (`systemClockOffset`), however small the difference. With another caller's
 * date it would sign its next calls wrongly. The machine's clock, which most clients use, is tried first: if answers
 * had our time whenever it is close, those clients would follow it minute by minute while it is moved in small steps.
 * https://github.com/aws/aws-sdk-js-v3/blob/main/packages/core/src/submodules/httpAuthSchemes/utils/getUpdatedSystemClockOffset.ts
 *
 * @param signedAtMs When the request was signed; undefined when it wasn't.
 * @param otherTimes All times that the clock has had besides the present one, the machine's first: `EdgeOptions.otherTimes`.
 */
export function callerTime(
  signedAtMs: number | undefined,
  nowMs: number,
  otherTimes: (() => readonly number[]) | undefined,
): number {
  if (signedAtMs === undefined || otherTimes === undefined) return nowMs;
  const distance = (time: number) => Math.abs(signedAtMs - time);
  const pastTimes = otherTimes();
  const [machineMs = nowMs] = pastTimes;
  for (const time of [machineMs, nowMs]) if (distance(time) <= DATED_ALIKE_MS) return time;
  const nearest = pastTimes.reduce((best, time) => (distance(time) < distance(best) ? time : best), nowMs);
  return distance(nearest) <= CLOCK_SKEW_MS ? nearest : nowMs;
}

/** Options to authenticate a request. */
export interface AuthenticationContext {
  /** Access key → secret. */
  readonly credentials: Pick<ReadonlyMap<string, string>, 'get'>;
  /** The clock that the time of a signature is compared with. */
  readonly clock: Clock;
  /** See `EdgeOptions.otherTimes`. */
  readonly otherTimes?: (() => readonly number[]) | undefined;
  /** See `EdgeOptions.sessionOf`. */
  readonly sessionOf?: ((accessKeyId: string, token: string | undefined) => string | undefined) | undefined;
}

/**
 * Checks the signature of a request and converts it for a service. Its body is buffered if the signature covers a hash that no
 * header names.
 *
 * @throws SignatureProblem; AwsError 413 for a body that would be too large to buffer.
 */
export async function authenticateRequest(
  message: IncomingMessage,
  parts: { readonly signable: SignableRequest; readonly query: URLSearchParams; readonly requestId: string },
  authorization: Authorization,
  admission: AuthenticationContext,
): Promise<AwsRequest> {
  const claimed = parts.query.get('X-Amz-Content-Sha256') ?? message.headers['x-amz-content-sha256'];
  const { body, payloadHash } = await signedBody(message, claimed, authorization);
  const signature = verifySignature(parts.signable, authorization, {
    credentials: admission.credentials,
    nowMs: admission.clock.now(),
    otherTimes: admission.otherTimes,
    payloadHash,
  });
  const token = parts.query.get('X-Amz-Security-Token') ?? message.headers['x-amz-security-token'];
  const sessionToken = typeof token === 'string' ? token : undefined;
  const session = admission.sessionOf?.(signature.accessKeyId, sessionToken);
  if (session === undefined && admission.sessionOf !== undefined)
    throw sessionToken === undefined ? missingToken() : wrongToken(authorization.signingName);
  return {
    method: parts.signable.method,
    rawPath: parts.signable.rawPath,
    query: parts.query,
    headers: message.headers,
    body,
    region: authorization.region,
    requestId: parts.requestId,
    signature: { ...signature, session },
  };
}

/** The body of a request, and the hash of it that the signature covers. */
async function signedBody(
  message: IncomingMessage,
  claimedHash: string | readonly string[] | undefined,
  { signingName, presigned }: Authorization,
): Promise<{ readonly body: Readable; readonly payloadHash: string }> {
  if (typeof claimedHash === 'string') return { body: message, payloadHash: claimedHash };
  if (signingName !== 's3') {
    const bytes = await readBody(message, UNNAMED_PAYLOAD_BYTES);
    return {
      body: Readable.from([bytes], { objectMode: false }),
      payloadHash: createHash('sha256').update(bytes).digest('hex'),
    };
  }
  if (presigned) return { body: message, payloadHash: 'UNSIGNED-PAYLOAD' };
  throw new SignatureProblem(
    'missingPayloadHash',
    'Missing required header for this request: x-amz-content-sha256.',
  );
}

/** A session's access key is invalid without its token. */
function missingToken(): SignatureProblem {
  return new SignatureProblem(
    'unknownKey',
    'The AWS access key Id you provided does not exist in our records: it belongs to a session, and its token is missing.',
  );
}

/** The token is not the key's. A long-term key has no token. */
function wrongToken(signingName: string): SignatureProblem {
  return new SignatureProblem(
    'wrongToken',
    signingName === 's3'
      ? 'The provided token is malformed or otherwise invalid.'
      : 'The security token included in the request is invalid.',
  );
}

/**
 * Lets a service handle a request under the configured faults. A fault applies before the service does
 * anything, or after all its work, when only the answer remains.
 *
 * @throws the AwsError to answer instead, or ConnectionReset.
 */
export async function handleWithFaults(
  service: AwsService,
  request: AwsRequest,
  options: {
    /** The faults that are set. */
    readonly faults: Faults;
    /** Measures the delays of faults. */
    readonly clock: Pick<LocalClock, 'after'>;
    /** The client's connection, which a fault may end. */
    readonly connection: Socket;
    /** The service's answer to an error. */
    readonly refuse: (error: AwsError) => AwsResponse;
    /** Called before anything is done. @throws AwsError */
    readonly admit?: ((call: EdgeCall) => void) | undefined;
  },
): Promise<AwsResponse> {
  const effects: CallFaultEffects[] = [];
  const announced: AwsRequest = {
    ...request,
    async announce(operation, resource, input) {
      const { accessKeyId, session } = request.signature;
      options.admit?.({ accessKeyId, session, service: service.signingName, operation, resource, input });
      const effect = options.faults.takeCall({ service: service.signingName, operation, resource });
      effects.push(effect);
      await applyFaultEffect(effect.before, options);
    },
  };
  const response = await service.handle(announced).catch((error: unknown) => {
    // A fault after the work applies to the answer of an error, too.
    if (error instanceof AwsError) return options.refuse(error);
    throw error;
  });
  try {
    for (const { after } of effects) await applyFaultEffect(after, options);
    return response;
  } catch (error) {
    // Nobody will read the body, and an object's file must not stay open.
    if (response.body instanceof Readable) response.body.destroy();
    throw error;
  }
}
