import { z } from 'zod';

/** The template's HTTP API as far as the gateway implements it. */
export interface HttpApi {
  readonly apiId: string;
  readonly routes: readonly Route[];
  /**
   * CORS settings. With them, the gateway sets CORS headers, removes the function's own, and answers `OPTIONS` where no
   * route takes it: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
   */
  readonly cors: Cors | undefined;
}

/** A route, and its integration: a function, or another server. */
export type Route = {
  /** `POST /{proxy+}`, `ANY /x/{id}` or `$default`. */
  readonly routeKey: string;
  /** How long the integration may take; API Gateway's own limit applies besides. */
  readonly timeoutMs: number;
} & ({ readonly functionName: string } | { readonly proxy: HttpProxy });

/** The server of an `HTTP_PROXY` integration. */
export interface HttpProxy {
  /** `https://host`, and the path where `path` says none. */
  readonly uri: string;
  /** Default: the method of the request. */
  readonly method: string | undefined;
  /** The path in place of that of `uri`: a text in which `$request.path` is the path of the request. */
  readonly path: string | undefined;
}

/**
 * The CORS settings of an HTTP API or a Function URL. An empty list allows nothing.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigatewayv2-api-cors.html
 */
export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** How long a browser may keep a preflight's answer. Undefined: as long as the browser's default. */
  readonly maxAgeSeconds: number | undefined;
}

/** A function's result in payload format 2.0 when it sets its own status. */
export const functionResponseSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  cookies: z.array(z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

/** The route for a request, and the values of its path variables. */
export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Selects the most specific route: a full match, then one with variables, then a greedy one, then `$default`. Of routes that are
 * equal in this, a specific method comes before `ANY`. Undefined if no route takes the request.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const matches = routes.flatMap((route) => {
    if (route.routeKey === '$default') return [{ route, pathParameters: {}, rank: DEFAULT_RANK }];
    const [routeMethod = '', template = ''] = route.routeKey.split(' ');
    if (routeMethod !== 'ANY' && routeMethod !== method) return [];
    const pathParameters = matchPath(template, path);
    if (pathParameters === undefined) return [];
    return [{ route, pathParameters, rank: pathRank(template) + (routeMethod === 'ANY' ? 1 : 0) }];
  });
  const [best] = matches.sort((a, b) => a.rank - b.rank);
  return best && { route: best.route, pathParameters: best.pathParameters };
}

/** Behind every rank of a path and a method. */
const DEFAULT_RANK = 6;

/** The order of paths, in steps of two: between two of them is the same path for any method. */
function pathRank(template: string): number {
  if (template.includes('+}')) return 4;
  return template.includes('{') ? 2 : 0;
}

/** The values of the variables of a route's path; undefined if the path does not match. */
function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/').slice(1);
  const segments = path.split('/').slice(1);
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const variable = /^\{(\w+)(\+?)\}$/.exec(segment);
    const [, name = '', plus] = variable ?? [];
    if (plus === '+') {
      const remaining = segments.slice(index).join('/');
      if (remaining === '') return undefined;
      parameters[name] = decode(remaining);
      return parameters;
    }
    const actual = segments[index];
    if (actual === undefined) return undefined;
    if (variable !== null) parameters[name] = decode(actual);
    else if (actual !== segment) return undefined;
  }
  return wanted.length === segments.length ? parameters : undefined;
}

/** Percent-decodes a text; what is not encoded in UTF-8 stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
