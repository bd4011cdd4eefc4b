import type { IncomingHttpHeaders } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** A request as received by the gateway or a Function URL. */
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

/** The route of the request. A Function URL has `$default` alone. */
export interface EventRoute {
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
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
 * The event of a request in payload format 2.0, which an HTTP API and a Function URL send.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function toLambdaEvent(
  request: GatewayRequest,
  identity: GatewayIdentity,
  { routeKey, pathParameters }: EventRoute,
): APIGatewayProxyEventV2 {
  const [rawPath = '/', rawQueryString = ''] = splitOnce(request.target, '?');
  const { cookie, ...otherHeaders } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(otherHeaders).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const query = joinRepeated(new URLSearchParams(rawQueryString));
  const text = isTextBody(request.headers);
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
