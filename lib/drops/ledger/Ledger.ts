import { eachAttempt } from '../../base/retry.ts';
import type { Clock } from '../../base/time.ts';
import type { LedgerEntry, LedgerPlace, LedgerStore, StoredEntry } from './LedgerEntry.ts';

/** What {@link Ledger} works with. */
export interface LedgerOptions {
  readonly store: LedgerStore;
  readonly clock: Clock;
  /** A text that never comes twice: it names one write. */
  readonly newToken: () => string;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

/** The right to load one day, for as long as the lease lasts. Every write makes another: use the last one. */
export interface Claim {
  readonly entry: LedgerEntry;
  readonly eTag: string;
  readonly owner: string;
  /** Epoch milliseconds: after this it may be somebody else's. */
  readonly until: number;
}

/** What a load found out, and what it leaves behind. */
export type Settlement = Pick<
  LedgerEntry,
  'state' | 'fingerprint' | 'files' | 'rows' | 'rowsByDaysLate' | 'bytes' | 'durations' | 'superseded'
> &
  Partial<Pick<LedgerEntry, 'version' | 'failure'>> & {
    readonly state: 'succeeded' | 'succeeded_no_data' | 'failed';
  };

/** A write is retried when S3 answers that it could not decide between two writers (409). */
const WRITE_RETRIES = { tries: 3, baseMs: 100, capMs: 1_000 } as const;
/** A claim that loses to another write is tried so often on top of what that left: with a lease in it there is no other try. */
const CLAIM_TRIES = 5;

/**
 * Who loads which day, and how it went. Every write is made on top of what was read, by its ETag, and carries a token of
 * its own: when S3 says that something else is there, what is there is read back, and with our token in it the write had
 * succeeded and only its answer was lost. So of two who claim a day at the same time exactly one gets it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class Ledger {
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** What is known of a day; null before anything is. */
  async read(place: Pick<LedgerPlace, 'source' | 'dataset' | 'day'>): Promise<LedgerEntry | null> {
    return (await this.#options.store.read(place))?.entry ?? null;
  }

  /**
   * Claims a day until an instant. What queries read stays as it is; a lease that has run out is taken over.
   *
   * @param owner One invocation: a message that is delivered twice has two.
   * @param queuedFor Fingerprint of the task: another one than the last begins to count attempts anew, as does a day that was
   *   settled.
   * @param until Epoch milliseconds; the longest time that the claimer may live, and a minute.
   * @returns the claim, or until when it is somebody else's. 0 when other writers came first each time: try again later.
   */
  async claim(
    place: LedgerPlace,
    owner: string,
    until: number,
    queuedFor: string,
  ): Promise<{ readonly claim: Claim } | { readonly busyUntil: number }> {
    const { store, clock } = this.#options;
    // The plan notes a day after it has sent its task, so a claim may lose to that note: what is there then has no lease.
    for (let tries = 1; tries <= CLAIM_TRIES; tries += 1) {
      const stored = await store.read(place);
      const { lease } = stored?.entry ?? {};
      if (lease !== undefined && lease.until > clock.now()) return { busyUntil: lease.until };
      const entry = knownEntry(stored, place);
      // A day that was settled begins anew, also where its claim comes before the note.
      const isSame = entry.queued === undefined || entry.queued.fingerprint === queuedFor;
      const isUnderWay = entry.state === 'loading' || entry.state === 'waiting';
      const attempts = isSame && isUnderWay ? entry.attempts + 1 : 1;
      const written = await this.#write(
        { ...entry, state: 'loading', lease: { owner, until }, attempts },
        stored,
      );
      if (written !== null) return { claim: { ...written, owner, until } };
    }
    return { busyUntil: 0 };
  }

  /** Makes a lease longer; null when the day is somebody else's by now: stop, and write nothing. */
  async renew(claim: Claim, until: number): Promise<Claim | null> {
    const { entry, owner } = claim;
    const written = await this.#write({ ...entry, lease: { owner, until } }, claim);
    return written === null ? null : { ...written, owner, until };
  }

  /**
   * Writes how the load went and gives the day free. A failure keeps the version that queries read.
   *
   * @returns the entry; null when the day is somebody else's by now, and nothing was written.
   */
  async settle(claim: Claim, settlement: Settlement): Promise<LedgerEntry | null> {
    const { lease: _, queued: __, failure: ___, ...kept } = claim.entry;
    return (await this.#write({ ...kept, ...settlement }, claim))?.entry ?? null;
  }

  /**
   * Gives the day free at once, to be tried again, and says what this try failed with.
   *
   * @returns the entry; null when the day is somebody else's by now, and nothing was written.
   */
  async release(claim: Claim, failure: NonNullable<LedgerEntry['failure']>): Promise<LedgerEntry | null> {
    const { lease: _, ...kept } = claim.entry;
    return (await this.#write({ ...kept, state: 'waiting', failure }, claim))?.entry ?? null;
  }

  /**
   * Gives the day free to be loaded later, as its files are others than those it was claimed for, and notes for which it
   * waits. That is no try.
   *
   * @returns the entry; null when the day is somebody else's by now, and nothing was written.
   */
  async defer(
    claim: Claim,
    queued: { readonly fingerprint: string; readonly reason: string },
  ): Promise<LedgerEntry | null> {
    const { lease: _, queued: before, ...kept } = claim.entry;
    const isNoted = before?.fingerprint === queued.fingerprint && before.reason === queued.reason;
    const noted = isNoted ? before : { ...queued, at: this.#options.clock.now() };
    const deferred = { ...kept, state: 'waiting' as const, queued: noted, attempts: 0 };
    return (await this.#write(deferred, claim))?.entry ?? null;
  }

  /**
   * Notes that a day was queued. Nothing is written while somebody loads it: what they find is newer.
   *
   * @param seen What the decision to queue it was made on; what is there by now may have been settled by that very task, and
   *   is left alone. Default: whatever is there.
   * @returns whether it was noted.
   */
  async noteQueued(
    place: LedgerPlace,
    queued: { readonly fingerprint: string; readonly reason: string },
    seen?: LedgerEntry | null,
  ): Promise<boolean> {
    const { store, clock } = this.#options;
    const stored = await store.read(place);
    if (seen !== undefined && stored?.entry.token !== seen?.token) return false;
    const lease = stored?.entry.lease;
    if (lease !== undefined && lease.until > clock.now()) return false;
    const entry = knownEntry(stored, place);
    const same = entry.queued?.fingerprint === queued.fingerprint;
    const { lease: _, ...free } = entry;
    const written = await this.#write(
      {
        ...free,
        state: 'waiting',
        queued: { ...queued, at: clock.now() },
        attempts: same ? entry.attempts : 0,
      },
      stored,
    );
    return written !== null;
  }

  /** Null when something else is there. */
  async #write(
    changed: Omit<LedgerEntry, 'token' | 'updatedAt'>,
    on: StoredEntry | null,
  ): Promise<StoredEntry | null> {
    const { store, clock, newToken, wait, random } = this.#options;
    const entry: LedgerEntry = { ...changed, updatedAt: clock.now(), token: newToken() };
    let failure: { readonly error: unknown } | null = null;
    for await (const _ of eachAttempt({ ...WRITE_RETRIES, wait, random })) {
      const outcome = await store.write(entry, on?.eTag ?? null).catch((error: unknown) => ({ error }));
      if (typeof outcome === 'string') return { entry, eTag: outcome };
      const there = await store.read(entry);
      if (there?.entry.token === entry.token) return there;
      const asBefore = (there?.eTag ?? null) === (on?.eTag ?? null);
      if (!asBefore) return null;
      // As it was: either the write failed, or S3 could not decide between two (409 ConditionalRequestConflict).
      failure = outcome;
    }
    if (failure !== null) throw failure.error;
    return null;
  }
}

/** What is known of a day in a table: what landed in another, before the dataset got this one, says nothing of it. */
function knownEntry(
  stored: StoredEntry | null,
  place: LedgerPlace,
): Omit<LedgerEntry, 'token' | 'updatedAt'> {
  return stored?.entry.table === place.table ? stored.entry : emptyEntry(place);
}

function emptyEntry({ source, dataset, day, table }: LedgerPlace): Omit<LedgerEntry, 'token' | 'updatedAt'> {
  return {
    source,
    dataset,
    day,
    table,
    state: 'waiting',
    fingerprint: null,
    attempts: 0,
    files: [],
    rows: { in: 0, out: 0, refused: 0 },
    rowsByDaysLate: {},
    bytes: 0,
    durations: {},
    superseded: [],
  };
}
