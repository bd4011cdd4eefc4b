import type { IncomingHttpHeaders } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { RouteMatch } from './matchRoute.ts';

/** A request as the gateway received it. */
export interface GatewayRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly protocol: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly requestId: string;
  readonly timeMs: number;
}

/** Where the event says it comes from. */
export interface GatewayIdentity {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
}

/** Media types whose bodies an HTTP API hands over as text; all others, and none at all, come as base64 (ministack#766). */
const TEXT_TYPES = /^(text\/|application\/(json|xml|javascript)\b)/i;

/**
 * Whether a body comes as text. A `Content-Encoding` makes any body binary: AWS says so of its load balancers
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html) and nowhere of
 * HTTP APIs. Should an HTTP API mangle such a body, the collector knows it by its replacement characters.
 */
function comesAsText({
  'content-type': type = '',
  'content-encoding': encoding = 'identity',
}: IncomingHttpHeaders): boolean {
  return TEXT_TYPES.test(type) && encoding.toLowerCase() === 'identity';
}

/**
 * The event a function gets, payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toLambdaEvent(
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
  const text = comesAsText(request.headers);
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

/** Format 2.0 joins a parameter given more than once with commas. */
function joinRepeated(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

/** `20/Nov/2026:07:32:00 +0000`, as in access logs. */
function logTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(at.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
