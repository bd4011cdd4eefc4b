import { isJsonObject, parseJson } from '../base/json.ts';
import { parseRelayWaitingKey, relayIdTime } from '../tables/relayKeys.ts';
import type { HttpRequest } from '../wire/sdkRequest.ts';

/**
 * A request to relay, as queue and bucket keep it. It holds the SDK key as it was sent, in a header or in the query, so
 * it is encrypted as all data of the deployment is, and never logged.
 */
export interface RelayCopy {
  /** The ID of a copy, as relayId of lib/tables/relayKeys.ts makes it. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly keptAt: number;
  /** The path as it was sent, beginning with a slash. */
  readonly path: string;
  /** The query as it was sent, without the question mark; '' for none. */
  readonly query: string;
  /** Names in lower case: {@link relayedHeaders}. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body's bytes as they were sent. */
  readonly body: Uint8Array;
}

/** Version of the form of a copy. */
const VERSION = 1;

/** Characters beyond printable ASCII. SQS does not take all of them in a message, and as an escape each is the same JSON. */
const BEYOND_ASCII = /[\u007f-\uffff]/g;

/** Writes a copy as text of ASCII only, so that it has as many bytes as characters. */
export function writeRelayCopy({ body, ...copy }: RelayCopy): string {
  const text = JSON.stringify({ v: VERSION, ...copy, body: Buffer.from(body).toString('base64') });
  return text.replaceAll(BEYOND_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Reads a copy; null for any other text, and for a copy of another version. */
export function readRelayCopy(text: string): RelayCopy | null {
  const read = parseJson(text);
  if (!isJsonObject(read)) return null;
  const { v, id, keptAt, path, query, headers, body } = read;
  if (v !== VERSION || typeof id !== 'string' || typeof body !== 'string') return null;
  if (typeof keptAt !== 'number' || !Number.isSafeInteger(keptAt) || relayIdTime(id) === null) return null;
  if (typeof path !== 'string' || !path.startsWith('/') || typeof query !== 'string') return null;
  if (!isJsonObject(headers)) return null;
  const texts = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  if (texts.length !== Object.keys(headers).length) return null;
  const bytes = Buffer.from(body, 'base64');
  // Buffer leaves out what is no base64.
  if (bytes.toString('base64') !== body) return null;
  return { id, keptAt, path, query, headers: Object.fromEntries(texts), body: bytes };
}

/** The message about a copy that is an object. */
export function writeRelayedKey(key: string): string {
  return JSON.stringify({ v: VERSION, key });
}

/** The key of the object that a message names; null for any other message. */
export function readRelayedKey(text: string): string | null {
  const read = parseJson(text);
  if (!isJsonObject(read) || read['v'] !== VERSION || typeof read['key'] !== 'string') return null;
  return parseRelayWaitingKey(read['key']) === null ? null : read['key'];
}

/**
 * Headers that are relayed besides `statsig-…`: what the body is; the sender's program and languages, which Statsig's own
 * proxies pass on (https://github.com/statsig-io/cloudflare-event-proxy, src/index.js). Cookies, authorization, origin
 * and what belongs to the connection or to the gateway stay here.
 */
const RELAYED: ReadonlySet<string> = new Set([
  'accept-language',
  'content-encoding',
  'content-type',
  'user-agent',
]);
/** What headers of SDKs begin with. */
const STATSIG = 'statsig-';

/**
 * The headers of a request that are relayed, and the sender's address as `x-forwarded-for`: as the gateway saw it, not
 * as the sender said. Statsig derives a user's address and agent from the request where the event has none.
 */
export function relayedHeaders({ headers, requestContext }: HttpRequest): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && (RELAYED.has(name) || name.startsWith(STATSIG))) kept[name] = value;
  const { sourceIp } = requestContext.http;
  if (sourceIp !== undefined) kept['x-forwarded-for'] = sourceIp;
  return kept;
}
