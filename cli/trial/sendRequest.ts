import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { visibleLine } from '../../lib/base/text.ts';

/** Timeout of a request, milliseconds: an HTTP API times out after 30 s, and sending 10 MiB takes time. */
const REQUEST_TIMEOUT_MS = 120_000;

/** Characters of a body that are shown. */
const SHOWN = 200;

/** The response to a request, or why there is none. */
export type Reply =
  | {
      /** Status of HTTP. */
      readonly status: number;
      /** The headers of the answer. */
      readonly headers: Headers;
      /** The body as text; empty without one. */
      readonly text: string;
    }
  | { readonly status: null; readonly problem: string };

/** A request to the collector. */
export interface ProbeRequest {
  /** The whole address. */
  readonly url: URL;
  /** Default `POST`. */
  readonly method?: 'POST' | 'OPTIONS';
  /** Headers of the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, because fetch adds a content type to a text. */
  readonly body?: Uint8Array<ArrayBuffer>;
}

/**
 * Sends one request, without retries. A redirect counts as the answer: browsers follow none after a preflight, and turn
 * a POST into a GET.
 */
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
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
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

/** The error code of a response of the collector, '' if the response is a success; null for responses of others. */
export function codeOf(reply: Reply): string | null {
  const json = reply.status === null ? undefined : parseJson(reply.text);
  if (!isJsonObject(json)) return null;
  const { success, code } = json;
  if (success === true) return '';
  return typeof code === 'string' ? code : null;
}

/** Whether the response is from the collector and not from the gateway. */
export function isFromCollector(reply: Reply): boolean {
  return codeOf(reply) !== null;
}

/** Whether a page of `origin` may read the response: it has the header exactly once. */
export function readableBy(reply: Reply, origin: string): boolean {
  if (reply.status === null) return false;
  const allowed = reply.headers.get('access-control-allow-origin');
  return allowed === '*' || allowed === origin;
}

/** A reply as text: `413, not the collector: {"message":"Request Too Long"}, no CORS headers`. */
export function replyText(reply: Reply, origin?: string): string {
  if (reply.status === null) return `no answer: ${reply.problem}`;
  const code = codeOf(reply) ?? `not the collector: ${visibleLine(reply.text.slice(0, SHOWN))}`;
  const cors = origin === undefined ? '' : corsText(reply, origin);
  return [reply.status, code, cors].filter((text) => text !== '').join(', ');
}

/** `CORS headers` for a response that a page of `origin` may read; otherwise the CORS header that it has. */
export function corsText(reply: Reply, origin: string): string {
  if (readableBy(reply, origin)) return 'CORS headers';
  const allowed = reply.status === null ? null : reply.headers.get('access-control-allow-origin');
  return allowed === null ? 'no CORS headers' : `Access-Control-Allow-Origin: ${allowed}`;
}
