import { Breaker } from '../base/Breaker.ts';
import { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { errorName } from '../base/errors.ts';
import type { Clock } from '../base/time.ts';
import type { RelayedRequest, RelayKeeper, RelayOutcome } from '../collect/store.ts';
import type { RelayChoice } from '../schema/relay.ts';
import { relayId, relayWaitingKey } from '../tables/objectKeys.ts';
import type { AuthenticatedKey } from '../wire/keys/KeyGate.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { chooseBody, type RelayPlan } from './chooseBody.ts';
import { FAIR_CALL_MS, KEEP_BREAKER, KEEP_WITHIN_MS, MAX_MESSAGE_BYTES, QUEUE_CALL_MS } from './limits.ts';
import { type RelayCopy, relayedHeaders, writeRelayCopy } from './RelayCopy.ts';

/** Dependencies of {@link CopyKeeper}. */
export interface CopyKeeperOptions {
  /** Selects the data to relay: `relayPlan`. */
  readonly plan: RelayPlan;
  /** Sends a message. Throws the error of SQS, or when it takes longer than `timeoutMs`. */
  readonly send: (text: string, timeoutMs: number) => Promise<void>;
  /** Writes an object. Throws the error of S3, or when it takes longer than `timeoutMs`. */
  readonly put: (key: string, text: string, timeoutMs: number) => Promise<void>;
  /** 24 hexadecimal digits, others at each call. */
  readonly nonce: () => string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * Keeps copies of requests in the queue of relay: one call, made while the rows are delivered. What does not fit a message,
 * and everything while the queue does not answer, goes to the bucket. The memory of what does not answer is that of one
 * execution environment: after two failures it is asked again from time to time only, so that requests do not wait for it.
 */
export class CopyKeeper implements RelayKeeper {
  readonly #options: CopyKeeperOptions;
  readonly #queue: Breaker;
  readonly #bucket: Breaker;

  constructor(options: CopyKeeperOptions) {
    this.#options = options;
    const breaker = (to: string) =>
      new Breaker({ line: { event: 'relay_breaker', to }, ...KEEP_BREAKER }, options);
    this.#queue = breaker('queue');
    this.#bucket = breaker('bucket');
  }

  get required(): boolean {
    return this.#choice.required;
  }

  async keep(request: RelayedRequest, deadline: number): Promise<RelayOutcome> {
    const { clock, nonce } = this.#options;
    try {
      if (!isRelayedKey(this.#choice, request.key)) return { outcome: 'filtered' };
      const keptAt = clock.now();
      const id = relayId(keptAt, nonce());
      const until = Math.min(deadline, keptAt + KEEP_WITHIN_MS);
      const copy = this.#copy(request, id, keptAt, until);
      if ('outcome' in copy) return copy;
      return await this.#store(relayWaitingKey(id), writeRelayCopy(copy), until);
    } catch (error) {
      return { outcome: 'not_kept', error: errorName(error) };
    }
  }

  get #choice(): RelayChoice {
    return this.#options.plan.choice;
  }

  /** Half of the time may go into choosing: the rest is for storing it. */
  #copy(
    { http, body, decoded }: RelayedRequest,
    id: string,
    keptAt: number,
    until: number,
  ): RelayCopy | RelayOutcome {
    const { plan, clock } = this.#options;
    // Whoever has a public key could fill the queue with bytes that are nothing to the target either.
    if (decoded === null) return { outcome: 'withheld' };
    const choosesUntil = (keptAt + until) / 2;
    const chosen = chooseBody(decoded, plan, id, () => clock.now() > choosesUntil);
    if (chosen.kind === 'nothing') return { outcome: 'filtered' };
    if (chosen.kind === 'unreadable') return { outcome: 'withheld' };
    const headers = withoutRedacted(relayedHeaders(http), plan.redaction);
    const sent = { id, keptAt, path: http.rawPath, query: http.rawQueryString };
    if (chosen.kind === 'as_sent') return { ...sent, headers, body };
    return {
      ...sent,
      query: sent.query.replace(/(^|&)ec=\d+(?=&|$)/, `$1ec=${chosen.events}`),
      headers: recounted(headers, chosen.events),
      body: chosen.body,
    };
  }

  async #store(key: string, text: string, until: number): Promise<RelayOutcome> {
    const { send, put, clock } = this.#options;
    const left = () => Math.max(1, until - clock.now());
    // The text is ASCII.
    if (text.length <= MAX_MESSAGE_BYTES) {
      const ms = Math.min(QUEUE_CALL_MS, Math.max(left() - FAIR_CALL_MS, Math.ceil(left() / 2)));
      if (await call(this.#queue, ms, () => send(text, ms))) return { outcome: 'queue' };
    }
    if (clock.now() >= until) return { outcome: 'not_kept', error: this.#queue.code };
    const ms = left();
    if (await call(this.#bucket, ms, () => put(key, text, ms))) return { outcome: 'bucket' };
    return { outcome: 'not_kept', error: this.#bucket.code };
  }
}

/** Makes a call that has some time, unless it failed lately. Whether it succeeded. */
async function call(breaker: Breaker, ms: number, make: () => Promise<void>): Promise<boolean> {
  if (!breaker.admit()) return false;
  try {
    await make();
    breaker.answered(true, '');
    return true;
  } catch (error) {
    // A body that took all the time does not make the service one that is away.
    if (ms >= FAIR_CALL_MS) breaker.answered(false, errorName(error));
    return false;
  }
}

function isRelayedKey({ keys }: RelayChoice, { label, sha256 }: AuthenticatedKey): boolean {
  return keys === null || keys.includes(label) || keys.includes(sha256);
}

const EVENT_COUNT = 'statsig-event-count';

/** Some SDKs say how many events the body has. */
function recounted(headers: Readonly<Record<string, string>>, events: number): Record<string, string> {
  return headers[EVENT_COUNT] === undefined ? headers : { ...headers, [EVENT_COUNT]: String(events) };
}

/**
 * The sender's address and agent belong to its user. If they are redacted in events, they are not relayed in headers
 * either.
 */
function withoutRedacted(
  headers: Readonly<Record<string, string>>,
  redaction: Redaction | null,
): Record<string, string> {
  if (redaction === null) return headers;
  const { 'x-forwarded-for': ip, 'user-agent': userAgent, ...others } = headers;
  const sent = { ...(ip === undefined ? null : { ip }), ...(userAgent === undefined ? null : { userAgent }) };
  const shown = redaction.user(sent, new CanonicalJsonWriter());
  return {
    ...others,
    ...(ip !== undefined && shown?.['ip'] === ip ? { 'x-forwarded-for': ip } : null),
    ...(userAgent !== undefined && shown?.['userAgent'] === userAgent ? { 'user-agent': userAgent } : null),
  };
}
