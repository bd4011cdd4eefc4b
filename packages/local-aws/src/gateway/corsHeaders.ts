import type { IncomingMessage } from 'node:http';
import type { Cors } from './HttpApi.ts';

/** The parts of a request that decide about CORS. */
type CorsRequest = Pick<IncomingMessage, 'method' | 'headers'>;

/** Whether a browser asks if it may send a request: https://fetch.spec.whatwg.org/#cors-preflight-request */
export function isPreflight({ method, headers }: CorsRequest): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/**
 * CORS headers for the answer to a request, including a preflight. Empty for an origin that is not allowed, and for
 * requests without `Origin`; `OPTIONS` needs `Access-Control-Request-Method` too:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
export function corsHeaders(cors: Cors, request: CorsRequest): Record<string, string> {
  const { method, headers } = request;
  const preflight = isPreflight(request);
  if (headers.origin === undefined || (method === 'OPTIONS' && !preflight)) return {};
  const allowed = cors.allowOrigins.includes('*')
    ? '*'
    : cors.allowOrigins.find((one) => one === headers.origin);
  if (allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    ...(allowed === '*' ? {} : { vary: 'Origin' }),
    ...(cors.exposeHeaders.length === 0
      ? {}
      : { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
    ...(preflight
      ? {
          'access-control-allow-methods': cors.allowMethods.join(','),
          'access-control-allow-headers': cors.allowHeaders.join(','),
          ...(cors.maxAgeSeconds === undefined
            ? {}
            : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
        }
      : {}),
  };
}
