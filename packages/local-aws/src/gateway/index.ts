import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LocalClock } from '../base/LocalClock.ts';
import { refuseForeignRequest, sendRefusal } from '../edge/requestGuard.ts';
import { suffer } from '../faults/CallFate.ts';
import { ConnectionReset } from '../faults/ConnectionReset.ts';
import { Faults } from '../faults/Faults.ts';
import { FunctionError } from '../lambda/FunctionError.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { corsHeaders, preflightHeaders } from './corsHeaders.ts';
import { functionResponseSchema, type HttpApi, type Route } from './HttpApi.ts';
import { HTTP_API_LIMITS } from './limits.ts';
import { matchRoute } from './matchRoute.ts';
import { toLambdaEvent } from './toLambdaEvent.ts';

/** What the gateway needs. */
export interface GatewayOptions {
  readonly api: HttpApi;
  readonly accountId: string;
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  readonly clock: LocalClock;
  /** Failures on demand, of requests that a route takes. Default: none. */
  readonly faults?: Faults;
  /** Hosts that are admitted besides those of loopback: {@link refuseForeignRequest}. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Port on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** How long requests under way may take once the gateway closes. Default 5,000. */
  readonly closeGraceMs?: number;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  /** Stops listening, lets the requests under way finish for a while, then cuts them off. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: string | Buffer;
}

/** A client that never finishes its request must not keep what is buffered from being delivered. */
const CLOSE_GRACE_MS = 5000;

/** Serves an HTTP API on loopback as API Gateway does: routes, CORS, payload format 2.0, limits and its own errors. */
export async function startGateway({
  api,
  accountId,
  invoke,
  clock,
  faults = new Faults(),
  allowedHosts,
  port,
  closeGraceMs = CLOSE_GRACE_MS,
}: GatewayOptions): Promise<Gateway> {
  const server = createServer({ maxHeaderSize: 64 * 1024, requireHostHeader: false }, (request, response) => {
    const refused = refuseForeignRequest(request, { allowedHosts, anyOrigin: true });
    if (refused !== undefined) {
      // Without CORS headers: the page that has sent it must not read the answer.
      sendRefusal(response, refused);
      if (!request.complete) request.resume();
      return;
    }
    answer(request)
      .catch((error: unknown) => {
        if (error instanceof ConnectionReset) return undefined;
        if (error instanceof AwsError) return gatewayError(error.status, error.message);
        return gatewayError(500, 'Internal Server Error');
      })
      .then((reply) => {
        if (reply === undefined) request.socket.resetAndDestroy();
        else send(request, response, reply);
      });
  });

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method = 'GET', url: target = '/', headers } = request;
    if (headerBytes(request) > HTTP_API_LIMITS.headerBytes)
      return gatewayError(431, 'Request Header Fields Too Large');
    if (method === 'OPTIONS' && api.cors !== undefined && headers.origin !== undefined) {
      return { status: 204, headers: preflightHeaders(api.cors, headers), body: '' };
    }
    const match = matchRoute(api.routes, method, target.split('?')[0] ?? '/');
    if (match === undefined) return gatewayError(404, 'Not Found');
    const body = await readBody(request);
    if (body === undefined) return gatewayError(413, 'Request Entity Too Large');
    const requestId = randomUUID();
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
      match,
      { accountId, apiId: api.apiId, domainName: headers.host ?? '127.0.0.1' },
    );
    const fate = faults.takeCall({ service: 'gateway', operation: method, resource: target.split('?')[0] });
    const connection = request.socket;
    await suffer(fate.before, { clock, connection });
    const answered = await invokeRoute(match.route, JSON.stringify(event), requestId);
    await suffer(fate.after, { clock, connection });
    return answered;
  }

  async function invokeRoute(
    { functionName, timeoutMs }: Route,
    event: string,
    requestId: string,
  ): Promise<Answer> {
    try {
      const result = await withTimeout(invoke(functionName, event), timeoutMs);
      return functionAnswer(result, requestId, api.cors !== undefined);
    } catch (error) {
      if (error instanceof IntegrationTimeout) return gatewayError(503, 'Service Unavailable');
      if (error instanceof FunctionError && error.errorType === 'RequestEntityTooLargeException') {
        return gatewayError(413, 'Request Entity Too Large');
      }
      return gatewayError(500, 'Internal Server Error');
    }
  }

  function send(request: IncomingMessage, response: ServerResponse, reply: Answer): void {
    const cors = api.cors === undefined ? {} : corsHeaders(api.cors, request.headers);
    response.writeHead(reply.status, {
      ...reply.headers,
      ...cors,
      'content-length': Buffer.byteLength(reply.body),
    });
    response.end(reply.body);
    // An unread body would be taken for the next request on this connection.
    if (!request.complete) request.resume();
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        const cutOff = setTimeout(() => server.closeAllConnections(), closeGraceMs);
        server.close((error) => {
          clearTimeout(cutOff);
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeIdleConnections();
      }),
  };
}

/** Undefined when the body is over the gateway's limit; the rest is then left unread. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > HTTP_API_LIMITS.payloadBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= HTTP_API_LIMITS.payloadBytes) chunks.push(chunk);
  }
  return bytes > HTTP_API_LIMITS.payloadBytes ? undefined : Buffer.concat(chunks);
}

function headerBytes(request: IncomingMessage): number {
  const line = (request.method?.length ?? 0) + (request.url?.length ?? 0) + 10;
  return request.rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text), line);
}

/** A result without `statusCode` is the body of a 200; one that isn't valid is the gateway's 500. */
function functionAnswer(result: string, requestId: string, gatewayOwnsCors: boolean): Answer {
  const value: unknown = JSON.parse(result);
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: result };
  }
  const {
    statusCode,
    headers = {},
    cookies,
    body = '',
    isBase64Encoded,
  } = functionResponseSchema.parse(value);
  const own = Object.entries(headers)
    .map(([name, text]): [string, string] => [name.toLowerCase(), String(text)])
    .filter(
      ([name]) => !(gatewayOwnsCors && name.startsWith('access-control-')) && name !== 'content-length',
    );
  return {
    status: statusCode,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(own),
      'apigw-requestid': requestId,
      ...(cookies === undefined ? {} : { 'set-cookie': cookies }),
    },
    body: isBase64Encoded === true ? Buffer.from(body, 'base64') : body,
  };
}

/** The gateway's own errors, as API Gateway words them. */
function gatewayError(status: number, message: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}

class IntegrationTimeout extends Error {}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = Math.min(timeoutMs, HTTP_API_LIMITS.integrationTimeoutMs);
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new IntegrationTimeout()), limit);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
