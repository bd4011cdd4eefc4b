import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LocalClock } from '../base/clock.ts';
import { type OnRefused, refuseForeignRequest, sendRefusal } from '../edge/requestGuard.ts';
import { applyFaultEffect, ConnectionReset, Faults } from '../faults/Faults.ts';
import { FunctionError, isThrottled } from '../lambda/LambdaFunction.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { corsHeaders } from './corsHeaders.ts';
import { type Answer, functionAnswer, readBody } from './functionAnswer.ts';
import { type HttpApi, matchRoute, type Route } from './HttpApi.ts';
import { toLambdaEvent } from './lambdaEvent.ts';
import { type Listening, listen } from './listen.ts';
import { sendProxied } from './sendProxied.ts';

/** A running gateway. */
export type Gateway = Listening;

/** HTTP API quotas: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const HTTP_API_LIMITS = {
  /** Largest body, bytes. */
  payloadBytes: 10 * 1024 * 1024,
  /** Request line and all header values together, bytes. */
  headerBytes: 10_240,
  /** Longest duration of an integration, milliseconds. */
  integrationTimeoutMs: 30_000,
} as const;

/** Options of the gateway. */
export interface GatewayOptions {
  readonly api: HttpApi;
  readonly accountId: string;
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  /** Whether the function's policy lets API Gateway invoke it for a route. Default: it does. */
  readonly mayInvoke?: ((functionName: string, routeKey: string) => boolean) | undefined;
  readonly clock: LocalClock;
  /** Injected failures of requests that match a route. Default: none. */
  readonly faults?: Faults;
  /** Called for each request that is admitted, with the status of its answer; 0 without one. */
  readonly onAnswer?: ((apiId: string, status: number) => void) | undefined;
  /** Hosts that are admitted besides loopback: {@link refuseForeignRequest}. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Is told of requests that are not admitted. */
  readonly onRefused?: OnRefused | undefined;
  /** Port on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  /** Time for running requests to finish when the gateway closes. Default 5,000. */
  readonly closeGraceMs?: number;
}

/** Serves an HTTP API on loopback as API Gateway does: routes, CORS, payload format 2.0, limits and its own errors. */
export async function startGateway({
  api,
  accountId,
  invoke,
  mayInvoke = () => true,
  clock,
  faults = new Faults(),
  onAnswer,
  allowedHosts,
  onRefused,
  port,
  closeGraceMs,
}: GatewayOptions): Promise<Gateway> {
  const server = createServer({ maxHeaderSize: 64 * 1024, requireHostHeader: false }, (request, response) => {
    const refused = refuseForeignRequest(request, { allowedHosts, anyOrigin: true });
    if (refused !== undefined) {
      // The answer has no CORS headers, because the page that sent the request must not read it.
      sendRefusal(response, refused);
      onRefused?.(refused, request.headers.host);
      if (!request.complete) request.resume();
      return;
    }
    void answer(request)
      .catch((error: unknown) => {
        if (error instanceof ConnectionReset) return undefined;
        if (error instanceof AwsError) return gatewayError(error.status, error.message);
        return gatewayError(500, 'Internal Server Error');
      })
      .then((reply) => {
        onAnswer?.(api.apiId, reply?.status ?? 0);
        if (reply === undefined) request.socket.resetAndDestroy();
        else send(request, response, reply);
      });
  });

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method = 'GET', url: target = '/', headers } = request;
    if (headerBytes(request) > HTTP_API_LIMITS.headerBytes)
      return gatewayError(431, 'Request Header Fields Too Large');
    const match = matchRoute(api.routes, method, target.split('?')[0] ?? '/');
    if (match === undefined)
      return method === 'OPTIONS' && api.cors !== undefined
        ? { status: 204, headers: {}, body: '' }
        : gatewayError(404, 'Not Found');
    const body = await readBody(request, HTTP_API_LIMITS.payloadBytes);
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
      { accountId, apiId: api.apiId, domainName: headers.host ?? '127.0.0.1' },
      { routeKey: match.route.routeKey, pathParameters: match.pathParameters },
    );
    const fate = faults.takeCall({ service: 'gateway', operation: method, resource: target.split('?')[0] });
    const connection = request.socket;
    await applyFaultEffect(fate.before, { clock, connection });
    const { route } = match;
    const passed = { method, target, headers, body, sourceIp: event.requestContext.http.sourceIp };
    const answered = await answerOf(route, requestId, () =>
      'proxy' in route
        ? sendProxied(route.proxy, passed, {
            timeoutMs: limitOf(route),
            payloadBytes: HTTP_API_LIMITS.payloadBytes,
          })
        : invokeRoute(route.functionName, route, JSON.stringify(event)),
    );
    await applyFaultEffect(fate.after, { clock, connection });
    return answered;
  }

  async function invokeRoute(functionName: string, route: Route, event: string): Promise<Answer> {
    // https://repost.aws/knowledge-center/api-gateway-lambda-template-invoke-error
    if (!mayInvoke(functionName, route.routeKey)) throw new Error(`${functionName} may not be invoked.`);
    return functionAnswer(await withTimeout(invoke(functionName, event), limitOf(route)));
  }

  /** The answer of an integration, or the gateway's own if it fails. */
  async function answerOf(route: Route, requestId: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      const { status, headers, body } = await ask();
      const functionHeaders = Object.entries(headers).filter(
        ([name]) => !(api.cors !== undefined && name.startsWith('access-control-')),
      );
      return {
        status,
        headers: { ...Object.fromEntries(functionHeaders), 'apigw-requestid': requestId },
        body,
      };
    } catch (error) {
      if ('proxy' in route || error instanceof IntegrationTimeout)
        return gatewayError(503, 'Service Unavailable');
      if (error instanceof FunctionError && error.errorType === 'RequestEntityTooLargeException') {
        return gatewayError(413, 'Request Entity Too Large');
      }
      // Never Lambda's own 429. REST APIs answer 500; for HTTP APIs AWS documents neither. SDKs send again after both.
      if (isThrottled(error)) return gatewayError(503, 'Service Unavailable');
      return gatewayError(500, 'Internal Server Error');
    }
  }

  function send(request: IncomingMessage, response: ServerResponse, reply: Answer): void {
    const cors = api.cors === undefined ? {} : corsHeaders(api.cors, request);
    response.writeHead(reply.status, {
      ...reply.headers,
      ...cors,
      'content-length': Buffer.byteLength(reply.body),
    });
    response.end(reply.body);
    // An unread body would be parsed as the next request on this connection.
    if (!request.complete) request.resume();
  }

  return listen(server, port, closeGraceMs);
}

function headerBytes(request: IncomingMessage): number {
  const line = (request.method?.length ?? 0) + (request.url?.length ?? 0) + 10;
  return request.rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text), line);
}

/** The gateway's own errors, with API Gateway's messages. */
function gatewayError(status: number, message: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}

function limitOf({ timeoutMs }: Route): number {
  return Math.min(timeoutMs, HTTP_API_LIMITS.integrationTimeoutMs);
}

class IntegrationTimeout extends Error {}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new IntegrationTimeout()), timeoutMs);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
