import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import * as z from 'zod';
import { type ErrorObject, errorObject, SluiceError } from '../../lib/base/errors.ts';
import { targetCommands } from '../../observe/commands.ts';
import { AwsAccessError, explainAwsError } from '../../observe/explainAwsError.ts';
import type { Request, Route } from '../api/route.ts';
import { routes } from '../api/routes.ts';
import { ConsoleError, ConsoleRequestError } from '../errors.ts';
import { type Asset, bundlePage } from './bundlePage.ts';
import { type GuardRules, refuseForeign, requireToken } from './guard.ts';

/** Options of the server. */
export interface ServeOptions {
  readonly rules: GuardRules;
  /** Options of `sluice` that name the deployment. */
  readonly target: readonly string[];
  /** Opens what a call of the API answers from; the signal is aborted when nobody waits for the answer any longer. */
  openRequest(signal: AbortSignal): Promise<Omit<Request<unknown, unknown>, 'query' | 'body'>>;
}

/** Bytes of a body: statements and lists of days are far smaller. */
const MOST_BODY_BYTES = 1_048_576;
const compress = promisify(gzip);
const TEXT = 'text/plain; charset=utf-8';
/** Answers below this size are sent as they are. */
const COMPRESSED_FROM = 1_400;

/** Answers all requests of a console: `/` and its assets, pages of docs/, and `/api/…`. */
export function serveRequests(options: ServeOptions): RequestListener {
  const page = pageBundle();
  return (request, response) => {
    // Other sites must not sniff, frame or cache responses.
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    serve(request, response, options, page).catch((error: unknown) =>
      sendError(response, error, options.target),
    );
  };
}

/** The page, bundled once; again after a failure. */
function pageBundle(): () => Promise<ReadonlyMap<string, Asset>> {
  let bundled: Promise<ReadonlyMap<string, Asset>> | undefined;
  return () => {
    bundled ??= bundlePage().catch((error: unknown) => {
      bundled = undefined;
      throw error;
    });
    return bundled;
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
  page: () => Promise<ReadonlyMap<string, Asset>>,
): Promise<void> {
  refuseForeign(request, options.rules);
  const url = URL.parse(request.url ?? '/', 'http://console');
  if (url === null)
    throw new ConsoleRequestError('SLUICE_CONSOLE_UNKNOWN', `Got ${request.method} ${request.url}.`);
  if (url.pathname.startsWith('/api/')) {
    requireToken(request, options.rules);
    await callApi(request, response, url, options);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw new ConsoleRequestError('SLUICE_CONSOLE_UNKNOWN', `Got ${request.method} ${url.pathname}.`);
  if (url.pathname === '/') {
    sendIndex(response);
    return;
  }
  const name = url.pathname.replace(/^\/assets\//, '');
  const asset = (await page()).get(name) ?? (await readDocs(url.pathname));
  if (asset === undefined)
    throw new ConsoleRequestError('SLUICE_CONSOLE_UNKNOWN', `Got ${request.method} ${url.pathname}.`);
  await sendAsset(request, response, asset);
}

async function callApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { openRequest }: ServeOptions,
): Promise<void> {
  const found = findRoute(request.method, url.pathname);
  const body = found.method === 'POST' ? await readBody(request) : {};
  const left = new AbortController();
  response.on('close', () => left.abort(new Error('nobody waits for the answer any longer')));
  const opened = await openRequest(left.signal);
  if (found.localOnly && !opened.deployment.isLocal)
    throw new ConsoleRequestError('SLUICE_CONSOLE_LOCAL_ONLY');
  // A dry run of an action only reads.
  const changes = found.writes && (found.localOnly || !isDryRun(body));
  if (changes && !opened.mayWrite) throw new ConsoleRequestError('SLUICE_CONSOLE_READ_ONLY');
  const answer = await found.answer({ ...opened, query: Object.fromEntries(url.searchParams), body });
  if (left.signal.aborted) return;
  await sendJson(request, response, 200, answer);
}

/** @throws ConsoleRequestError SLUICE_CONSOLE_UNKNOWN. */
function findRoute(method: string | undefined, path: string): Route {
  const found = routes.find((one) => one.method === method && one.path === path);
  if (found === undefined) throw new ConsoleRequestError('SLUICE_CONSOLE_UNKNOWN', `Got ${method} ${path}.`);
  return found;
}

function isDryRun(body: unknown): boolean {
  return z.object({ dryRun: z.literal(false) }).safeParse(body).success === false;
}

/** @throws ConsoleRequestError SLUICE_CONSOLE_REQUEST. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  // A page of another site can send a form or plain text without being asked for permission, but not JSON.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', 'content-type: expected application/json.');
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES)
      throw new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', `The body exceeds ${MOST_BODY_BYTES} bytes.`);
  }
  const sent = Buffer.concat(parts).toString('utf8');
  try {
    return sent === '' ? {} : JSON.parse(sent);
  } catch (error) {
    throw new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', 'The body is not JSON.', { cause: error });
  }
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const INDEX = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/main.css">
<script type="module" src="/assets/main.js"></script>
</head>
<body><div id="page"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
`;

/** The only page. */
function sendIndex(response: ServerResponse): void {
  response
    .writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': POLICY,
    })
    .end(INDEX);
}

/** A page of docs/, to which findings refer, as it is written. */
async function readDocs(path: string): Promise<Asset | undefined> {
  if (!/^\/docs\/([\w-]+\/)?[\w-]+\.md$/.test(path)) return undefined;
  try {
    return { contents: await readFile(fileURLToPath(new URL(`../..${path}`, import.meta.url))), type: TEXT };
  } catch {
    return undefined;
  }
}

async function sendAsset(request: IncomingMessage, response: ServerResponse, { contents, type }: Asset) {
  const etag = `"${createHash('sha256').update(contents).digest('base64url').slice(0, 22)}"`;
  response.setHeader('etag', etag);
  response.setHeader('cache-control', 'no-cache');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  await send(request, response, 200, type, Buffer.from(contents));
}

async function sendJson(request: IncomingMessage, response: ServerResponse, status: number, value: unknown) {
  response.setHeader('cache-control', 'no-store');
  await send(request, response, status, 'application/json', Buffer.from(`${JSON.stringify(value)}\n`));
}

async function send(
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  contents: Buffer,
): Promise<void> {
  const zipped = contents.length >= COMPRESSED_FROM && /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  const sent = zipped ? await compress(contents) : contents;
  response
    .writeHead(status, {
      'content-type': type,
      'content-length': sent.length,
      vary: 'accept-encoding',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    })
    .end(method === 'HEAD' ? undefined : sent);
}

const STATUS: Readonly<Record<string, number>> = {
  SLUICE_CONSOLE_UNKNOWN: 404,
  SLUICE_CONSOLE_READ_ONLY: 403,
  SLUICE_CONSOLE_LOCAL_ONLY: 403,
  SLUICE_CONSOLE_FOREIGN: 403,
  SLUICE_CONSOLE_TOKEN: 401,
};

function sendError(response: ServerResponse, error: unknown, target: readonly string[]): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const found = asSluiceError(error);
  const status = STATUS[found.code] ?? (found.fault === 'user' ? 400 : 500);
  const { cure, ...rest } = errorObject(found);
  const body: { readonly error: ErrorObject } = { error: { ...rest, cure: targetCommands(cure, target) } };
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`);
}

function asSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  if (error instanceof z.ZodError)
    return new ConsoleRequestError('SLUICE_CONSOLE_REQUEST', z.prettifyError(error), { cause: error });
  const problem =
    explainAwsError(error) ?? (error instanceof Error ? explainAwsError(error.cause) : undefined);
  if (problem?.kind === 'unasked') return problem.error;
  // An error from AWS is due to the deployment or the caller; it is not a defect.
  if (problem !== undefined) return new AwsAccessError('SLUICE_AWS_FAILED', problem.detail, { cause: error });
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new ConsoleError('SLUICE_CONSOLE_DEFECT', detail, { cause: error });
}
