/** The template's HTTP API as far as the gateway implements it. */
export interface HttpApi {
  /** ID of the API: ten characters. */
  readonly apiId: string;
  /** The routes, in the order of the template. */
  readonly routes: readonly Route[];
  /**
   * CORS settings. With them, the gateway sets CORS headers, removes the function's own, and answers `OPTIONS` where no
   * route takes it: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
   */
  readonly cors: Cors | undefined;
}

/** A route, and its integration: a function, or another server. */
type Route = {
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
  /** Origins whose pages may read answers; `*` for every origin. */
  readonly allowOrigins: readonly string[];
  /** Methods that a page may use; `*` for every method. */
  readonly allowMethods: readonly string[];
  /** Headers that a page may send; `*` for every header. */
  readonly allowHeaders: readonly string[];
  /** Headers of an answer that a page may read. */
  readonly exposeHeaders: readonly string[];
  /** How long a browser may keep a preflight's answer. Undefined: as long as the browser's default. */
  readonly maxAgeSeconds: number | undefined;
}

/** The route for a request, and the values of its path variables, by name: percent-decoded, and never empty. */
export interface RouteMatch {
  /** The route that matches. */
  readonly route: Route;
  /** The values by the names of the variables; empty without variables. */
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** A variable of a route's path: `{id}`, or `{proxy+}`, which is greedy. The groups are its name and the plus. */
const VARIABLE = /^\{([\w.:-]+)(\+?)\}$/;

/** The methods that a route can have. */
const METHODS = ['ANY', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * Whether API Gateway takes a text as the key of a route: `$default`, or a method and a path. Each segment of the path is a
 * literal or a variable, and only the last one may be greedy.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function isRouteKey(text: string): boolean {
  if (text === '$default') return true;
  const [method = '', path = '', ...more] = text.split(' ');
  if (!METHODS.includes(method) || !path.startsWith('/') || more.length > 0) return false;
  const segments = segmentsOf(path);
  return segments.every((segment, index) => {
    const variable = VARIABLE.exec(segment);
    if (variable === null) return /^[^\s{}]*$/.test(segment);
    return variable[2] === '' || index === segments.length - 1;
  });
}

/**
 * Selects the most specific route: a full match, then one with variables, then a greedy one, then `$default`. Of two routes
 * of the same kind, the one whose path stays literal for longer is more specific, as `/pets/{proxy+}` is than `/{proxy+}`. Of
 * two routes with the same path, one of the request's method comes before `ANY`. The guide orders the kinds, and the
 * paths by its example; it names no order of two paths that differ in their variables alone: the first one listed is
 * selected.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 *
 * @param routes Their keys are all {@link isRouteKey}.
 * @param path The path of the request as it was sent, without a query.
 * @returns Undefined if no route takes the request.
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const matches = routes.flatMap((route) => {
    const pathParameters = matchKey(route.routeKey, method, path);
    return pathParameters === undefined ? [] : [{ route, pathParameters, order: orderOf(route.routeKey) }];
  });
  const [best] = matches.sort((a, b) => compareOrders(a.order, b.order));
  return best && { route: best.route, pathParameters: best.pathParameters };
}

/** The values of the variables of a route; undefined if the route does not take the request. */
function matchKey(routeKey: string, method: string, path: string): Record<string, string> | undefined {
  if (routeKey === '$default') return {};
  const [routeMethod, template = ''] = routeKey.split(' ');
  return routeMethod === 'ANY' || routeMethod === method ? matchPath(template, path) : undefined;
}

/** Kinds of segments of a path, and of whole routes. The more specific kind has the smaller number. */
const KINDS = { literal: 0, variable: 1, greedy: 2, default: 3 } as const;

/**
 * The place of a route among those that take a request: numbers that are compared from left to right, the smallest first.
 * They are the kind of the whole route, the kind of each segment of its path, and 1 for `ANY`.
 */
function orderOf(routeKey: string): readonly number[] {
  if (routeKey === '$default') return [KINDS.default];
  const [method, template = ''] = routeKey.split(' ');
  const kinds = segmentsOf(template).map((segment): number => {
    const [, , plus] = VARIABLE.exec(segment) ?? [];
    if (plus === undefined) return KINDS.literal;
    return plus === '+' ? KINDS.greedy : KINDS.variable;
  });
  return [Math.max(...kinds), ...kinds, method === 'ANY' ? 1 : 0];
}

/** Below 0 if the first order comes before the second. The first number that differs decides. */
function compareOrders(first: readonly number[], second: readonly number[]): number {
  const differences = first.map((number, index) => number - (second[index] ?? number));
  return differences.find((difference) => difference !== 0) ?? 0;
}

/** The segments of a path that begins with a slash. */
function segmentsOf(path: string): readonly string[] {
  return path.split('/').slice(1);
}

/** The values of the variables of a route's path; undefined if the path does not match. No variable has an empty value. */
function matchPath(template: string, path: string): Record<string, string> | undefined {
  const expected = segmentsOf(template);
  const actual = segmentsOf(path);
  const parameters: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const [, name, plus] = VARIABLE.exec(segment) ?? [];
    // A greedy variable is the last segment of a route's path.
    const value = plus === '+' ? actual.slice(index).join('/') : actual[index];
    if (name === undefined) {
      if (value !== segment) return undefined;
    } else {
      if (value === undefined || value === '') return undefined;
      parameters[name] = decode(value);
      if (plus === '+') return parameters;
    }
  }
  return expected.length === actual.length ? parameters : undefined;
}

/** Percent-decodes a text; what is not encoded in UTF-8 stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
