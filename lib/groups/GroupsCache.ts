import { errorText } from '../base/errors.ts';
import type { ObjectStore, ObjectText } from '../base/ObjectStore.ts';
import { backoffMs } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import { GROUPS_BYTES, readGroupRows } from './GroupRow.ts';
import { GroupsError } from './GroupsError.ts';
import { KnownGroups } from './KnownGroups.ts';

/**
 * Reads the table's object. Settles within `timeoutMs`.
 *
 * @param known ETag of the known version.
 * @returns `same` when that is still the current version, `none` when there is no object.
 */
type ReadGroups = (known: string | null, timeoutMs: number) => Promise<ObjectText | 'same' | 'none'>;

/**
 * Reads the table's object for the collector, if it has changed. A list call comes first: it distinguishes a missing object
 * from a denied one, and has the size. It needs permission to list one folder only.
 *
 * @param key Key of the object: groupsKey of lib/tables/tableFolders.ts.
 */
export function groupsReader(store: ObjectStore, key: string): ReadGroups {
  return async (known, timeoutMs) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const { items } = await store.listPage(key, { limit: 1, signal });
    const listed = items.find((item) => item.key === key);
    if (listed === undefined) return 'none';
    if (listed.eTag === known) return 'same';
    if (listed.size > GROUPS_BYTES) {
      throw new GroupsError('SLUICE_GROUPS_TABLE_TOO_LARGE', `${listed.size} bytes of ${GROUPS_BYTES}.`);
    }
    return (await store.read(key, { signal })) ?? 'none';
  };
}

/** Options of {@link GroupsCache}. */
interface GroupsCacheOptions {
  /** Reads the table's object. */
  readonly read: ReadGroups;
  /** The time by which the table is fresh. */
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** Called after each failed read. */
  readonly countFailure: () => void;
}

/** How long the table counts as fresh, in milliseconds. The views apply changes to rows that landed in the meantime. */
export const GROUPS_FRESH_MS = 5 * 60_000;
/** Timeout of a read in milliseconds. It is also the longest delay of an answer. */
const READ_MS = 500;
/** Pause after a failed read; it doubles with every failure. */
const AFTER_FAILURE = { baseMs: 10_000, capMs: GROUPS_FRESH_MS, leastMs: 5_000 } as const;

/**
 * Caches the table of experiment groups for one execution environment. It is read when the environment starts, and again
 * in the background when it is no longer fresh. A failed read changes nothing: requests continue with the known groups,
 * and the views resolve rows that landed without newer ones. There is never a second read at the same time.
 */
export class GroupsCache {
  readonly #options: GroupsCacheOptions;
  #known = KnownGroups.none;
  #eTag: string | null = null;
  /** Epoch milliseconds before which no read begins. */
  #dueAt = Number.NEGATIVE_INFINITY;
  #lastLook = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #hasRead = false;
  #underWay: Promise<void> | undefined;

  constructor(options: GroupsCacheOptions) {
    this.#options = options;
  }

  /** The known groups. It is a different object after each change, and only then. */
  get current(): KnownGroups {
    return this.#known;
  }

  /** Starts a read if one is due. It neither throws nor waits. */
  refresh(deadline: number): void {
    const now = this.#options.clock.now();
    // Without this check, a clock that is set back would delay the next read by as much.
    const isDue = now >= this.#dueAt || now < this.#lastLook;
    if (this.#underWay !== undefined || !isDue) return;
    this.#lastLook = now;
    this.#underWay = this.#read(now, Math.max(1, Math.min(READ_MS, deadline - now))).finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Resolves when the first read has ended, which takes at most half a second. */
  async started(): Promise<void> {
    if (!this.#hasRead) await this.#underWay;
  }

  /** Resolves when no read is running: Lambda would freeze it at the end of the invocation. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  /** Reads the table once. It never throws. */
  async #read(now: number, timeoutMs: number): Promise<void> {
    const { read, random, log, countFailure } = this.#options;
    try {
      const found = await read(this.#eTag, timeoutMs);
      if (found === 'none') {
        this.#known = KnownGroups.none;
        this.#eTag = null;
      } else if (found !== 'same') {
        this.#known = new KnownGroups(readGroupRows(found.text));
        this.#eTag = found.eTag;
      }
      this.#failures = 0;
      this.#dueAt = now + GROUPS_FRESH_MS;
    } catch (error) {
      this.#failures += 1;
      this.#dueAt = now + backoffMs(this.#failures, random, AFTER_FAILURE);
      log({ level: 'warn', event: 'groups', ...describe(error), failures: this.#failures });
      countFailure();
    } finally {
      this.#hasRead = true;
    }
  }
}

/** An error as a log line has it. */
function describe(error: unknown): Record<string, unknown> {
  if (error instanceof GroupsError) return { code: error.code, detail: error.detail };
  return { code: 'SLUICE_GROUPS_STORE', error: errorText(error) };
}
