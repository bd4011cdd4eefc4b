import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { LocalClock } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { LocalAwsError } from '../base/errors.ts';
import { isHangUp } from '../base/nodeErrors.ts';
import type { Faults } from '../faults/Faults.ts';
import { ConnectionReset } from '../faults/faultEffect.ts';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import type { AwsResponse, AwsService, EdgeCall } from '../protocol/AwsService.ts';
import { jsonError } from '../protocol/jsonService.ts';
import { queryError } from '../protocol/queryService.ts';
import { SignatureProblem, signatureError } from '../protocol/signatureError.ts';
import { type AuthenticationContext, authenticateRequest, handleWithFaults } from './handleRequest.ts';
import type { ReadCall } from './readCall.ts';

/** Content type of version 1.0 of AWS's JSON protocol. */
const JSON_1_0 = 'application/x-amz-json-1.0';
/** Content type of version 1.1 of AWS's JSON protocol. */
const JSON_1_1 = 'application/x-amz-json-1.1';

/** What calls are answered with. */
export interface AnswerContext {
  /** The services that the edge stands for. */
  readonly services: readonly AwsService[];
  /** What a signature is checked with. */
  readonly authentication: AuthenticationContext;
  /** The faults that are set. */
  readonly faults: Faults;
  /** Measures the delays of faults. */
  readonly clock: Pick<LocalClock, 'after'>;
  /** Called for each call before anything is done; throws the AwsError to answer. Default: every call is admitted. */
  readonly admit?: ((call: EdgeCall) => void) | undefined;
  /** Called for each unexpected error, which the client sees as a 500, or as a 503 if the disk has failed. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * Answers a call: finds its service, checks its signature, and lets the service handle it. What is wrong is answered in the
 * words and the format of the service that {@link detectService} finds.
 *
 * @throws ConnectionReset when a fault ends the connection without an answer.
 */
export async function answerCall(
  message: IncomingMessage,
  call: ReadCall,
  requestId: string,
  context: AnswerContext,
): Promise<AwsResponse> {
  const { authorization, signable, refused } = call;
  const service = detectService(context.services, {
    signingName: authorization?.signingName,
    target: message.headers['x-amz-target'],
  });
  if ('unknown' in service) {
    const error = refused ?? notImplemented(`The service ${service.unknown}`);
    return refuseUnknown(error, message.headers, requestId);
  }
  const refuse = (error: AwsError) =>
    service.refuse?.(error, { method: signable.method, requestId }) ?? jsonError(error, JSON_1_1);
  if (refused !== undefined) return refuse(refused);
  try {
    return await handleSigned(message, call, { service, requestId, refuse }, context);
  } catch (error) {
    if (error instanceof SignatureProblem) return refuse(signatureError(error, service.signingName));
    if (error instanceof AwsError) return refuse(error);
    if (error instanceof ConnectionReset) throw error;
    if (!isHangUp(error)) context.onDefect(error);
    return refuse(failureOf(service, error));
  }
}

/** Lets a service handle a call whose signature is right. @throws SignatureProblem, AwsError, ConnectionReset */
async function handleSigned(
  message: IncomingMessage,
  { signable, query, authorization, problem }: ReadCall,
  called: {
    /** The service that was called. */
    readonly service: AwsService;
    /** ID of the request. */
    readonly requestId: string;
    /** The service's own answer to an error. */
    readonly refuse: (error: AwsError) => AwsResponse;
  },
  { authentication, faults, clock, admit }: AnswerContext,
): Promise<AwsResponse> {
  const { service, requestId, refuse } = called;
  if (authorization === undefined)
    throw problem ?? new SignatureProblem('missing', 'Access Denied: the request is not signed.');
  const parts = { signable, query, requestId };
  const request = await authenticateRequest(message, parts, authorization, authentication);
  return handleWithFaults(service, request, { faults, clock, connection: message.socket, refuse, admit });
}

/** How S3 and the other services call a failure that may pass, and one of their own. */
const FAILURES = {
  s3: { unavailable: 'ServiceUnavailable', internal: 'InternalError' },
  others: { unavailable: 'ServiceUnavailableException', internal: 'InternalFailure' },
} as const;

/** The error that a client gets for one that the service has not answered itself. */
function failureOf({ signingName }: AwsService, error: unknown): AwsError {
  const names = signingName === 's3' ? FAILURES.s3 : FAILURES.others;
  const problem = diskProblem(error);
  // A request that can't be written to disk may work later, so it gets a status that SDKs retry.
  if (problem !== undefined)
    return new AwsError(names.unavailable, 503, `${problem.code}: ${problem.message} ${problem.cure}`);
  const sentence =
    error instanceof LocalAwsError
      ? `${error.code}: ${error.message} ${error.cure}`
      : 'We encountered an internal error. Please try again.';
  return new AwsError(names.internal, 500, sentence);
}

/** The parts of a request that identify its service. */
interface ServiceHint {
  /** Service in the signature's scope; undefined when the request isn't signed. */
  readonly signingName: string | undefined;
  /** `X-Amz-Target`, e.g. `AWSGlue.GetTable`. Node never gives a list for this header. */
  readonly target: string | readonly string[] | undefined;
}

/**
 * Finds the service of a request by its signature's scope, else by its target's prefix. A request with neither is taken
 * for S3's: a browser at the endpoint, or a public object. An unsigned call of the Query protocol is, too: on AWS only
 * its host names its service.
 *
 * @returns The service, or the name of one that doesn't exist.
 */
function detectService(
  services: readonly AwsService[],
  { signingName, target }: ServiceHint,
): AwsService | { readonly unknown: string } {
  if (signingName !== undefined)
    return services.find((service) => service.signingName === signingName) ?? { unknown: signingName };
  if (typeof target === 'string') {
    const dot = target.lastIndexOf('.');
    // A target without a dot has no operation: its whole text names what is not emulated.
    const prefix = dot < 0 ? target : target.slice(0, dot);
    return services.find(({ targetPrefix }) => targetPrefix === prefix) ?? { unknown: prefix };
  }
  return services.find((service) => service.signingName === 's3') ?? { unknown: 's3' };
}

/**
 * The answer to a call of a service that isn't emulated, in the protocol of the request: the Query protocol's XML for a
 * form, else JSON, whose body has the error's name for calls with a target and whose header has it for REST-JSON.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
 */
function refuseUnknown(error: AwsError, headers: IncomingHttpHeaders, requestId: string): AwsResponse {
  const sent = headers['content-type'];
  if (sent?.startsWith('application/x-www-form-urlencoded')) return queryError(error, requestId);
  const contentType = sent === JSON_1_0 ? JSON_1_0 : JSON_1_1;
  return jsonError(error, contentType, { 'x-amzn-errortype': error.code });
}
