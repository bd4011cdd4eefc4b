import { isUtf8 } from 'node:buffer';
import type { RelayTarget } from '../schema/relay.ts';
import { TIME_MOVED_AFTER_MS } from './limits.ts';
import type { RelayCopy } from './RelayCopy.ts';

/** A request as the target gets it. */
export interface TargetRequest {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  /** Path and query, of printable ASCII. */
  readonly path: string;
  /** Headers by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body's bytes. */
  readonly body: Uint8Array;
}

/**
 * Statsig's host for events that are not sent by its own SDKs' changing addresses: it takes the forms of all of them.
 * https://github.com/statsig-io/cloudflare-event-proxy (src/index.js) and
 * https://docs.statsig.com/infrastructure/statsig_domains
 */
export const STATSIG_ORIGIN = 'https://events.statsigapi.net';

/** Log paths that Statsig knows. */
const STATSIG_PATHS: ReadonlySet<string> = new Set(['/v1/log_event', '/v1/rgstr', '/v1/log_custom_exposure']);
/**
 * The path to which Statsig's own recipe for proxies sends any other path:
 * https://docs.statsig.com/infrastructure/api_proxy/custom_proxy
 */
const STATSIG_LOG_PATH = '/v1/log_event';

/**
 * The request that delivers a copy. A copy that waited for more than a minute has its client times moved by as much: Statsig
 * normalises the times of events by the difference between the client's clock and the arrival
 * (https://docs.statsig.com/http-api/overview, STATSIG-CLIENT-TIME). Everything else is as it was sent.
 *
 * @param now Epoch milliseconds.
 */
export function targetRequest(copy: RelayCopy, target: RelayTarget, now: number): TargetRequest {
  const waited = now - copy.keptAt;
  const moved = waited > TIME_MOVED_AFTER_MS ? movedBy(copy, waited) : copy;
  const query = moved.query === '' ? '' : `?${visible(moved.query)}`;
  if ('statsig' in target) {
    const path = statsigPath(copy.path);
    return {
      origin: STATSIG_ORIGIN,
      path: `${path}${query}`,
      headers: sendable(moved.headers),
      body: copy.body,
    };
  }
  const { origin, pathname } = new URL(target.url);
  const base = pathname.replace(/\/+$/, '');
  const path = visible(withoutDots(copy.path)).replaceAll('?', '%3F');
  const headers = { ...moved.headers, ...lowerCased(target.headers) };
  return { origin, path: `${base}${path}${query}`, headers: sendable(headers), body: copy.body };
}

/**
 * The path of custom exposures, whose bodies have another form. The path that was sent may have something in front of
 * it.
 */
const EXPOSURE_PATH = '/v1/log_custom_exposure';

/** The path of Statsig for a path that an SDK has sent to. */
function statsigPath(sent: string): string {
  if (STATSIG_PATHS.has(sent)) return sent;
  return /\/log_custom_exposure\/*$/.test(sent) ? EXPOSURE_PATH : STATSIG_LOG_PATH;
}

/** `.` and `..` between slashes, also escaped. */
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?=[/\\]|$)/i;

/**
 * Removes segments that lead upwards: by these the sender of a request would leave the path of the configured address,
 * with its headers.
 * https://url.spec.whatwg.org/#double-dot-path-segment
 */
function withoutDots(path: string): string {
  return DOT_SEGMENT.test(path)
    ? new URL(`http://target${path.replaceAll('?', '%3F').replaceAll('#', '%23')}`).pathname
    : path;
}

/** The header with the time of the sender. */
const CLIENT_TIME = 'statsig-client-time';

/**
 * Moves the client time of a copy. Unity sends decimals, in some locales with a comma. Text that is not a number is
 * left as it is.
 */
function movedBy({ headers, query }: RelayCopy, ms: number): Pick<RelayCopy, 'headers' | 'query'> {
  const sent = headers[CLIENT_TIME];
  return {
    headers: sent === undefined ? headers : { ...headers, [CLIENT_TIME]: movedTime(sent, ms) },
    query: query.replace(
      /(^|&)t=(\d{1,16}(?:\.\d+)?)(?=&|$)/,
      (_, before: string, time: string) => `${before}t=${movedTime(time, ms)}`,
    ),
  };
}

/** A time in milliseconds, moved. Text of another form stays. */
function movedTime(text: string, ms: number): string {
  const [, whole, rest = ''] = /^(\d{1,16})(\.\d+)?$/.exec(text) ?? [];
  return whole === undefined ? text : `${BigInt(whole) + BigInt(Math.round(ms))}${rest}`;
}

/** Headers by their names in lower case. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Escapes `#` and characters that a request line must not contain. */
function visible(text: string): string {
  const bytes = isBytes(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replaceAll(
    /[^!-~]|#/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/**
 * Whether a text is made of bytes of UTF-8, a character for each byte, as a gateway passes them on that does not decode
 * them.
 */
function isBytes(text: string): boolean {
  return !BEYOND_BYTES.test(text) && isUtf8(Buffer.from(text, 'latin1'));
}

/** Characters that are no bytes. */
const BEYOND_BYTES = /[\u0100-\uffff]/;

/** A name of a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Its value, with the bytes of other characters: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Removes headers that HTTP/1.1 cannot carry. Characters that are not bytes are sent as UTF-8. */
function sendable(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const bytes = BEYOND_BYTES.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
      return NAME.test(name) && VALUE.test(bytes) ? [[name, bytes]] : [];
    }),
  );
}
