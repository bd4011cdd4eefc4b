import { Counts } from '../base/Counts.ts';
import { errorName } from '../base/errors.ts';
import { EXPIRED, relayRefusedKey } from '../tables/objectKeys.ts';
import { MAX_AGE_MS, TRIED_MS } from './limits.ts';
import { type RelayCopy, readRelayCopy, writeRelayCopy } from './RelayCopy.ts';
import type { Relayer } from './Relayer.ts';
import { type RelayCounts, relayMetricLines } from './relayMetrics.ts';

/** Reason in metrics of copies that were deleted because of their age. */
const DELETED = 'deleted';

/** State of a copy after a try: it is settled, or it stays where it is. */
export type Settled = { readonly isSettled: true } | { readonly isSettled: false; readonly afterMs: number };

/** Tries copies in one invocation, puts aside refused ones, and counts. */
export class Tries {
  readonly #relayer: Relayer;
  readonly #refused = new Counts();
  readonly #why = new Counts();
  #relayed = 0;
  #retried = 0;
  #unreadable = 0;
  #oldestMs = 0;

  constructor(relayer: Relayer) {
    this.#relayer = relayer;
  }

  /**
   * Tries a copy. A copy that was refused, or was tried for too long, is settled when it is in its folder.
   *
   * @param since Since when it is tried, epoch milliseconds: later than it was kept if it was sent again by hand.
   */
  async settle(copy: RelayCopy, since: number): Promise<Settled> {
    const { target, clock } = this.#relayer;
    const age = clock.now() - copy.keptAt;
    if (age >= MAX_AGE_MS) {
      this.#refused.add(DELETED);
      return { isSettled: true };
    }
    const verdict = await target.deliver(copy);
    if (verdict.kind === 'taken') {
      this.#relayed += 1;
      return { isSettled: true };
    }
    this.#oldestMs = Math.max(this.#oldestMs, age);
    if (verdict.kind === 'refused') return this.#putAside(copy, String(verdict.status));
    if (clock.now() - since >= TRIED_MS) return this.#putAside(copy, EXPIRED);
    this.#retry(verdict.why);
    return { isSettled: false, afterMs: verdict.afterMs };
  }

  /** Notes that a copy could not be worked on. @param why The name of an error. */
  fail(why: string): void {
    this.#retry(why);
  }

  /** Notes an object that is not a copy. */
  skip(): void {
    this.#unreadable += 1;
  }

  /** Writes the log line and the metrics. */
  report(fields: Readonly<Record<string, unknown>>): void {
    const { log, writeMetrics, stage, clock } = this.#relayer;
    const refused = this.#refused.toObject();
    const isRefused = Object.keys(refused).length > 0;
    log({
      level: isRefused || this.#retried > 0 || this.#unreadable > 0 ? 'warn' : 'info',
      event: 'relay',
      ...fields,
      relayed: this.#relayed,
      ...(this.#retried > 0 ? { retried: this.#why.toObject(), code: 'SLUICE_RELAY_NOT_TAKEN' } : null),
      ...(this.#unreadable > 0
        ? { unreadable: this.#unreadable, code: 'SLUICE_RELAY_COPY_UNREADABLE' }
        : null),
      ...(isRefused
        ? { refused, code: refused[DELETED] === undefined ? 'SLUICE_RELAY_REFUSED' : 'SLUICE_RELAY_DELETED' }
        : null),
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
      const key = relayRefusedKey({ reason, at: clock.now(), id: copy.id });
      await store.write(key, writeRelayCopy(copy));
      this.#refused.add(reason);
      return { isSettled: true };
    } catch (error) {
      this.#retry(errorName(error));
      return { isSettled: false, afterMs: 0 };
    }
  }

  #retry(why: string): void {
    this.#retried += 1;
    this.#why.add(why);
  }
}

/**
 * Relays a waiting object, and removes it when it is settled.
 *
 * @param since Since when it is there, epoch milliseconds.
 * @returns Null when nothing is left to do, else milliseconds after which the target asked to try again.
 * @throws What the store throws.
 */
export async function relayObject(
  key: string,
  since: number,
  tries: Tries,
  store: Pick<Relayer['store'], 'read' | 'remove'>,
): Promise<number | null> {
  const object = await store.read(key, { listsIfDenied: true });
  if (object === null) return null;
  const copy = readRelayCopy(object.text);
  if (copy === null) {
    tries.skip();
    return null;
  }
  const settled = await tries.settle(copy, since);
  if (!settled.isSettled) return settled.afterMs;
  await store.remove(key);
  return null;
}
