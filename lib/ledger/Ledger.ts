import { eachAttempt } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import type { LoadInPieces, PieceRef } from './dayRunSchema.ts';
import { settleErasures } from './erasureNotes.ts';
import {
  handedOver,
  type LedgerContent,
  type LedgerEntry,
  type LedgerStore,
  type LedgerSubject,
  released,
  type StoredEntry,
  without,
} from './LedgerEntry.ts';
import { LedgerError } from './LedgerError.ts';

/** Dependencies of {@link Ledger}. */
interface LedgerOptions {
  /** Where entries are stored. */
  readonly store: LedgerStore;
  /** The time of leases and entries. */
  readonly clock: Clock;
  /** A unique text for each write. */
  readonly newToken: () => string;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
}

/** The right to load one day while the lease lasts. Every write returns a new claim, which replaces the old one. */
export interface Claim {
  /** The entry as this claim has written it. */
  readonly entry: LedgerEntry;
  /** The ETag that the next write must name. */
  readonly eTag: string;
  /** The invocation that has the day. */
  readonly owner: string;
  /** Epoch milliseconds: files are listed later. */
  readonly claimedAt: number;
  /** Epoch milliseconds after which another load may take the day. */
  readonly until: number;
}

/** A claimed day. */
export interface Claimed {
  /** The right to load the day. */
  readonly claim: Claim;
  /** Whether the previous owner of the claim neither ended nor released it. */
  readonly wasKilled: boolean;
}

/** A day that another owner has. */
export interface Busy {
  /** The end of the lease, epoch milliseconds; 0 if other writers won every attempt, and nothing is known of a lease. */
  readonly busyUntil: number;
  /** The load in pieces that is under way; undefined if there is none. */
  readonly run?: LoadInPieces | undefined;
}

/** What a claim begins of a day. */
export interface Beginning {
  /** The entry that the claim writes. */
  readonly entry: LedgerContent;
  /** Whether it goes on with the attempts before. */
  readonly isNext: boolean;
}

/** What the ledger has of a queued task. */
export type Queued = NonNullable<LedgerEntry['queued']>;

/** The result of a load. */
export type Settlement = Pick<
  LedgerEntry,
  'state' | 'fingerprint' | 'files' | 'rows' | 'bytes' | 'superseded'
> &
  Partial<
    Pick<
      LedgerEntry,
      | 'version'
      | 'filesWritten'
      | 'failure'
      | 'receipt'
      | 'missingSince'
      | 'usualRows'
      | 'usualSpread'
      | 'content'
      | 'accepted'
      | 'place'
    >
  > & {
    readonly state: Exclude<LedgerEntry['state'], 'waiting' | 'loading'>;
  };

/** Retries of a write that S3 answers with a conflict between two writers (409). */
const WRITE_RETRIES = { tries: 3, baseMs: 100, capMs: 1_000 } as const;
/** Attempts of a change that loses to other writes. */
const CHANGE_RETRIES = { tries: 20, baseMs: 100, capMs: 2_000 } as const;
/** Members that say something of one load. */
const OF_ONE_LOAD = [
  'lease',
  'queued',
  'failure',
  'kills',
  'run',
  'missingSince',
  'usualRows',
  'usualSpread',
  'content',
  'accepted',
  'place',
] as const;
/**
 * Attempts of a claim that loses to another write, without a pause: that write is done, and one that leaves a lease ends
 * them.
 */
const CLAIM_TRIES = 5;

/**
 * Records who loads which day, and the results. Every write is conditional on the ETag that was read, and carries a unique
 * token. If S3 reports a conflict, the entry is read back; if it has the token, the write had succeeded and only its answer
 * was lost. So of two simultaneous claims exactly one succeeds.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class Ledger {
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** The entry of a day; null if there is none. */
  async read(place: Pick<LedgerSubject, 'source' | 'dataset' | 'day'>): Promise<LedgerEntry | null> {
    return (await this.#options.store.read(place))?.entry ?? null;
  }

  /**
   * Claims a day until an instant. An expired lease is taken over. The version that queries read does not change.
   *
   * @param owner One invocation. A message that is delivered twice has two owners.
   * @param begin Fingerprint of the task: a different one, or a settled day, resets the count of attempts. Or what is
   *   begun of the entry that is there: changed, and whether it goes on with the attempts before; or why it is refused.
   * @param until Epoch milliseconds; the longest lifetime of the claimer, plus a minute.
   * @returns The claim, or the end of another owner's lease, and the load in pieces that has it. The end is 0 if
   *   other writers won every attempt: try again later.
   */
  async claim<Refused extends object = never>(
    place: LedgerSubject,
    owner: string,
    until: number,
    begin: string | ((known: LedgerContent) => Beginning | Refused),
  ): Promise<Claimed | Busy | Refused> {
    const { store, clock } = this.#options;
    // The plan notes a day after it has sent the task, so a claim may lose to that note. The noted entry has no lease.
    for (let tries = 1; tries <= CLAIM_TRIES; tries += 1) {
      const stored = await store.read(place);
      const known = knownEntry(stored, place);
      const begun = typeof begin === 'string' ? queuedFor(known, begin) : begin(known);
      if (!('isNext' in begun)) return begun;
      const { lease } = stored?.entry ?? {};
      if (lease !== undefined && lease.until > clock.now()) return { busyUntil: lease.until, run: known.run };
      const attempt = nextAttempt(begun, known.state, lease !== undefined);
      const written = await this.#write({ ...attempt.entry, lease: { owner, until } }, stored);
      if (written === null) continue;
      const claim = { ...written, owner, until, claimedAt: clock.now() };
      return { claim, wasKilled: attempt.wasKilled };
    }
    return { busyUntil: 0 };
  }

  /**
   * Changes the entry of a day as the owner of its lease. What others have noted meanwhile, as an erasure or an
   * acceptance, stays.
   *
   * @returns The claim with what is written; null if another owner has the day, and nothing was written: stop.
   * @throws LedgerError `SLUICE_INGEST_LEDGER_UNAVAILABLE` when others write each time; what the store throws.
   */
  async own(claim: Claim, change: (entry: LedgerContent) => LedgerContent): Promise<Claim | null> {
    const { store, wait, random } = this.#options;
    let on: StoredEntry = claim;
    for await (const _ of eachAttempt({ ...CHANGE_RETRIES, wait, random })) {
      const written = await this.#write(change(on.entry), on);
      if (written !== null) return { ...claim, ...written };
      const there = await store.read(claim.entry);
      if (there?.entry.lease?.owner !== claim.owner) return null;
      on = there;
    }
    throw lostToOthers(claim.entry);
  }

  /** Extends a lease; null as of {@link own}. */
  async renew(claim: Claim, until: number): Promise<Claim | null> {
    const renewed = await this.own(claim, (entry) => ({ ...entry, lease: { owner: claim.owner, until } }));
    return renewed === null ? null : { ...renewed, until };
  }

  /**
   * Records how far a load in pieces is, and keeps the day for the next piece, whose first try begins. Null as of
   * {@link own}.
   */
  recordRun(claim: Claim, run: LoadInPieces): Promise<Claim | null> {
    return this.own(claim, (entry) => {
      const isFurther = run.done > (entry.run?.done ?? 0);
      // `failure` stays: of the last load, or why the day is retried, it is told until the day is settled.
      const counted = isFurther ? { ...without(entry, 'kills'), attempts: 1 } : entry;
      return { ...counted, run };
    });
  }

  /**
   * Drops a load in pieces, as the day is loaded at once now. Null as of {@link own}.
   *
   * @param piece The piece that the task names which loads it.
   */
  dropRun(claim: Claim, piece: PieceRef | undefined): Promise<Claim | null> {
    return this.own(claim, (entry) => {
      const { queued, ...kept } = without(entry, 'run');
      return { ...kept, ...(queued === undefined ? {} : { queued: { ...queued, piece } }) };
    });
  }

  /**
   * Releases a day whose next piece another message makes. Since when it waits stays. Null as of {@link own}.
   *
   * @param waiting How many files wait, and since when; absent if they are those that were queued.
   */
  handOver(
    claim: Claim,
    run: LoadInPieces,
    waiting: Partial<Pick<Queued, 'files' | 'writtenAt'>> = {},
  ): Promise<LedgerEntry | null> {
    const { fingerprint, reason } = run;
    return this.#end(claim, (entry) => {
      const { queued = { at: this.#options.clock.now() } } = entry;
      return { ...handedOver(entry), queued: { ...queued, ...waiting, fingerprint, reason }, run };
    });
  }

  /**
   * Writes the result of the load and releases the day. A failure keeps the version that queries read. Null as of
   * {@link own}.
   *
   * @param listedAt When its files were listed, or before, epoch milliseconds. Default: when the day was claimed.
   */
  settle(claim: Claim, settlement: Settlement, listedAt = claim.claimedAt): Promise<LedgerEntry | null> {
    return this.#end(claim, (known) => {
      // An erasure may have taken values out of what is kept.
      const isKept = settlement.content !== undefined && settlement.content === claim.entry.content;
      const content = isKept ? known.content : settlement.content;
      const entry = {
        ...without(known, ...OF_ONE_LOAD),
        ...settlement,
        ...(content === undefined ? {} : { content }),
      };
      // A failure has the files of the last success.
      return entry.state === 'failed' ? entry : settleErasures(entry, listedAt);
    });
  }

  /** Releases the day at once for a retry, and records the failure of this attempt. Null as of {@link own}. */
  release(claim: Claim, failure: NonNullable<LedgerEntry['failure']>): Promise<LedgerEntry | null> {
    return this.#end(claim, (entry) => ({ ...released(entry), failure }));
  }

  /**
   * Releases the day to be loaded later, as its files differ from those it was claimed for, and notes the files it waits
   * for. This does not count as an attempt. Null as of {@link own}.
   */
  defer(claim: Claim, queued: Omit<Queued, 'at'>): Promise<LedgerEntry | null> {
    return this.#end(claim, (entry) => {
      const { queued: before, ...kept } = without(handedOver(entry), 'run');
      const isNoted = before?.fingerprint === queued.fingerprint && before.reason === queued.reason;
      return { ...kept, queued: isNoted ? before : { ...queued, at: this.#options.clock.now() } };
    });
  }

  /**
   * Notes that a day was queued. Nothing is written while a load runs, as its result is newer.
   *
   * @param seen The entry that the decision was based on. If it has changed, the task itself may have settled the day, and
   *   nothing is written. Default: the current entry.
   * @returns Whether the note was written.
   */
  async noteQueued(
    place: LedgerSubject,
    queued: Omit<Queued, 'at'>,
    seen?: Pick<LedgerEntry, 'token'> | null,
  ): Promise<boolean> {
    const { store, clock } = this.#options;
    const stored = await store.read(place);
    if (seen !== undefined && stored?.entry.token !== seen?.token) return false;
    const lease = stored?.entry.lease;
    if (lease !== undefined && lease.until > clock.now()) return false;
    const entry = knownEntry(stored, place);
    const same = entry.queued?.fingerprint === queued.fingerprint;
    const written = await this.#write(
      {
        ...without(entry, 'lease'),
        state: 'waiting',
        queued: { ...queued, at: clock.now() },
        attempts: same ? entry.attempts : 0,
      },
      stored,
    );
    return written !== null;
  }

  /**
   * Changes an entry by a decision on its content, which is made again if another write came first. Parts of one day that
   * end together write to the same entry, so it is tried more often than a claim.
   *
   * @param decide Gets the current content, empty if there is none. Without `entry` nothing is written.
   * @returns What was decided on the content that was there when the entry was written.
   * @throws LedgerError SLUICE_INGEST_LEDGER_UNAVAILABLE if other writes came first every time.
   */
  async change<Decision extends { readonly entry?: LedgerContent | undefined }>(
    place: LedgerSubject,
    decide: (known: LedgerContent) => Decision,
  ): Promise<Decision> {
    const { store, wait, random } = this.#options;
    for await (const _ of eachAttempt({ ...CHANGE_RETRIES, wait, random })) {
      const stored = await store.read(place);
      const decision = decide(knownEntry(stored, place));
      if (decision.entry === undefined) return decision;
      if ((await this.#write(decision.entry, stored)) !== null) return decision;
    }
    throw lostToOthers(place);
  }

  /** Ends a claim by a change of its entry; null if another owner has the day. */
  async #end(claim: Claim, change: (entry: LedgerContent) => LedgerContent): Promise<LedgerEntry | null> {
    return (await this.own(claim, change))?.entry ?? null;
  }

  /** Writes an entry in place of the one that was read (null: there was none); null if another write came first. */
  async #write(changed: LedgerContent, on: StoredEntry | null): Promise<StoredEntry | null> {
    const { store, clock, newToken, wait, random } = this.#options;
    const before = on?.entry.failure === undefined ? undefined : on.entry;
    const failingSince = before?.failingSince ?? before?.updatedAt ?? clock.now();
    const entry: LedgerEntry = {
      ...without(changed, 'failingSince'),
      ...(changed.failure === undefined ? {} : { failingSince }),
      updatedAt: clock.now(),
      token: newToken(),
    };
    let failure: { readonly error: unknown } | null = null;
    for await (const _ of eachAttempt({ ...WRITE_RETRIES, wait, random })) {
      const outcome = await store.write(entry, on?.eTag ?? null).catch((error: unknown) => ({ error }));
      if (typeof outcome === 'string') return { entry, eTag: outcome };
      const there = await store.read(entry);
      if (there?.entry.token === entry.token) return there;
      if ((there?.eTag ?? null) !== (on?.eTag ?? null)) return null;
      // Unchanged: either the write failed, or S3 reported a conflict between two writers (409 ConditionalRequestConflict).
      failure = outcome;
    }
    if (failure !== null) throw failure.error;
    return null;
  }
}

/** The code of an error that is about one day and stays. With others the whole work is repeated. */
export const UNREADABLE = 'SLUICE_INGEST_LEDGER_INVALID';

/** The entry of a day in the ledger; null also of one that can't be read, of which nothing is known. */
export async function readKnown(
  ledger: Pick<Ledger, 'read'>,
  place: Pick<LedgerSubject, 'source' | 'dataset' | 'day'>,
): Promise<LedgerEntry | null> {
  try {
    return await ledger.read(place);
  } catch (error) {
    if (error instanceof LedgerError && error.code === UNREADABLE) return null;
    throw error;
  }
}

/** The known entry of a day in a table. An entry for the dataset's previous table does not count. */
function knownEntry(stored: StoredEntry | null, place: LedgerSubject): LedgerContent {
  return stored?.entry.table === place.table ? stored.entry : emptyEntry(place);
}

/** The error of a change that lost to other writes every time. */
function lostToOthers({ dataset, day }: Pick<LedgerSubject, 'dataset' | 'day'>): Error {
  return new LedgerError('SLUICE_INGEST_LEDGER_UNAVAILABLE', `${dataset} ${day}: other writers.`);
}

/**
 * The entry of the attempt that a claim begins. A settled day starts again, even if the claim precedes the note that it
 * is queued.
 *
 * @param state The state of the entry that is there.
 * @param hasLease Whether that entry has a lease, which is over: its owner neither ended nor released it.
 */
function nextAttempt(
  { entry: { kills: before = 0, ...entry }, isNext: goesOn }: Beginning,
  state: LedgerEntry['state'],
  hasLease: boolean,
): { readonly entry: LedgerContent; readonly wasKilled: boolean } {
  const isUnderWay = state === 'loading' || state === 'waiting';
  const isNext = goesOn && isUnderWay && entry.attempts > 0;
  const wasKilled = isNext && hasLease;
  const kills = isNext ? before + Number(wasKilled) : 0;
  const begun = { ...entry, state: 'loading', attempts: isNext ? entry.attempts + 1 : 1 } as const;
  // An entry says only what has happened.
  return { entry: kills === 0 ? begun : { ...begun, kills }, wasKilled };
}

/** How a task begins that names files: other files than those that are queued are tried anew. */
function queuedFor(entry: LedgerContent, fingerprint: string): Beginning {
  return { entry, isNext: entry.queued === undefined || entry.queued.fingerprint === fingerprint };
}

/** The entry of a day of which nothing is known yet. */
function emptyEntry({ source, dataset, day, table }: LedgerSubject): LedgerContent {
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
    bytes: 0,
    superseded: [],
  };
}
