import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LocalClock } from '../base/clock.ts';
import { type OnRefused, refuseForeignRequest, sendRefusal } from '../edge/requestGuard.ts';
import { applyFaultEffect, ConnectionReset, Faults } from '../faults/Faults.ts';
import { FunctionError } from '../lambda/LambdaFunction.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { corsHeaders, isPreflight } from './corsHeaders.ts';
import type { FunctionUrl } from './FunctionUrl.ts';
import { type Answer, functionAnswer, readBody } from './functionAnswer.ts';
import { toLambdaEvent } from './lambdaEvent.ts';
import { type Listening, listen } from './listen.ts';

/** Largest payload of an invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_BYTES = 6 * 1024 * 1024;

/** Answers that a Function URL gives by itself, by the error of the invocation. All other errors are a 502. */
const OWN_ANSWERS: ReadonlyMap<string, readonly [status: number, message: string]> = new Map([
  ['TooManyRequestsException', [429, 'Rate Exceeded.']],
  ['RequestEntityTooLargeException', [413, 'Request must be smaller than 6291456 bytes.']],
]);

/** Options of a Function URL. */
export interface FunctionUrlOptions {
  /** The URLs of the account. The first is this address's own. */
  readonly urls: readonly [FunctionUrl, ...FunctionUrl[]];
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  readonly clock: LocalClock;
  /** Injected failures of requests, of the service `gateway`. Default: no faults. */
  readonly faults?: Faults;
  /** Hosts to admit besides loopback and the hosts of the URLs: {@link refuseForeignRequest}. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Is told of requests that are not admitted. */
  readonly onRefused?: OnRefused | undefined;
  /** Port on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  /** Time for running requests to finish when it closes. Default 5,000. */
  readonly closeGraceMs?: number;
}

/**
 * Serves a Function URL on loopback as Lambda does: payload format 2.0, CORS by the URL's settings, 429 for a throttled
 * function, 413 above 6 MB, 502 for one that fails, and 403 without the two permissions. A request goes to the URL that
 * its `Host` names.
 *
 * CORS headers are on every answer, also on answers that Lambda gives by itself. AWS does not say whether it sets them
 * there; an SDK in a browser drops a batch only when it can read the 429, so this is the worse case.
 */
export async function startFunctionUrl({
  urls,
  invoke,
  clock,
  faults = new Faults(),
  allowedHosts = [],
  onRefused,
  port,
  closeGraceMs,
}: FunctionUrlOptions): Promise<Listening> {
  const [defaultUrl, ...otherUrls] = urls;
  const hosts = urls.map(({ domainName }) => domainName);
  const server = createServer({ maxHeaderSize: 64 * 1024, requireHostHeader: false }, (request, response) => {
    const refused = refuseForeignRequest(request, {
      allowedHosts: [...allowedHosts, ...hosts],
      anyOrigin: true,
    });
    if (refused !== undefined) {
      sendRefusal(response, refused);
      onRefused?.(refused, request.headers.host);
      if (!request.complete) request.resume();
      return;
    }
    const host = request.headers.host?.split(':')[0]?.toLowerCase();
    const url = otherUrls.find(({ domainName }) => domainName === host) ?? defaultUrl;
    void answer(url, request)
      .catch((error: unknown) => {
        if (error instanceof ConnectionReset) return undefined;
        if (error instanceof AwsError) return ownAnswer(error.status, error.message);
        return ownAnswer(502, 'Internal Server Error');
      })
      .then((reply) => {
        if (reply === undefined) request.socket.resetAndDestroy();
        else send(url, request, response, reply);
      });
  });

  async function answer(url: FunctionUrl, request: IncomingMessage): Promise<Answer> {
    const { method = 'GET', url: target = '/', headers } = request;
    if (url.cors !== undefined && isPreflight(request)) return { status: 200, headers: {}, body: '' };
    if (!url.isPublic)
      return ownAnswer(
        403,
        'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
      );
    const requestId = randomUUID();
    const body = await readBody(request, PAYLOAD_BYTES);
    if (body === undefined) return tooLarge();
    const event = toLambdaEvent(
      {
        method,
        target,
        protocol: `HTTP/${request.httpVersion}`,
        headers,
        body,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        requestId,
        timeMs: clock.now(),
      },
      { accountId: 'anonymous', apiId: url.urlId, domainName: url.domainName },
      { routeKey: '$default', pathParameters: {} },
    );
    const fate = faults.takeCall({ service: 'gateway', operation: method, resource: target.split('?')[0] });
    const connection = request.socket;
    await applyFaultEffect(fate.before, { clock, connection });
    const answered = await invokeFunction(url, JSON.stringify(event), requestId);
    await applyFaultEffect(fate.after, { clock, connection });
    return answered;
  }

  async function invokeFunction(
    { functionName }: FunctionUrl,
    event: string,
    requestId: string,
  ): Promise<Answer> {
    try {
      const { status, headers, body } = functionAnswer(await invoke(functionName, event));
      return { status, headers: { ...headers, 'x-amzn-requestid': requestId }, body };
    } catch (error) {
      const [status, message] = (error instanceof FunctionError
        ? OWN_ANSWERS.get(error.errorType)
        : undefined) ?? [502, 'Internal Server Error'];
      return ownAnswer(status, message);
    }
  }

  return listen(server, port, closeGraceMs);
}

function tooLarge(): Answer {
  const [status, message] = OWN_ANSWERS.get('RequestEntityTooLargeException') ?? [413, ''];
  return ownAnswer(status, message);
}

function ownAnswer(status: number, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Message: message }),
  };
}

function send(
  { cors }: FunctionUrl,
  request: IncomingMessage,
  response: ServerResponse,
  reply: Answer,
): void {
  const headers = { ...reply.headers };
  const added = cors === undefined ? {} : corsHeaders(cors, request);
  // Lambda adds its headers to the function's headers: browsers refuse an answer that allows an origin twice.
  for (const [name, value] of Object.entries(added))
    headers[name] = headers[name] === undefined ? value : [headers[name], value].flat();
  response.writeHead(reply.status, { ...headers, 'content-length': Buffer.byteLength(reply.body) });
  response.end(reply.body);
  // An unread body would be parsed as the next request on this connection.
  if (!request.complete) request.resume();
}
