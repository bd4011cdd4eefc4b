import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import * as z from 'zod';
import { errorObject, SluiceError } from '../../lib/base/errors.ts';
import { targetCommands } from '../../observe/commands.ts';
import { AwsAccessError, explainAwsError } from '../../observe/explainAwsError.ts';
import type { Route, RouteRequest } from '../api/route.ts';
import { routes } from '../api/routes.ts';
import { ConsoleError, ConsoleRequestError } from '../errors.ts';
import { type Asset, bundlePage } from './bundlePage.ts';
import { type GuardRules, refuseForeign, requireToken } from './guard.ts';

/** Options of the server. */
export interface ServeOptions {
  /** Who may call. */
  readonly rules: GuardRules;
  /** Options of `sluice` that name the deployment. */
  readonly target: readonly string[];
  /** Writes lines for whoever runs the console: the stack of each defect. */
  readonly log: (text: string) => void;
  /** Opens what a call of the API answers from; the signal is aborted when nobody waits for the answer any longer. */
  openRequest(signal: AbortSignal): Promise<Omit<RouteRequest<unknown, unknown>, 'query' | 'body'>>;
}

/** A request to the console, with that of Node. */
type Call = Context<{ Bindings: HttpBindings }>;

/** The most bytes of a body: statements and lists of days are far smaller. */
const MOST_BODY_BYTES = 1_048_576;

/** Other sites must not sniff, frame or read answers, and the page loads nothing from elsewhere. */
const HEADERS = secureHeaders({
  strictTransportSecurity: false,
  xFrameOptions: 'DENY',
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** Answers all requests of a console: `/` and its assets, pages of docs/, and `/api/…`. */
export function serveRequests({ rules, target, log, openRequest }: ServeOptions): RequestListener {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(HEADERS, compress(), (c, next) => {
    refuseForeign(c.env.incoming, rules);
    return next();
  });
  app.use('/api/*', (c, next) => {
    c.header('cache-control', 'no-store');
    requireToken(c.env.incoming, rules);
    return next();
  });
  for (const route of routes) app.on(route.method, route.path, (c) => callApi(c, route, openRequest));
  // Bundled at the first request for it, and kept for as long as the console runs. A bundle that failed is tried again.
  let bundled: ReturnType<typeof bundlePage> | undefined;
  const pageFile = async (name: string) => {
    bundled ??= bundlePage().catch((error: unknown) => {
      bundled = undefined;
      throw error;
    });
    return (await bundled).get(name);
  };
  app.get('/', etag(), async (c) => asset(c, await pageFile('index.html')));
  app.get('/assets/:name', etag(), async (c) => asset(c, await pageFile(c.req.param('name'))));
  app.get('/docs/*', etag(), async (c) => asset(c, await readDocs(c.req.path)));
  app.notFound(refuseUnknown);
  app.onError((error, c) => {
    const known = asSluiceError(error);
    // What is cut off because nobody waits for the answer fails, too, and is no defect.
    if (known.code === 'SLUICE_CONSOLE_DEFECT' && !c.env.outgoing.destroyed)
      log(`${c.req.method} ${c.req.path}: ${error.stack}\n`);
    const object = errorObject(known);
    const answered = { error: { ...object, cure: targetCommands(object.cure, target) } };
    return c.json(answered, STATUS[known.code] ?? (known.fault === 'user' ? 400 : 500));
  });
  // By default the adapter replaces the global Request and Response, which other code of this process uses.
  return getRequestListener(app.fetch, { overrideGlobalObjects: false });
}

/** Answers with a file. @throws ConsoleRequestError SLUICE_CONSOLE_UNKNOWN if there is none. */
function asset(c: Call, file: Asset | undefined): Response {
  if (file === undefined) return refuseUnknown(c);
  // A copy, as Hono takes no array over a buffer that may be shared.
  return c.body(new Uint8Array(file.contents), 200, {
    'content-type': file.type,
    'cache-control': 'no-cache',
  });
}

/** A page of docs/, to which findings refer, as it is written; undefined if there is none at the path. */
async function readDocs(path: string): Promise<Asset | undefined> {
  if (!/^\/docs\/([\w-]+\/)?[\w-]+\.md$/.test(path)) return undefined;
  const file = fileURLToPath(new URL(`../..${path}`, import.meta.url));
  const contents = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  return contents && { contents, type: 'text/plain; charset=utf-8' };
}

/**
 * Answers a call of the API that the console may do.
 *
 * @throws ConsoleRequestError SLUICE_CONSOLE_LOCAL_ONLY; SLUICE_CONSOLE_READ_ONLY; SLUICE_CONSOLE_REQUEST of the body. What
 *   `openRequest` and the route throw.
 */
async function callApi(c: Call, route: Route, openRequest: ServeOptions['openRequest']): Promise<Response> {
  const body = route.method === 'POST' ? await readBody(c) : {};
  const callerLeft = new AbortController();
  c.env.outgoing.once('close', () => callerLeft.abort(new Error('nobody waits for the answer any longer')));
  const opened = await openRequest(callerLeft.signal);
  if (route.localOnly && !opened.deployment.isLocal)
    throw new ConsoleRequestError('SLUICE_CONSOLE_LOCAL_ONLY');
  if (route.changes(body) && !opened.mayWrite) throw new ConsoleRequestError('SLUICE_CONSOLE_READ_ONLY');
  return c.json(await route.answer({ ...opened, query: c.req.query(), body }));
}

/** The JSON of a body; an empty object of an empty one. @throws ConsoleRequestError SLUICE_CONSOLE_REQUEST. */
async function readBody(c: Call): Promise<unknown> {
  // A page of another site can send a form or plain text without being asked for permission, but not JSON.
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    throw new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', 'content-type: expected application/json.');
  const { 'content-length': bytes = '0', 'transfer-encoding': coding } = c.req.header();
  if (coding !== undefined || Number(bytes) > MOST_BODY_BYTES)
    throw new ConsoleRequestError(
      'SLUICE_CONSOLE_REQUEST',
      `The body needs a length, at most ${MOST_BODY_BYTES} bytes.`,
    );
  const sent = await c.req.text();
  try {
    return sent === '' ? {} : JSON.parse(sent);
  } catch (error) {
    throw new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', 'The body is not JSON.', { cause: error });
  }
}

/** Refuses a path that the console does not have. @throws ConsoleRequestError SLUICE_CONSOLE_UNKNOWN, with what was asked for. */
function refuseUnknown({ req }: Call): never {
  throw new ConsoleRequestError('SLUICE_CONSOLE_UNKNOWN', `Got ${req.method} ${req.path}.`);
}

/** The status of each refusal. Default: 400 of an error of the user, 500 of any other. */
const STATUS: Readonly<Record<string, 401 | 403 | 404>> = {
  SLUICE_CONSOLE_UNKNOWN: 404,
  SLUICE_CONSOLE_READ_ONLY: 403,
  SLUICE_CONSOLE_LOCAL_ONLY: 403,
  SLUICE_CONSOLE_FOREIGN: 403,
  SLUICE_CONSOLE_TOKEN: 401,
} satisfies Partial<Record<keyof typeof ConsoleRequestError.entries, 401 | 403 | 404>>;

/** Any error as one with a code: an invalid input is a refused request, what AWS answered is told as AWS's, and what nobody expected is a defect. */
function asSluiceError(error: Error): SluiceError {
  if (error instanceof SluiceError) return error;
  if (error instanceof z.ZodError)
    return new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', z.prettifyError(error), { cause: error });
  const problem = explainAwsError(error);
  if (problem?.kind === 'unasked') return problem.error;
  // An error from AWS is due to the deployment or the caller; it is not a defect.
  if (problem !== undefined) return new AwsAccessError('SLUICE_AWS_FAILED', problem.detail, { cause: error });
  return new ConsoleError('SLUICE_CONSOLE_DEFECT', `${error.name}: ${error.message}`, { cause: error });
}
