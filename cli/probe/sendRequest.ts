import { isJsonObject, parseJson } from '../../lib/base/json.ts';

/** Timeout of a request, milliseconds: an HTTP API times out after 30 s, and sending 10 MiB takes time. */
const REQUEST_TIMEOUT_MS = 120_000;

/** The response to a request, or why there is none. */
export type Reply =
  | {
      readonly status: number;
      readonly headers: Headers;
      /** The body as JSON; undefined if it is not JSON. */
      readonly json: unknown;
    }
  | { readonly status: null; readonly problem: string };

/** A request to the collector. */
export interface ProbeRequest {
  readonly url: URL;
  readonly method?: 'POST' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, because fetch adds a content type to a text. */
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** Sends one request without retries. */
export async function sendRequest({
  url,
  method = 'POST',
  headers = {},
  body,
}: ProbeRequest): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: parseJson(text) };
  } catch (error) {
    return { status: null, problem: problemOf(error) };
  }
}

/** fetch throws "fetch failed" with the actual error as its cause. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no response within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : error.message);
}

/** The error code of a response of the collector; null for other responses and success. */
function refusalCode(reply: Reply): string | null {
  if (reply.status === null || !isJsonObject(reply.json)) return null;
  const { code } = reply.json;
  return typeof code === 'string' ? code : null;
}

/** Whether the response is from the collector and not from the gateway. */
export function isFromCollector(reply: Reply): boolean {
  if (reply.status === null || !isJsonObject(reply.json)) return false;
  return reply.json['success'] === true || refusalCode(reply) !== null;
}

/** Whether a page of `origin` may read the response: it has the header exactly once. */
export function readableBy(reply: Reply, origin: string): boolean {
  if (reply.status === null) return false;
  const allowed = reply.headers.get('access-control-allow-origin');
  return allowed === '*' || allowed === origin;
}

/** `413, gateway, no CORS headers`. */
export function replyText(reply: Reply, origin?: string): string {
  if (reply.status === null) return reply.problem;
  const code = refusalCode(reply);
  const from = isFromCollector(reply) ? (code === null ? [] : [code]) : [`gateway${messageOf(reply.json)}`];
  const cors = origin === undefined ? [] : [corsText(reply, origin)];
  return [String(reply.status), ...from, ...cors].join(', ');
}

function messageOf(json: unknown): string {
  const message = isJsonObject(json) ? json['message'] : undefined;
  return typeof message === 'string' ? ` (${message.slice(0, 80)})` : '';
}

function corsText(reply: Reply, origin: string): string {
  if (readableBy(reply, origin)) return 'CORS headers';
  const allowed = reply.status === null ? null : reply.headers.get('access-control-allow-origin');
  return allowed === null ? 'no CORS headers' : `Access-Control-Allow-Origin: ${allowed}`;
}
