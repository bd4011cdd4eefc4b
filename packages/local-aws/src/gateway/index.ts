import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LocalClock } from '../base/clock.ts';
import type { Listening } from '../edge/listen.ts';
import type { OnRefused } from '../edge/requestGuard.ts';
import type { Faults } from '../faults/Faults.ts';
import { FunctionError } from '../lambda/ExecutionEnvironment.ts';
import { isThrottled } from '../lambda/LambdaFunction.ts';
import { corsHeaders } from './corsHeaders.ts';
import { type Answer, functionAnswer } from './functionAnswer.ts';
import { type HttpApi, matchRoute, type RouteMatch } from './HttpApi.ts';
import { type GatewayRequest, receiveRequest, toLambdaEvent } from './lambdaEvent.ts';
import { sendProxied } from './sendProxied.ts';
import { answerUnderFaults, startGuardedServer } from './startGuardedServer.ts';

/** A running gateway. */
export type Gateway = Listening;

/** HTTP API quotas: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const HTTP_API_LIMITS = {
  /** Largest body, bytes. */
  payloadBytes: 10 * 1024 * 1024,
  /** The request line and the values of all headers together, bytes; names of headers don't count. */
  headerBytes: 10_240,
  /** Longest duration of an integration, milliseconds. */
  integrationTimeoutMs: 30_000,
} as const;

/** Options of the gateway. */
interface GatewayOptions {
  /** The HTTP API of the template. */
  readonly api: HttpApi;
  /** The account of the API: twelve digits. */
  readonly accountId: string;
  /** Invokes a function by name with a JSON payload; resolves with its JSON result, throws FunctionError. */
  readonly invoke: (functionName: string, payload: string) => Promise<string>;
  /** Whether the function's policy lets API Gateway invoke it for a route. Default: it does. */
  readonly mayInvoke?: ((functionName: string, routeKey: string) => boolean) | undefined;
  /** The clock of the times of events and of the delays of faults. Limits are of the machine's time. */
  readonly clock: LocalClock;
  /** Injected failures of requests that match a route. Default: none. */
  readonly faults?: Faults;
  /** Called for each request that is admitted, with the status of its answer; 0 without one. */
  readonly onAnswer?: ((apiId: string, status: number) => void) | undefined;
  /**
   * Called with the reason of an answer that names none: a server that fails, a function that may not be invoked, or a result
   * that is no answer. What a function throws is in its log.
   */
  readonly onDefect: (error: unknown) => void;
  /** Hosts that are admitted besides loopback. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Called for each request that is not admitted. */
  readonly onRefused?: OnRefused | undefined;
  /** Port on 127.0.0.1; 0 for any free port. */
  readonly port: number;
  /** Time for running requests to finish when the gateway closes, milliseconds. Default 5,000. */
  readonly closeGraceMs?: number;
}

/** Serves an HTTP API on loopback as API Gateway does: routes, CORS, payload format 2.0, limits and its own errors. */
export function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { api, onAnswer } = options;
  return startGuardedServer({
    ...options,
    answer: (request) => answerRequest(request, options),
    failure: gatewayError,
    defectStatus: 500,
    send: (request, response, answer) => sendAnswer(api, request, response, answer),
    onAnswer: (status) => onAnswer?.(api.apiId, status),
  });
}

/** The answer of a request's route, or the gateway's own for a request that no route takes or that is too large. */
async function answerRequest(request: IncomingMessage, options: GatewayOptions): Promise<Answer> {
  const { api, clock } = options;
  const { method = 'GET', url: target = '/' } = request;
  // AWS documents the limit and no status. https://www.rfc-editor.org/rfc/rfc6585#section-5
  if (limitedBytes(request) > HTTP_API_LIMITS.headerBytes)
    return gatewayError(431, 'Request Header Fields Too Large');
  const [path = '/'] = target.split('?');
  const match = matchRoute(api.routes, method, path);
  if (match === undefined) {
    const isPreflight = method === 'OPTIONS' && api.cors !== undefined;
    return isPreflight ? { status: 204, headers: {}, body: '' } : gatewayError(404, 'Not Found');
  }
  const received = await receiveRequest(request, HTTP_API_LIMITS.payloadBytes, clock);
  if (received === undefined) return gatewayError(413, 'Request Entity Too Large');
  return answerUnderFaults(request, path, options, () => callIntegration(match, received, options));
}

/** The answer of a route's integration, or the gateway's own if it fails. */
async function callIntegration(
  match: RouteMatch,
  received: GatewayRequest,
  options: GatewayOptions,
): Promise<Answer> {
  const { route } = match;
  const { api, onDefect } = options;
  const timeoutMs = Math.min(route.timeoutMs, HTTP_API_LIMITS.integrationTimeoutMs);
  try {
    const { status, headers, body } =
      'proxy' in route
        ? await sendProxied(route.proxy, received, { timeoutMs, payloadBytes: HTTP_API_LIMITS.payloadBytes })
        : await invokeRoute(route.functionName, match, received, timeoutMs, options);
    // CORS headers are the gateway's. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    const integrationHeaders = Object.entries(headers).filter(
      ([name]) => api.cors === undefined || !name.startsWith('access-control-'),
    );
    return {
      status,
      headers: { ...Object.fromEntries(integrationHeaders), 'apigw-requestid': received.requestId },
      body,
    };
  } catch (error) {
    // As API Gateway answers it: https://github.com/serverless/serverless/issues/11222
    if (error instanceof IntegrationTimeout) return gatewayError(503, 'Service Unavailable');
    if (error instanceof FunctionError) return functionFailure(error);
    if (!('proxy' in route)) throw error;
    // A sentence: a stack says nothing of a server that is away.
    onDefect(`${route.proxy.uri}: ${error instanceof Error ? error.message : error}`);
    // AWS documents no status for a server that fails. One that is late is answered as a late function is.
    return gatewayError(503, 'Service Unavailable');
  }
}

/** The gateway's answer for a function that was not invoked, or that failed. */
function functionFailure(error: FunctionError): Answer {
  // AWS documents no status for a payload that Lambda refuses. REST APIs answer 413:
  // https://github.com/koki-develop/lgtm-generator/issues/10
  if (error.errorType === 'RequestEntityTooLargeException')
    return gatewayError(413, 'Request Entity Too Large');
  // Never Lambda's own 429. REST APIs answer 500; for HTTP APIs AWS documents neither. SDKs send again after both.
  if (isThrottled(error)) return gatewayError(503, 'Service Unavailable');
  return gatewayError(500, 'Internal Server Error');
}

/**
 * The answer of a route's function.
 *
 * @throws FunctionError; IntegrationTimeout; Error without the permission to invoke the function, and for a result that
 *   is no answer.
 */
async function invokeRoute(
  functionName: string,
  { route: { routeKey }, pathParameters }: RouteMatch,
  received: GatewayRequest,
  timeoutMs: number,
  { api: { apiId }, accountId, invoke, mayInvoke = () => true }: GatewayOptions,
): Promise<Answer> {
  // The gateway answers 500 without a permission: https://repost.aws/knowledge-center/api-gateway-lambda-template-invoke-error
  if (!mayInvoke(functionName, routeKey))
    throw new Error(`${functionName} may not be invoked for ${routeKey}.`);
  const { host: domainName = '127.0.0.1' } = received.headers;
  const event = toLambdaEvent(received, { accountId, apiId, domainName }, { routeKey, pathParameters });
  return functionAnswer(await withTimeout(invoke(functionName, JSON.stringify(event)), timeoutMs));
}

/** Sends an answer with the gateway's own CORS headers. */
function sendAnswer(
  { cors }: HttpApi,
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  const added = cors === undefined ? {} : corsHeaders(cors, request);
  response.writeHead(status, { ...headers, ...added, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The characters of a request line besides its method and its target: two spaces and `HTTP/1.1`. */
const LINE_REST = 10;

/** The bytes that API Gateway limits: those of the request line, and of the values of all headers. */
function limitedBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  // Names and values take turns.
  const values = rawHeaders.filter((_, index) => index % 2 === 1);
  return values.reduce((sum, value) => sum + value.length, method.length + url.length + LINE_REST);
}

/** The gateway's own errors, with API Gateway's messages. */
function gatewayError(status: number, message: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}

/** An integration has not answered in time. */
class IntegrationTimeout extends Error {}

/** The result of work. @throws IntegrationTimeout if it takes longer; the work goes on. */
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
