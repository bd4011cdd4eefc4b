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
  const { origin } = request.headers;
  const asks = isPreflight(request);
  if (origin === undefined || (request.method === 'OPTIONS' && !asks)) return {};
  const allowed = allowedOrigin(cors, origin);
  if (allowed === null) return {};
  const headers: Record<string, string> = { 'access-control-allow-origin': allowed };
  if (allowed !== '*') headers['vary'] = 'Origin';
  if (cors.exposeHeaders.length > 0) headers['access-control-expose-headers'] = cors.exposeHeaders.join(',');
  return asks ? { ...headers, ...preflightHeaders(cors) } : headers;
}

/** The origin that a browser is told; null for one that is not allowed. */
function allowedOrigin({ allowOrigins }: Cors, origin: string): string | null {
  if (allowOrigins.includes('*')) return '*';
  return allowOrigins.includes(origin) ? origin : null;
}

/** The headers that only the answer to a preflight request has. */
function preflightHeaders({ allowMethods, allowHeaders, maxAgeSeconds }: Cors): Record<string, string> {
  const headers: Record<string, string> = {
    'access-control-allow-methods': allowMethods.join(','),
    'access-control-allow-headers': allowHeaders.join(','),
  };
  if (maxAgeSeconds !== undefined) headers['access-control-max-age'] = String(maxAgeSeconds);
  return headers;
}
