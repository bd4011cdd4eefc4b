import { gzipSync } from 'node:zlib';
import { seededRandom } from '../packages/local-aws/src/base/index.ts';

/** The events of one request: of consecutive numbers, which are the only identity that the accounting knows. */
export interface SoakRequest {
  /** The window in which it is sent, from 0. */
  readonly window: number;
  /** The number of the first event. */
  readonly first: number;
  /** How many events it has. */
  readonly count: number;
  /** When they happened, epoch milliseconds by the local clock. */
  readonly time: number;
}

/** Prefix of user IDs; the number follows. */
export const ID_PREFIX = 'soak-';

/** The number of events among which one has no name, so that it goes to quarantine. */
export const NAMELESS_EVERY = 211;

/** The most events of a request. */
const MOST_EVENTS = 500;
/** Requests that even a small window has at least: faults strike a part of them. */
const LEAST_REQUESTS = 30;

/**
 * How many events a request has: mostly a few hundred, as of busy servers, sometimes few, as of browsers.
 *
 * @param random From 0 to 1, exclusive.
 * @param inWindow Events of the window: a small one has smaller requests.
 */
function requestSize(random: () => number, inWindow: number): number {
  const most = Math.min(MOST_EVENTS, Math.ceil(inWindow / LEAST_REQUESTS));
  const kind = random();
  const usualPart = kind < 0.35 ? 0.2 : 0.6 + 0.4 * random();
  const part = kind < 0.15 ? 0.02 : usualPart;
  return Math.max(1, Math.ceil(most * part * random() ** 0.2));
}

/** Parts in which a window's events come, with time between them; a small window has fewer. */
const PARTS = { large: 4, small: 2, smallEvents: 2_000 };

/**
 * The requests with all events of a window, in the parts in which they are sent: the same for the same seed. When they
 * happen is said when they are sent.
 */
export function requestsOf(
  { window, first, count }: Pick<SoakRequest, 'window' | 'first' | 'count'>,
  seed: number,
): readonly (readonly SoakRequest[])[] {
  const random = seededRandom(seed);
  const requests: SoakRequest[] = [];
  for (let at = 0; at < count; ) {
    const size = Math.min(requestSize(random, count), count - at);
    requests.push({ window, first: first + at, count: size, time: 0 });
    at += size;
  }
  const parts = count < PARTS.smallEvents ? PARTS.small : PARTS.large;
  const perPart = Math.ceil(requests.length / parts);
  return Array.from({ length: parts }, (_, part) => requests.slice(part * perPart, (part + 1) * perPart));
}

/** The body of a request, as SDKs send it: the same each time. Every fourth request is compressed. */
export function requestBody({ first, count, time }: SoakRequest): {
  /** The body; the headers say whether it is compressed. */
  readonly body: Buffer;
  /** The headers, with the key. */
  readonly headers: Readonly<Record<string, string>>;
} {
  const events = Array.from({ length: count }, (_, i) => event(first + i, time + i));
  const statsigMetadata = { sdkType: 'statsig-node', sdkVersion: '6.5.2', sessionID: `session-${first}` };
  const text = JSON.stringify({ events, statsigMetadata });
  const headers = { 'statsig-api-key': 'secret-soak', 'content-type': 'application/json' };
  return first % 4 === 0
    ? { body: gzipSync(text, { level: 1 }), headers: { ...headers, 'content-encoding': 'gzip' } }
    : { body: Buffer.from(text), headers };
}

/** An event by its number: a page view, an exposure, or one without a name. */
function event(n: number, time: number): object {
  const user = { userID: `${ID_PREFIX}${n}` };
  if (n % NAMELESS_EVERY === 0) return { value: n, user, time };
  return n % 2 === 0
    ? { eventName: 'page_view', value: n, user, time, metadata: { page: `/${n % 7}` } }
    : {
        eventName: 'statsig::gate_exposure',
        user,
        time,
        metadata: { gate: `gate_${n % 5}`, gateValue: 'true', ruleID: `rule_${n % 3}` },
      };
}
