import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { LocalClock } from '../base/clock.ts';
import { refuseForeignRequest, sendRefusal } from '../edge/requestGuard.ts';
import { applyFaultEffect, ConnectionReset, Faults } from '../faults/Faults.ts';
import { FunctionError, isThrottled } from '../lambda/LambdaFunction.ts';
import { AwsError } from '../protocol/AwsError.ts';
import {
  type Cors,
  functionResponseSchema,
  type HttpApi,
  matchRoute,
  type Route,
  type RouteMatch,
} from './HttpApi.ts';

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
  /** The API as it is now: it may change between two requests. */
  readonly api: () => HttpApi;
  readonly accountId: string;
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  /** Whether the function's policy lets API Gateway invoke it for a route. Default: it does. */
  readonly mayInvoke?: ((functionName: string, routeKey: string) => boolean) | undefined;
  readonly clock: LocalClock;
  /** Injected failures of requests that match a route. Default: none. */
  readonly faults?: Faults;
  /** Hosts that are admitted besides loopback: {@link refuseForeignRequest}. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Port on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  /** Time for running requests to finish when the gateway closes. Default 5,000. */
  readonly closeGraceMs?: number;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  /** Stops listening, gives running requests a few seconds to finish, then closes their connections. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: string | Buffer;
}

/** A client that never finishes its request must not prevent the delivery of buffered data. */
const CLOSE_GRACE_MS = 5000;

/** Serves an HTTP API on loopback as API Gateway does: routes, CORS, payload format 2.0, limits and its own errors. */
export async function startGateway({
  api: currentApi,
  accountId,
  invoke,
  mayInvoke = () => true,
  clock,
  faults = new Faults(),
  allowedHosts,
  port,
  closeGraceMs = CLOSE_GRACE_MS,
}: GatewayOptions): Promise<Gateway> {
  const server = createServer({ maxHeaderSize: 64 * 1024, requireHostHeader: false }, (request, response) => {
    const refused = refuseForeignRequest(request, { allowedHosts, anyOrigin: true });
    if (refused !== undefined) {
      // Without CORS headers: the page that sent the request must not read the answer.
      sendRefusal(response, refused);
      if (!request.complete) request.resume();
      return;
    }
    // A request ends with the API that it began with.
    const api = currentApi();
    answer(api, request)
      .catch((error: unknown) => {
        if (error instanceof ConnectionReset) return undefined;
        if (error instanceof AwsError) return gatewayError(error.status, error.message);
        return gatewayError(500, 'Internal Server Error');
      })
      .then((reply) => {
        if (reply === undefined) request.socket.resetAndDestroy();
        else send(api, request, response, reply);
      });
  });

  async function answer(api: HttpApi, request: IncomingMessage): Promise<Answer> {
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
    await applyFaultEffect(fate.before, { clock, connection });
    const answered = await invokeRoute(api, match.route, JSON.stringify(event), requestId);
    await applyFaultEffect(fate.after, { clock, connection });
    return answered;
  }

  async function invokeRoute(
    api: HttpApi,
    { functionName, timeoutMs, routeKey }: Route,
    event: string,
    requestId: string,
  ): Promise<Answer> {
    // https://repost.aws/knowledge-center/api-gateway-lambda-template-invoke-error
    if (!mayInvoke(functionName, routeKey)) return gatewayError(500, 'Internal Server Error');
    try {
      const result = await withTimeout(invoke(functionName, event), timeoutMs);
      return functionAnswer(result, requestId, api.cors !== undefined);
    } catch (error) {
      if (error instanceof IntegrationTimeout) return gatewayError(503, 'Service Unavailable');
      if (error instanceof FunctionError && error.errorType === 'RequestEntityTooLargeException') {
        return gatewayError(413, 'Request Entity Too Large');
      }
      // Never Lambda's own 429. REST APIs answer 500; for HTTP APIs AWS documents neither. SDKs send again after both.
      if (isThrottled(error)) return gatewayError(503, 'Service Unavailable');
      return gatewayError(500, 'Internal Server Error');
    }
  }

  function send(api: HttpApi, request: IncomingMessage, response: ServerResponse, reply: Answer): void {
    const cors = api.cors === undefined ? {} : corsHeaders(api.cors, request.headers);
    response.writeHead(reply.status, {
      ...reply.headers,
      ...cors,
      'content-length': Buffer.byteLength(reply.body),
    });
    response.end(reply.body);
    // An unread body would be parsed as the next request on this connection.
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

/** Undefined when the body exceeds the gateway's limit; its rest is then left unread. */
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

/** A result without `statusCode` is the body of a 200. An invalid result causes the gateway's 500. */
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

/** The gateway's own errors, with API Gateway's messages. */
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

/**
 * Headers for an answer to a request from another origin; none for requests without `Origin` or origins not allowed.
 */
function corsHeaders(cors: Cors, request: IncomingHttpHeaders): Record<string, string> {
  const { origin } = request;
  if (origin === undefined) return {};
  const allowed = cors.allowOrigins.includes('*') ? '*' : cors.allowOrigins.find((one) => one === origin);
  if (allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    ...(allowed === '*' ? {} : { vary: 'Origin' }),
    ...(cors.exposeHeaders.length === 0
      ? {}
      : { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
  };
}

/** Headers of the answer to a preflight, which never reaches a function. */
function preflightHeaders(cors: Cors, request: IncomingHttpHeaders): Record<string, string> {
  const allowed = corsHeaders(cors, request);
  if (allowed['access-control-allow-origin'] === undefined) return {};
  return {
    ...allowed,
    'access-control-allow-methods': cors.allowMethods.join(','),
    'access-control-allow-headers': cors.allowHeaders.join(','),
    ...(cors.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
  };
}

/** A request as received by the gateway. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  readonly protocol: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly requestId: string;
  readonly timeMs: number;
}

/** The source of the request as stated in the event. */
export interface GatewayIdentity {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
}

/**
 * Media types of bodies that an HTTP API passes on as text. All others, or none, are passed as base64 (ministack#766).
 */
const TEXT_TYPES = /^(text\/|application\/(json|xml|javascript)\b)/i;

/**
 * Whether a body is passed as text. A `Content-Encoding` makes any body binary: AWS documents this for load balancers
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html) but not for
 * HTTP APIs. If an HTTP API damaged such a body, the collector would detect it by its replacement characters.
 */
function isTextBody({
  'content-type': type = '',
  'content-encoding': encoding = 'identity',
}: IncomingHttpHeaders): boolean {
  return TEXT_TYPES.test(type) && encoding.toLowerCase() === 'identity';
}

/**
 * The event of a request in payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
function toLambdaEvent(
  request: GatewayRequest,
  { route, pathParameters }: RouteMatch,
  identity: GatewayIdentity,
): APIGatewayProxyEventV2 {
  const [rawPath = '/', rawQueryString = ''] = splitOnce(request.target, '?');
  const { cookie, ...others } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(others).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const query = joinRepeated(new URLSearchParams(rawQueryString));
  const text = isTextBody(request.headers);
  const at = new Date(request.timeMs);
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: identity.accountId,
      apiId: identity.apiId,
      domainName: identity.domainName,
      domainPrefix: identity.domainName.split('.')[0] ?? '',
      http: {
        method: request.method,
        path: rawPath,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: route.routeKey,
      stage: '$default',
      time: logTime(at),
      timeEpoch: request.timeMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !text,
  };
}

/** Format 2.0 joins the values of a repeated parameter with commas. */
function joinRepeated(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

/** `20/Nov/2026:07:32:00 +0000`, the format of access logs. */
function logTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(at.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
