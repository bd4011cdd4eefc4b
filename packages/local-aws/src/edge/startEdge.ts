import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LocalClock } from '../base/clock.ts';
import { isHangUp } from '../base/nodeErrors.ts';
import { reportDefect } from '../base/reportDefect.ts';
import { Faults } from '../faults/Faults.ts';
import { ConnectionReset } from '../faults/faultEffect.ts';
import { secretOfKey } from '../iam/Caller.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsResponse, AwsService, EdgeCall } from '../protocol/AwsService.ts';
import { type AnswerContext, answerCall } from './answerCall.ts';
import { callerTime } from './handleRequest.ts';
import { type Listening, listen } from './listen.ts';
import { readCall } from './readCall.ts';
import { type RefusedRequest, refuseForeignRequest, sendRefusal } from './requestGuard.ts';

/** Options of {@link startEdge}. */
export interface EdgeOptions {
  /** The services that the edge stands for. */
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
  /**
   * Called for each unexpected error, which the client sees as a 500, or as a 503 if the disk has failed. Default: writes
   * the stack to stderr.
   */
  readonly onDefect?: (error: unknown) => void;
}

/** A running edge endpoint. */
export type Edge = Listening;

/**
 * How long a connection is kept open between two requests. Node's default of 5 s would end it under a client that pauses as
 * long, and the client's next request would fail.
 */
const KEEP_ALIVE_MS = 60_000;

/**
 * Starts the endpoint that all emulated services share. The service is determined from the signature's
 * scope, else from `X-Amz-Target`, and the signature is checked. A service that isn't emulated is refused by name.
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { services, clock, otherTimes, sessionOf, admit, onDefect = reportDefect } = options;
  const credentials = options.credentials ?? { get: secretOfKey };
  const context: AnswerContext = {
    services,
    authentication: { credentials, clock, otherTimes, sessionOf },
    faults: options.faults ?? new Faults(),
    clock,
    admit,
    onDefect,
  };
  let closing = false;

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isControl(message, options.controlPath ?? '/_local')) {
      // A connection that is kept open would delay closing until its client disconnects.
      if (closing) response.shouldKeepAlive = false;
      await serveControl(message, response, options);
    } else {
      const requestId = randomUUID();
      const foreign = refuseForeignRequest(message, { allowedHosts: options.allowedHosts, awsHosts: true });
      const call = { ...readCall(message), refused: foreign && toAwsError(foreign) };
      const answer = await answerCall(message, call, requestId, context);
      if (closing) response.shouldKeepAlive = false;
      const date = callerTime(call.authorization?.signedAtMs, clock.now(), otherTimes);
      await sendResponse(response, answer, requestId, date);
    }
    // The unread rest of a refused request must be drained before the connection can carry the next one.
    if (!message.complete) message.resume();
  }

  // A request without Host gets a named error, not Node's empty answer.
  const server = createServer({ requireHostHeader: false }, (message, response) => {
    serve(message, response).catch((error: unknown) => {
      if (error instanceof ConnectionReset) return message.socket.resetAndDestroy();
      if (!isHangUp(error)) onDefect(error);
      response.destroy();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const { port = 0, host } = options;
  const { url, close } = await listen(server, { port, host });
  return {
    url,
    close() {
      closing = true;
      return close();
    },
  };
}

/** Answers a call of the control API: 404 where nothing knows its path. */
async function serveControl(
  message: IncomingMessage,
  response: ServerResponse,
  { control, allowedHosts }: Pick<EdgeOptions, 'control' | 'allowedHosts'>,
): Promise<void> {
  // AWS's hosts are only for AWS's clients: the control API is not an AWS service.
  const refused = refuseForeignRequest(message, { allowedHosts });
  if (refused !== undefined) sendRefusal(response, refused);
  else if ((await control?.(message, response)) !== true)
    response.writeHead(404, { 'content-type': 'text/plain' }).end('No such path.\n');
}

/** Whether a request is for the control API, with or without a host in its target. */
function isControl({ url = '' }: IncomingMessage, controlPath: string): boolean {
  return url.replace(/^https?:\/\/[^/]*/i, '').startsWith(`${controlPath}/`);
}

/** A refusal as an error of a service. AWS's clients show its code and its message, which has the cure. */
function toAwsError({ error, status }: RefusedRequest): AwsError {
  return new AwsError(error.code, status, `${error.message} ${error.cure}`);
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
