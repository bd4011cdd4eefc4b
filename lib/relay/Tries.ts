import { Counts } from '../base/Counts.ts';
import { errorName } from '../base/errors.ts';
import { EXPIRED, relayRefusedKey } from '../tables/relayKeys.ts';
import { MAX_AGE_MS, TRIED_MS } from './limits.ts';
import { type RelayCopy, writeRelayCopy } from './RelayCopy.ts';
import type { Relayer } from './Relayer.ts';
import { type RelayCounts, relayMetricLines } from './relayMetrics.ts';

/** Reason in metrics of copies that were deleted because of their age. */
const DELETED = 'deleted';

/** Tries copies in one invocation, puts refused ones aside, and counts all of them. */
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
   * Tries a copy. A copy that was refused, or was tried for too long, is settled once it is in the folder of refused
   * copies.
   *
   * @param since Epoch milliseconds since when it is tried. If it was sent again by hand, that is later than it was
   * kept.
   * @returns Null when it is settled. Otherwise it stays where it is, for at least as many milliseconds as the target
   * asked for; 0 if the target did not ask.
   */
  async settle(copy: RelayCopy, since: number): Promise<number | null> {
    const { target, clock } = this.#relayer;
    const age = clock.now() - copy.keptAt;
    if (age >= MAX_AGE_MS) {
      this.#refused.add(DELETED);
      return null;
    }
    const verdict = await target.deliver(copy);
    if (verdict.kind === 'taken') {
      this.#relayed += 1;
      return null;
    }
    this.#oldestMs = Math.max(this.#oldestMs, age);
    if (verdict.kind === 'refused') return this.#putAside(copy, String(verdict.status));
    if (clock.now() - since >= TRIED_MS) return this.#putAside(copy, EXPIRED);
    this.fail(verdict.why);
    return verdict.afterMs;
  }

  /** Notes that a copy is tried again. @param why The status of the target, or the name of an error. */
  fail(why: string): void {
    this.#retried += 1;
    this.#why.add(why);
  }

  /** Notes an object that is not a copy. */
  skip(): void {
    this.#unreadable += 1;
  }

  /** Writes the log line and the metrics. */
  report(fields: Readonly<Record<string, unknown>>): void {
    const { log, stage, clock } = this.#relayer;
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
    for (const line of relayMetricLines(counts, stage, clock.now())) log(line);
  }

  /** Writes a copy into the folder of refused ones. @returns Null; 0 if it could not be written, so that it stays. */
  async #putAside(copy: RelayCopy, reason: string): Promise<number | null> {
    const { store, clock } = this.#relayer;
    try {
      const key = relayRefusedKey({ reason, at: clock.now(), id: copy.id });
      await store.write(key, writeRelayCopy(copy));
      this.#refused.add(reason);
      return null;
    } catch (error) {
      this.fail(errorName(error));
      return 0;
    }
  }
}
