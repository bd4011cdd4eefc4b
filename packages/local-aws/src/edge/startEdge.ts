import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LocalClock } from '../base/clock.ts';
import { diskProblem } from '../base/diskProblem.ts';
import { LocalAwsError } from '../base/errors.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { ConnectionReset, Faults } from '../faults/Faults.ts';
import { secretOfKey } from '../iam/Caller.ts';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';
import { type AwsResponse, type AwsService, type EdgeCall, readBody } from '../protocol/AwsService.ts';
import { jsonError } from '../protocol/JsonService.ts';
import {
  type Authorization,
  readAuthorization,
  type SignableRequest,
  SignatureProblem,
  signatureError,
} from '../protocol/sigv4.ts';
import { authenticateRequest, callerTime, handleWithFaults } from './handleRequest.ts';
import { type RefusedRequest, refuseForeignRequest, sendRefusal } from './requestGuard.ts';

/** Options of {@link startEdge}. */
export interface EdgeOptions {
  readonly services: readonly AwsService[];
  /**
   * Answers requests under the control path. Returns false for an unknown path, which is then answered 404.
   * These requests are not signed.
   */
  readonly control?: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** Default `/_local`. */
  readonly controlPath?: string;
  /** Access key → secret. Default: `test` for `test` and for every account: iam/Caller.ts. */
  readonly credentials?: Pick<ReadonlyMap<string, string>, 'get'>;
  /**
   * Determines the age of signatures and the dates of answers ({@link callerTime}), and times the latency of faults.
   */
  readonly clock: LocalClock;
  /** Injected failures. Default: none. */
  readonly faults?: Faults;
  /**
   * Further times (epoch ms) for checking signatures and dating answers, for a clock that is moved. External clients
   * use the machine's time, which comes first; functions use the time at which they were invoked. Default none.
   */
  readonly otherTimes?: () => readonly number[];
  /** Name of the session of a key and its token; undefined refuses them. Default: tokens are ignored. */
  readonly sessionOf?: (accessKeyId: string, token: string | undefined) => string | undefined;
  /** Called for each call before anything is done; throws the AwsError to answer. Default: every call is admitted. */
  readonly admit?: (call: EdgeCall) => void;
  /** Hosts that are admitted besides loopback and AWS's: {@link refuseForeignRequest}. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The port. Default 0, which takes any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Called for each unexpected error, which the client sees as a 500. Default: writes the stack to stderr. */
  readonly onDefect?: (error: unknown) => void;
}

/** A running edge endpoint. */
export interface Edge {
  /** The address, for example `http://127.0.0.1:4566`, without a slash at the end. */
  readonly url: string;
  /** Accepts no more requests, gives running ones up to 5 seconds to finish, then disconnects them. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 5000;
/** Node's 5 s close a connection under a client that pauses as long, and its next request fails. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Starts the endpoint that all emulated services share. The service is determined from the signature's
 * scope, else from `X-Amz-Target`, and the signature is checked. A service that isn't emulated is refused by name.
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { clock, faults = new Faults(), onDefect = reportDefect } = options;
  const credentials = options.credentials ?? { get: secretOfKey };
  const { otherTimes, sessionOf } = options;
  const admission = { credentials, clock, otherTimes, sessionOf };
  let closing = false;

  async function answer(message: IncomingMessage, call: ReadCall, requestId: string): Promise<AwsResponse> {
    const { signable, query, authorization, problem, refused } = call;
    const { method, rawPath } = signable;
    const target = message.headers['x-amz-target'];
    try {
      const action = await unsignedAction(message, call);
      if (action !== undefined) return refuseQuery(notImplemented(`sts ${action}`));
    } catch (error) {
      // The form is larger than any that it could be.
      if (error instanceof AwsError) return refuseQuery(error);
      throw error;
    }
    const service = detectService(options.services, {
      ...(authorization === undefined ? {} : { signingName: authorization.signingName }),
      ...(typeof target === 'string' ? { target } : {}),
    });
    if ('unknown' in service) {
      return refused === undefined
        ? unknownService(service.unknown, message.headers)
        : jsonError(refused, 'application/x-amz-json-1.1');
    }
    const refuse = (error: AwsError) =>
      service.refuse?.(error, { method, requestId }) ?? jsonError(error, 'application/x-amz-json-1.1');
    if (refused !== undefined) return refuse(refused);
    try {
      if (authorization === undefined) {
        if (problem !== undefined && problem.fault !== 'missing') throw problem;
        const unsigned = service.refuseUnsigned?.({ method, rawPath, headers: message.headers });
        if (unsigned !== undefined) throw unsigned;
        throw problem ?? new SignatureProblem('missing', 'Access Denied: the request is not signed.');
      }
      const parts = { signable, query, requestId };
      const request = await authenticateRequest(message, parts, authorization, admission);
      return await handleWithFaults(service, request, {
        faults,
        clock,
        connection: message.socket,
        admit: options.admit,
      });
    } catch (error) {
      if (error instanceof SignatureProblem) return refuse(signatureError(error, service.signingName));
      if (error instanceof AwsError) return refuse(error);
      if (error instanceof ConnectionReset) throw error;
      if (!isHangUp(error)) onDefect(error);
      const problem = diskProblem(error);
      if (problem !== undefined) {
        // A request that can't be written to disk may work later, so it gets a status that SDKs retry.
        const name = service.signingName === 's3' ? 'ServiceUnavailable' : 'ServiceUnavailableException';
        return refuse(new AwsError(name, 503, `${problem.code}: ${problem.message} ${problem.cure}`));
      }
      const code = service.signingName === 's3' ? 'InternalError' : 'InternalFailure';
      const sentence =
        error instanceof LocalAwsError
          ? `${error.code}: ${error.message} ${error.cure}`
          : 'We encountered an internal error. Please try again.';
      return refuse(new AwsError(code, 500, sentence));
    }
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { allowedHosts } = options;
    if (isControl(message, options.controlPath ?? '/_local')) {
      // A connection that is kept open would delay closing until its client disconnects.
      if (closing) response.shouldKeepAlive = false;
      // AWS's hosts are only for AWS's clients: the control API is not an AWS service.
      const refused = refuseForeignRequest(message, { allowedHosts });
      if (refused !== undefined) sendRefusal(response, refused);
      else if ((await options.control?.(message, response)) !== true)
        response.writeHead(404, { 'content-type': 'text/plain' }).end('No such path.\n');
    } else {
      const requestId = randomUUID();
      const foreign = refuseForeignRequest(message, { allowedHosts, awsHosts: true });
      const call = { ...readCall(message), refused: foreign && toAwsError(foreign) };
      const answered = await answer(message, call, requestId);
      if (closing) response.shouldKeepAlive = false;
      const date = callerTime(call.authorization?.signedAtMs, clock.now(), options.otherTimes);
      await sendResponse(response, answered, requestId, date);
    }
    // The unread rest of a refused request must be drained before the connection can carry the next one.
    if (!message.complete) message.resume();
  }

  /** Connections that have not had a request: Node does not count them as idle, and they would delay closing. */
  const unused = new Set<Socket>();
  // A request without Host gets a named error, not Node's empty answer.
  const server = createServer({ requireHostHeader: false }, (message, response) => {
    unused.delete(message.socket);
    serve(message, response).catch((error: unknown) => {
      if (error instanceof ConnectionReset) return message.socket.resetAndDestroy();
      if (!isHangUp(error)) onDefect(error);
      response.destroy();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The edge listens on no port.');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;

  return {
    url: `http://${host}:${address.port}`,
    async close() {
      closing = true;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
      const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/** A request as far as its head describes it. */
interface ReadCall {
  readonly signable: SignableRequest;
  readonly query: URLSearchParams;
  /**
   * The parsed signature. It is undefined when the request is not signed, or when the signature can't be parsed: then
   * `problem` is set.
   */
  readonly authorization?: Authorization | undefined;
  readonly problem?: SignatureProblem | undefined;
  /** Why the request is refused before any other check. */
  readonly refused?: AwsError | undefined;
}

function readCall(message: IncomingMessage): ReadCall {
  const { method = 'GET', url = '/' } = message;
  const question = url.indexOf('?');
  const rawPath = question < 0 ? url : url.slice(0, question);
  const rawQuery = question < 0 ? '' : url.slice(question + 1);
  const query = new URLSearchParams(rawQuery);
  const signable = { method, rawPath, rawQuery, headers: headersByLine(message) };
  try {
    return { signable, query, authorization: readAuthorization(signable, query) };
  } catch (error) {
    if (!(error instanceof SignatureProblem)) throw error;
    return { signable, query, problem: error };
  }
}

/**
 * The headers with each line of those that come on several. Node joins such lines with a comma and a space, or drops
 * all but the first, and a client such as AWS's SDK for Java signs them otherwise.
 */
function headersByLine({
  headers,
  headersDistinct,
  rawHeaders,
}: IncomingMessage): SignableRequest['headers'] {
  if (rawHeaders.length / 2 <= Object.keys(headers).length) return headers;
  const several = Object.entries(headersDistinct).filter(
    ([name, lines = []]) => lines.length > 1 && name !== 'host' && name !== 'authorization',
  );
  return { ...headers, ...Object.fromEntries(several) };
}

/** Whether a request is for the control API, with or without a host in its target. */
function isControl({ url = '' }: IncomingMessage, controlPath: string): boolean {
  return url.replace(/^https?:\/\/[^/]*/i, '').startsWith(`${controlPath}/`);
}

/** The error in the form that AWS's clients show: its code and its cure. */
function toAwsError({ error, status }: RefusedRequest): AwsError {
  return new AwsError(error.code, status, `${error.message} ${error.cure}`);
}

/** Whether the client has closed the connection. Then there is nothing to answer and no error to report. */
function isHangUp(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** The parts of a request that identify its service. */
export interface ServiceHint {
  /** Service in the signature's scope; absent when the request isn't signed. */
  readonly signingName?: string;
  /** `X-Amz-Target`, e.g. `AWSGlue.GetTable`. */
  readonly target?: string;
}

/**
 * Finds the service of a request by its signature's scope, else by its target's prefix. An unsigned request
 * without a target can only be for S3: a browser at the endpoint, or a public object.
 *
 * @returns The service, or the name of one that doesn't exist.
 */
function detectService(
  services: readonly AwsService[],
  hint: ServiceHint,
): AwsService | { readonly unknown: string } {
  const { signingName, target } = hint;
  const prefix = target?.slice(0, Math.max(0, target.lastIndexOf('.')));
  const found =
    signingName !== undefined
      ? services.find((service) => service.signingName === signingName)
      : target !== undefined
        ? services.find((service) => service.targetPrefix === prefix)
        : services.find((service) => service.signingName === 's3');
  return found ?? { unknown: signingName ?? prefix ?? 's3' };
}

/**
 * The error for a service that isn't emulated, with its name, in the protocol of the request:
 * JSON with a target, the Query protocol's XML for a form, else REST-JSON.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
 */
function unknownService(name: string, headers: IncomingHttpHeaders): AwsResponse {
  const error = notImplemented(`The service ${name}`);
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return refuseQuery(error);
  }
  const contentType =
    headers['content-type'] === 'application/x-amz-json-1.0'
      ? 'application/x-amz-json-1.0'
      : 'application/x-amz-json-1.1';
  return jsonError(error, contentType, { 'x-amzn-errortype': error.code });
}

function refuseQuery(error: AwsError): AwsResponse {
  const message = error.message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return {
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${error.code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  };
}

/** This is more than any call of STS needs that has no signature: a token has 20,000 characters at the most. */
const UNSIGNED_ACTION_BYTES = 128 * 1024;

/**
 * The operation of STS that an unsigned request is: those with a token of another identity provider need no signature.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
async function unsignedAction(
  message: IncomingMessage,
  { authorization, refused, query, signable }: ReadCall,
): Promise<string | undefined> {
  if (authorization !== undefined || refused !== undefined || signable.rawPath !== '/') return undefined;
  const isForm = message.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const parameters =
    isForm && signable.method === 'POST'
      ? new URLSearchParams(Buffer.from(await readBody(message, UNSIGNED_ACTION_BYTES)).toString())
      : query;
  const action = parameters.get('Action');
  return action !== null && /^AssumeRoleWith[A-Za-z]+$/.test(action) ? action : undefined;
}

/**
 * Sends a service's answer with the headers that every AWS answer has. SDKs correct their clocks by its date, so they
 * can use a cloud whose time is in another week.
 */
async function sendResponse(
  response: ServerResponse,
  answer: AwsResponse,
  requestId: string,
  nowMs: number,
): Promise<void> {
  const { status, headers = {}, body } = answer;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('date', new Date(nowMs).toUTCString());
  response.setHeader('x-amzn-requestid', requestId);
  response.setHeader('x-amz-request-id', requestId);
  response.writeHead(status);
  if (body instanceof Readable) {
    await pipeline(body, response);
    return;
  }
  response.end(body);
}
