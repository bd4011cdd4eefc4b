import { Breaker } from '../base/Breaker.ts';
import { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { stringifyDeep } from '../base/deepJson.ts';
import { errorText } from '../base/errors.ts';
import { tryParseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { Clock } from '../base/time.ts';
import type { RelayedRequest, RelayKeeper, RelayOutcome } from '../collect/store.ts';
import type { RelayChoice } from '../schema/relay.ts';
import { relayId, relayWaitingKey } from '../tables/relayKeys.ts';
import { type DecodedBody, encodeBody } from '../wire/decodeBody.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';
import { FAIR_CALL_MS, KEEP_BREAKER, KEEP_WITHIN_MS, MAX_MESSAGE_BYTES } from './limits.ts';
import { type RelayCopy, relayedHeaders, writeRelayCopy, writeRelayedKey } from './RelayCopy.ts';

/** Dependencies of {@link CopyKeeper}. */
export interface CopyKeeperOptions {
  /** Which requests are relayed, and what of them. */
  readonly choice: RelayChoice;
  /** What must not leave if `redacted` is chosen; null without rules. */
  readonly redaction: Redaction | null;
  /** Sends a message. Throws the error of SQS, or when it takes longer than `timeoutMs`. */
  readonly send: (text: string, timeoutMs: number) => Promise<void>;
  /** Writes an object. Throws the error of S3, or when it takes longer than `timeoutMs`. */
  readonly put: (key: string, text: string, timeoutMs: number) => Promise<void>;
  /** Makes 24 hexadecimal digits, different ones at each call. */
  readonly nonce: () => string;
  /** The time by which calls end. */
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * Keeps copies of requests in the queue of relay: one call, made while the rows are delivered. A copy that is larger than a
 * message is an object of the bucket, which its message names. After two failures an execution environment asks from
 * time to time only, so that requests do not wait for a service that is away.
 */
export class CopyKeeper implements RelayKeeper {
  readonly #options: CopyKeeperOptions;
  readonly #breaker: Breaker;

  constructor(options: CopyKeeperOptions) {
    this.#options = options;
    this.#breaker = new Breaker({ line: { event: 'relay_breaker', to: 'queue' }, ...KEEP_BREAKER }, options);
  }

  get required(): boolean {
    return this.#options.choice.required;
  }

  async keep(request: RelayedRequest, deadline: number): Promise<RelayOutcome> {
    const { clock, nonce } = this.#options;
    try {
      const keptAt = clock.now();
      const id = relayId(keptAt, nonce());
      const until = Math.min(deadline, keptAt + KEEP_WITHIN_MS);
      const copy = this.#copy(request, id, keptAt);
      if (copy === null) return { outcome: 'withheld' };
      return await this.#store(relayWaitingKey(id), writeRelayCopy(copy), { until, deadline });
    } catch (error) {
      return { outcome: 'not_kept', error: errorText(error) };
    }
  }

  /** The copy of a request; null if the request must not leave, or means nothing to the target. */
  #copy({ http, body, decoded }: RelayedRequest, id: string, keptAt: number): RelayCopy | null {
    const { choice, redaction } = this.#options;
    // A body of this kind means nothing to the target, and whoever has a public key could fill the queue with them.
    if (decoded === null) return null;
    const sent = { id, keptAt, path: http.rawPath, query: http.rawQueryString };
    if (!choice.redacted) return { ...sent, headers: relayedHeaders(http), body };
    const redacted = redactedCopyBody(decoded, redaction);
    if (redacted === null) return null;
    const headers = withoutRedacted(relayedHeaders(http), redaction);
    return {
      ...sent,
      query: sent.query.replace(/(^|&)ec=\d+(?=&|$)/, `$1ec=${redacted.events}`),
      headers: recounted(headers, redacted.events),
      body: redacted.body,
    };
  }

  /** Sends a copy to the queue, by way of the bucket if it is too large. It never throws. */
  async #store(key: string, text: string, { until, deadline }: KeepTimes): Promise<RelayOutcome> {
    const { send, put, clock } = this.#options;
    const left = () => Math.max(1, until - clock.now());
    let isStored = false;
    // The text is ASCII.
    const isMessage = text.length <= MAX_MESSAGE_BYTES;
    if (!this.#breaker.admit()) return { outcome: 'not_kept', error: this.#breaker.code };
    const ms = left();
    try {
      if (!isMessage) await put(key, text, left());
      isStored = !isMessage;
      await send(isMessage ? text : writeRelayedKey(key), left());
      this.#breaker.answered(null);
      return { outcome: isMessage ? 'queue' : 'bucket' };
    } catch (error) {
      // If the body took all the time, that does not mean that the service is away.
      if (ms >= FAIR_CALL_MS) this.#breaker.answered(errorText(error));
      if (isStored && this.required) await this.#empty(key, deadline).catch(() => undefined);
      return { outcome: 'not_kept', error: errorText(error) };
    }
  }

  /**
   * Empties the object of a copy that has no message: its request is answered 503 and comes again, so that nobody may
   * send this one. The collector may write objects, and not delete them.
   */
  async #empty(key: string, deadline: number): Promise<void> {
    const { put, clock } = this.#options;
    await put(key, '', Math.min(FAIR_CALL_MS, Math.max(1, deadline - clock.now())));
  }
}

/** When a copy has to be kept, epoch milliseconds. */
interface KeepTimes {
  /** By when its calls end. */
  readonly until: number;
  /** By when the request is answered. */
  readonly deadline: number;
}

/** A body without what must not leave. */
interface RedactedBody {
  /** The bytes, in the encoding of the body that was sent. */
  readonly body: Uint8Array;
  /** Number of events and custom exposures in it. */
  readonly events: number;
}

/**
 * Writes a body again without private attributes and what the configuration redacts. An event that cannot be redacted is
 * left out.
 *
 * @param redaction Null without rules.
 * @returns Null for a body that is no JSON object, and for one of which a part that its events share is nested too
 *   deeply to be hashed: without the user, its events would be somebody else's.
 */
function redactedCopyBody({ text, encoding }: DecodedBody, redaction: Redaction | null): RedactedBody | null {
  const parsed = tryParseExactJson(text);
  if (!isJsonObject(parsed)) return null;
  stripPrivateAttributes(parsed, text);
  const redacted = redaction === null ? parsed : redactedBatch(parsed, redaction);
  if (redacted === null) return null;
  return {
    body: encodeBody(stringifyDeep(redacted), encoding),
    events: lengthOf(redacted['events']) + lengthOf(redacted['exposures']),
  };
}

/** Items of a list; 0 of anything else. */
function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

/** A batch without what the configuration redacts; null if nothing of it may be kept. */
function redactedBatch(
  { events, exposures, ...shared }: JsonObject,
  redaction: Redaction,
): JsonObject | null {
  const redactedShared = redaction.event(shared);
  if (!isJsonObject(redactedShared)) return null;
  const batch: Record<string, unknown> = { ...redactedShared };
  for (const [name, list] of Object.entries({ events, exposures }))
    if (Array.isArray(list))
      batch[name] = list.map((item) => redaction.event(item)).filter((item) => item !== null);
  return batch;
}

/** The header in which some SDKs state the number of events. */
const EVENT_COUNT = 'statsig-event-count';

/** Headers with the number of events corrected, if they have one. */
function recounted(headers: Readonly<Record<string, string>>, events: number): Record<string, string> {
  return headers[EVENT_COUNT] === undefined ? headers : { ...headers, [EVENT_COUNT]: String(events) };
}

/** Headers that tell of the sender's user, and the field of the user that holds the same. */
const USER_HEADERS: ReadonlyMap<string, string> = new Map([
  ['x-forwarded-for', 'ip'],
  ['user-agent', 'userAgent'],
]);

/**
 * The sender's address and agent belong to its user. If they are redacted in events, they are not relayed in headers
 * either.
 */
function withoutRedacted(
  headers: Readonly<Record<string, string>>,
  redaction: Redaction | null,
): Record<string, string> {
  if (redaction === null) return headers;
  const json = new CanonicalJsonWriter();
  const isShown = ([name, value]: readonly [string, string]) => {
    const field = USER_HEADERS.get(name);
    return field === undefined || redaction.user({ [field]: value }, json)?.[field] === value;
  };
  return Object.fromEntries(Object.entries(headers).filter(isShown));
}
