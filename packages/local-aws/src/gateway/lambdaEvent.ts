import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Clock } from '../base/clock.ts';

/** A request as received by the gateway or a Function URL. */
export interface GatewayRequest {
  /** The method: `POST`. */
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** The version of HTTP: `HTTP/1.1`. */
  readonly protocol: string;
  /** The headers as Node reads them, by names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The whole body; empty without one. */
  readonly body: Buffer;
  /** IP address of the client. */
  readonly sourceIp: string;
  /** A new UUID. */
  readonly requestId: string;
  /** When its body was read to the end, epoch milliseconds. */
  readonly timeMs: number;
}

/**
 * Reads a request to its end.
 *
 * @param limit The largest body, bytes.
 * @returns Undefined for a larger body.
 * @throws Error of the connection, if the client hangs up.
 */
export async function receiveRequest(
  request: IncomingMessage,
  limit: number,
  clock: Clock,
): Promise<GatewayRequest | undefined> {
  // A server's request has both: https://nodejs.org/api/http.html#messagemethod
  const { method = 'GET', url: target = '/', headers } = request;
  const body = await readBody(request, limit);
  if (body === undefined) return undefined;
  return {
    method,
    target,
    protocol: `HTTP/${request.httpVersion}`,
    headers,
    body,
    // The socket of a client that has gone has no address any more.
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    requestId: randomUUID(),
    timeMs: clock.now(),
  };
}

/** The body of a request; undefined when it has more bytes than the limit. @throws Error of the connection, if the client hangs up. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  // The rest of such a body is left unread.
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
  }
  return bytes > limit ? undefined : Buffer.concat(chunks);
}

/** The API or Function URL that received the request, as the event names it. */
interface GatewayIdentity {
  /** Account of the API; `anonymous` for a public Function URL. */
  readonly accountId: string;
  /** ID of the API or the Function URL. */
  readonly apiId: string;
  /** The host that the request was sent to. */
  readonly domainName: string;
}

/** The route of the request. A Function URL has `$default` alone. */
interface EventRoute {
  /** The route's key: `POST /v1/{proxy+}`, or `$default`. */
  readonly routeKey: string;
  /** The values of path variables by their names; empty without variables. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Media types of bodies that an HTTP API passes on as text. All others, or none, are passed as base64:
 * https://github.com/ministackorg/ministack/pull/766
 */
const TEXT_TYPES = /^(text\/|application\/(json|xml|javascript)\b)/i;

/**
 * Whether a body is passed as text. A `Content-Encoding` makes any body binary: AWS documents this for load balancers
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html) but not for
 * HTTP APIs. If an HTTP API damaged such a body, the function would find replacement characters in it.
 */
function isTextBody({
  'content-type': type = '',
  'content-encoding': encoding = 'identity',
}: IncomingHttpHeaders): boolean {
  return TEXT_TYPES.test(type) && encoding.toLowerCase() === 'identity';
}

/**
 * The event of a request in payload format 2.0, which an HTTP API and a Function URL send.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function toLambdaEvent(
  request: GatewayRequest,
  identity: GatewayIdentity,
  { routeKey, pathParameters }: EventRoute,
): APIGatewayProxyEventV2 {
  const queryAt = request.target.indexOf('?');
  const rawPath = queryAt < 0 ? request.target : request.target.slice(0, queryAt);
  const rawQueryString = queryAt < 0 ? '' : request.target.slice(queryAt + 1);
  const { cookie, ...otherHeaders } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(otherHeaders).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const query = joinRepeated(new URLSearchParams(rawQueryString));
  const isText = isTextBody(request.headers);
  const at = new Date(request.timeMs);
  return {
    version: '2.0',
    routeKey,
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
      routeKey,
      stage: '$default',
      time: logTime(at),
      timeEpoch: request.timeMs,
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** Format 2.0 joins the values of a repeated parameter with commas. */
function joinRepeated(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

/** `20/Nov/2026:07:32:00 +0000`, the format of access logs. */
function logTime(at: Date): string {
  // `Fri, 20 Nov 2026 07:32:00 GMT`: https://tc39.es/ecma262/#sec-date.prototype.toutcstring
  const utc = at.toUTCString();
  const day = utc.slice(5, 16).replaceAll(' ', '/');
  return `${day}:${utc.slice(17, 25)} +0000`;
}
