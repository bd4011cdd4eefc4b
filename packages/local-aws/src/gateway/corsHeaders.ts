import type { IncomingHttpHeaders } from 'node:http';
import type { Cors } from './HttpApi.ts';

/**
 * Headers for an answer to a request from another origin; none for requests without `Origin` or origins not allowed.
 */
export function corsHeaders(cors: Cors, request: IncomingHttpHeaders): Record<string, string> {
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
export function preflightHeaders(cors: Cors, request: IncomingHttpHeaders): Record<string, string> {
  const allowed = corsHeaders(cors, request);
  if (allowed['access-control-allow-origin'] === undefined) return {};
  return {
    ...allowed,
    'access-control-allow-methods': cors.allowMethods.join(','),
    'access-control-allow-headers': cors.allowHeaders.join(','),
    ...(cors.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
  };
}
