import { Counts } from '../base/Counts.ts';
import { type Clock, isoDay } from '../base/time.ts';
import { EXPIRED, relayRefusedKey } from '../tables/objectKeys.ts';
import { MAX_AGE_MS, TRIED_MS } from './limits.ts';
import { type RelayCopy, readRelayCopy, writeRelayCopy } from './RelayCopy.ts';
import { type RelayCounts, relayMetricLines } from './relayMetrics.ts';
import type { Target, Verdict } from './Target.ts';

/** A message of one of relay's queues. */
export interface RelayMessage {
  readonly messageId: string;
  /** Names this receive of the message to SQS. */
  readonly receipt: string;
  /** ARN of its queue. */
  readonly queueArn: string;
  readonly body: string;
  /** How often SQS has delivered it, this time included. */
  readonly receives: number;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
}

/** The queues, as far as relay changes them. */
export interface RelayQueues {
  /** Hides a message for that long from now. */
  hide(message: RelayMessage, ms: number): Promise<void>;
  /** Puts a body on the dead-letter queue. */
  bury(body: string): Promise<void>;
}

/** The objects under `relay/`. */
export interface RelayStore {
  /** The text of a copy; null when it is gone. */
  read(key: string): Promise<string | null>;
  remove(key: string): Promise<void>;
  write(key: string, text: string): Promise<void>;
  /** In the order of their keys. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly modifiedAt: number }>;
  /** Claims the runs until an instant, epoch milliseconds; null if another has them. */
  claimRun(until: number): Promise<{ release(): Promise<void> } | null>;
}

/** Dependencies of one invocation of `relay`. */
export interface Relayer {
  readonly target: Target;
  readonly queues: RelayQueues;
  readonly store: RelayStore;
  /** Objects of any other bucket are ignored. */
  readonly bucket: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  readonly writeMetrics: (line: Readonly<Record<string, unknown>>) => void;
  readonly stage: string;
  /** Epoch milliseconds after which nothing is begun. */
  readonly deadline: number;
  /** Epoch milliseconds until which a run is claimed. */
  readonly claimUntil: number;
}

/** What is to be done with a copy after a try: it is settled, or stays where it is. */
export type Settled = { readonly isSettled: true } | { readonly isSettled: false; readonly afterMs: number };

/** Tries copies in one invocation, puts aside what is refused, and counts. */
export class Tries {
  readonly #relayer: Relayer;
  readonly #refused = new Counts();
  readonly #why = new Counts();
  #relayed = 0;
  #retried = 0;
  #dropped = 0;
  #oldestMs = 0;

  constructor(relayer: Relayer) {
    this.#relayer = relayer;
  }

  /** Tries a copy. A copy that was refused, or is too old to be tried again, is settled when it lies in its folder. */
  async settle(copy: RelayCopy): Promise<Settled> {
    const { target, clock } = this.#relayer;
    const age = clock.now() - copy.keptAt;
    if (age >= MAX_AGE_MS) {
      this.#dropped += 1;
      return { isSettled: true };
    }
    const verdict = await target.deliver(copy);
    if (verdict.kind === 'taken') {
      this.#relayed += 1;
      return { isSettled: true };
    }
    this.#oldestMs = Math.max(this.#oldestMs, age);
    const reason = reasonOf(verdict, age);
    if (reason !== null) return this.#putAside(copy, reason);
    this.#retry(verdict.kind === 'again' ? verdict.why : '');
    return { isSettled: false, afterMs: verdict.kind === 'again' ? verdict.afterMs : 0 };
  }

  /** Notes that a copy could not be worked on. @param why The name of an error. */
  fail(why: string): void {
    this.#retry(why);
  }

  /** Writes the log line and the metrics. */
  report(fields: Readonly<Record<string, unknown>>): void {
    const { log, writeMetrics, stage, clock } = this.#relayer;
    const refused = this.#refused.toObject();
    const isRefused = Object.keys(refused).length > 0;
    log({
      level: isRefused || this.#retried > 0 || this.#dropped > 0 ? 'warn' : 'info',
      event: 'relay',
      ...fields,
      relayed: this.#relayed,
      ...(this.#retried > 0 ? { retried: this.#why.toObject(), code: 'SLUICE_RELAY_NOT_TAKEN' } : null),
      ...(isRefused ? { refused, code: 'SLUICE_RELAY_REFUSED' } : null),
      ...(this.#dropped > 0 ? { dropped: this.#dropped } : null),
    });
    const counts: RelayCounts = {
      relayed: this.#relayed,
      retried: this.#retried,
      refused,
      oldestSeconds: Math.round(this.#oldestMs / 1_000),
    };
    for (const line of relayMetricLines(counts, stage, clock.now())) writeMetrics(line);
  }

  async #putAside(copy: RelayCopy, reason: string): Promise<Settled> {
    const { store, clock } = this.#relayer;
    try {
      const key = relayRefusedKey({ reason, day: isoDay(clock.now()), id: copy.id });
      await store.write(key, writeRelayCopy(copy));
      this.#refused.add(reason);
      return { isSettled: true };
    } catch (error) {
      this.#retry(nameOf(error));
      return { isSettled: false, afterMs: 0 };
    }
  }

  #retry(why: string): void {
    this.#retried += 1;
    this.#why.add(why);
  }
}

/** Why a copy is put aside; null when it is to be tried again. */
function reasonOf(verdict: Exclude<Verdict, { kind: 'taken' }>, age: number): string | null {
  if (verdict.kind === 'refused') return String(verdict.status);
  return age >= TRIED_MS ? EXPIRED : null;
}

/**
 * Relays a waiting object, and removes it when it is settled.
 *
 * @returns Null when nothing is left to do, else milliseconds after which the target asked to try again.
 * @throws What the store throws.
 */
export async function relayObject(
  key: string,
  tries: Tries,
  store: Pick<Relayer['store'], 'read' | 'remove'>,
): Promise<number | null> {
  const text = await store.read(key);
  if (text === null) return null;
  const copy = readRelayCopy(text);
  if (copy === null) {
    tries.fail('SLUICE_RELAY_MESSAGE_INVALID');
    return null;
  }
  const settled = await tries.settle(copy);
  if (!settled.isSettled) return settled.afterMs;
  await store.remove(key);
  return null;
}

/** The name of an error, which says nothing of what it is about. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
