import { hash } from 'node:crypto';
import { Breaker } from '../base/Breaker.ts';
import { errorCode } from '../base/errors.ts';
import { backoffMs } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import type { RelayTarget } from '../schema/relay.ts';
import { readSdkKey } from '../wire/sdkRequest.ts';
import { MAX_RETRY_AFTER_MS, RETRY_PAUSES, TARGET_BREAKER } from './limits.ts';
import type { RelayCopy } from './RelayCopy.ts';
import type { SendRequest } from './sendRequest.ts';
import { targetRequest } from './targetRequest.ts';

/** What became of a copy that was to be sent. */
type Verdict =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly status: number }
  | {
      readonly kind: 'again';
      /**
       * A status, of a web page with `text/html` behind it, the name of an error, or `waits`: nothing was sent, because
       * the target takes nothing now.
       */
      readonly why: string;
      /** Milliseconds to wait, at least, that the target asked for; 0 if it did not. */
      readonly afterMs: number;
    };

/** Dependencies of {@link Target}. */
interface TargetOptions {
  /** The target as the configuration has it. */
  readonly target: RelayTarget;
  /** Sends one request, and reads its answer. */
  readonly send: SendRequest;
  /** The time of tries. */
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * Statuses after which the same request may be taken later. 429 is among them: SDKs drop their events on it, which
 * relay is there to avoid.
 */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);
/** The status of a limit. */
const TOO_MANY = 429;

/** What stands behind the status of an answer that is a web page: such a target takes no events. */
export const PAGE = 'text/html';

/** How many keys are remembered with their `Retry-After`. */
const MAX_PAUSED_KEYS = 1_000;

/**
 * The target to which copies are delivered, and what one execution environment knows of it. After failures in a row
 * only probes are sent. After 429, which is a limit of a project, only requests with the same key pause. `Retry-After`
 * is obeyed for that key after 429, and for all requests after any other status.
 */
export class Target {
  readonly #options: TargetOptions;
  readonly #breaker: Breaker;
  /** Epoch milliseconds before which nothing is sent. */
  #pausedUntil = 0;
  /**
   * Keys whose requests were answered 429, by their hash: until when nothing is sent with them, and how many times in a
   * row that happened.
   */
  readonly #pausedKeys = new Map<string, { readonly until: number; readonly times: number }>();

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#breaker = new Breaker(
      { line: { event: 'relay_breaker', to: 'target' }, ...TARGET_BREAKER },
      options,
    );
  }

  /** Sends a copy, unless it is known that it would not be taken. It never throws. */
  async deliver(copy: RelayCopy): Promise<Verdict> {
    const { target, send, clock } = this.#options;
    const key = keyDigest(copy);
    const pause = Math.max(this.#pausedUntil, this.#pausedKeys.get(key)?.until ?? 0) - clock.now();
    if (pause > 0) return { kind: 'again', why: 'waits', afterMs: pause };
    if (!this.#breaker.admit()) return { kind: 'again', why: 'waits', afterMs: this.#breaker.msUntilProbe };
    try {
      const answer = await send(targetRequest(copy, target, clock.now()));
      const verdict = verdictOf(answer, clock.now());
      // 429 is the limit of a project: it says nothing of requests with other keys.
      const isAnswered = verdict.kind !== 'again' || answer.status === TOO_MANY;
      this.#breaker.answered(isAnswered ? null : verdict.why);
      if (verdict.kind !== 'again') this.#pausedKeys.delete(key);
      else if (answer.status === TOO_MANY) this.#pauseKey(key, verdict.afterMs);
      else this.#pausedUntil = Math.max(this.#pausedUntil, clock.now() + verdict.afterMs);
      return verdict;
    } catch (error) {
      const why = errorCode(error);
      this.#breaker.answered(why);
      return { kind: 'again', why, afterMs: 0 };
    }
  }

  /** Pauses a key for as long as the target asked for, but at least for as long as the breaker would pause. */
  #pauseKey(key: string, afterMs: number): void {
    const { clock, random } = this.#options;
    const now = clock.now();
    const { until = 0, times = 0 } = this.#pausedKeys.get(key) ?? {};
    // Requests that were under way at the same time count as one refusal.
    const failed = now < until ? times : times + 1;
    const ownMs = backoffMs(failed, random, {
      leastMs: TARGET_BREAKER.pauses.baseMs / 2,
      ...TARGET_BREAKER.pauses,
    });
    if (this.#pausedKeys.size >= MAX_PAUSED_KEYS) this.#pausedKeys.clear();
    this.#pausedKeys.set(key, { until: Math.max(until, now + Math.max(afterMs, ownMs)), times: failed });
  }
}

/** Judges an answer. Redirects are not followed: they may lead to the page of an outage, and the copy would be lost. */
function verdictOf(
  { status, retryAfter, saysFailure, isPage }: Awaited<ReturnType<SendRequest>>,
  now: number,
): Verdict {
  const isOk = status >= 200 && status < 300;
  if (isOk && !saysFailure && !isPage) return { kind: 'taken' };
  if (status >= 400 && status < 500 && !LATER.has(status)) return { kind: 'refused', status };
  const why = isOk && isPage ? `${status} ${PAGE}` : String(status);
  return { kind: 'again', why, afterMs: retryAfterMs(retryAfter, now) };
}

/**
 * Milliseconds of a header `Retry-After`, at most twelve hours; 0 for none that is understood.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
function retryAfterMs(text: string | null, now: number): number {
  const seconds = Number(text ?? '');
  const ms = Number.isNaN(seconds) ? Date.parse(text ?? '') - now : seconds * 1_000;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/**
 * Milliseconds before a copy is tried again.
 *
 * @param random A number from 0 to 1, exclusive, which spreads copies.
 */
export function retryDelayMs(
  {
    tries,
    afterMs,
  }: {
    /** How often it was tried, at least 1. */
    readonly tries: number;
    /** Milliseconds after which the target asked for it again. */
    readonly afterMs: number;
  },
  random: () => number,
): number {
  const delay = backoffMs(tries, random, RETRY_PAUSES);
  // Spreads copies that the target asked to be sent again at the same time.
  const askedMs = afterMs + random() * RETRY_PAUSES.leastMs;
  return Math.min(Math.max(delay, askedMs), MAX_RETRY_AFTER_MS);
}

/** What stands for the key of a copy in memory. */
function keyDigest({ headers, query }: RelayCopy): string {
  return hash('sha256', readSdkKey(headers, new URLSearchParams(query)) ?? '');
}
