import { Counts } from '../base/Counts.ts';
import { errorName } from '../base/errors.ts';
import { EXPIRED, relayRefusedKey } from '../tables/relayKeys.ts';
import { MAX_AGE_MS, TRIED_MS } from './limits.ts';
import { type RelayCopy, writeRelayCopy } from './RelayCopy.ts';
import type { RelayError } from './RelayError.ts';
import type { Relayer } from './Relayer.ts';
import { type RelayCounts, relayMetricLines } from './relayMetrics.ts';

/** Reason in metrics of copies that were deleted because of their age. */
const DELETED = 'deleted';

/** Tries copies in one invocation, puts refused ones aside, and counts all of them. */
export class Tries {
  readonly #relayer: Relayer;
  /** Copies that are not tried again, by why: a status, `expired` or `deleted`. */
  readonly #refused = new Counts();
  /** Copies that the target did not take, and that are tried again, by what it answered. */
  readonly #notTaken = new Counts();
  /** Copies that are tried again as the bucket failed, by the name of its error. */
  readonly #failed = new Counts();
  #relayed = 0;
  #retried = 0;
  #unreadable = 0;
  #oldestMs = 0;

  constructor(relayer: Relayer) {
    this.#relayer = relayer;
  }

  /**
   * Tries a copy. A copy is settled once the target has taken it, or once it is in the folder of refused copies, as
   * the target refused it or it was tried for too long. A copy of {@link MAX_AGE_MS} is settled, too: it is not sent,
   * and the caller deletes it, as it holds an SDK key.
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
    this.#retried += 1;
    this.#notTaken.add(verdict.why);
    return verdict.afterMs;
  }

  /** Counts a copy that is tried again, as the bucket did not give or take it. @param error What the bucket threw. */
  countFailure(error: unknown): void {
    this.#retried += 1;
    this.#failed.add(errorName(error));
  }

  /** Counts an object that is not a copy. */
  countUnreadable(): void {
    this.#unreadable += 1;
  }

  /** Writes the log line and the metrics. @param messages Messages of the invocation. */
  report(messages: number): void {
    const { log, stage, clock } = this.#relayer;
    const unreadable = this.#unreadable;
    const refused = this.#refused.toObject();
    const counted = { refused, retried: this.#notTaken.toObject(), failed: this.#failed.toObject() };
    const code = worstCode({ ...counted, unreadable });
    log({
      level: code === null ? 'info' : 'warn',
      event: 'relay',
      messages,
      relayed: this.#relayed,
      ...Object.fromEntries(Object.entries(counted).filter(([, byReason]) => !isEmpty(byReason))),
      ...(unreadable > 0 ? { unreadable } : null),
      ...(code === null ? null : { code }),
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
      this.countFailure(error);
      return 0;
    }
  }
}

/** Copies of an invocation that the target did not take. */
interface NotTaken {
  /** Those that are not tried again, by why. */
  readonly refused: Readonly<Record<string, number>>;
  /** Those that the target did not take, by its answer. */
  readonly retried: Readonly<Record<string, number>>;
  /** Those that the bucket did not give or take, by the name of the error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Objects that are no copies. */
  readonly unreadable: number;
}

/** The one code of a line: of what the target lacks for good first, and last of what is tried again. Null if it took all. */
function worstCode({
  refused,
  retried,
  failed,
  unreadable,
}: NotTaken): keyof typeof RelayError.entries | null {
  if (refused[DELETED] !== undefined) return 'SLUICE_RELAY_DELETED';
  if (!isEmpty(refused)) return 'SLUICE_RELAY_REFUSED';
  if (unreadable > 0) return 'SLUICE_RELAY_COPY_UNREADABLE';
  if (!isEmpty(failed)) return 'SLUICE_RELAY_BUCKET_FAILED';
  return isEmpty(retried) ? null : 'SLUICE_RELAY_NOT_TAKEN';
}

/** Whether nothing was counted. */
function isEmpty(counts: Readonly<Record<string, number>>): boolean {
  return Object.keys(counts).length === 0;
}
