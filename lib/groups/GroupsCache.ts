import { backoffMs } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import { GROUPS_BYTES, readGroupRows } from './GroupRow.ts';
import { GroupsError } from './GroupsError.ts';
import { KnownGroups } from './KnownGroups.ts';

/** The table's object at one time. */
export interface GroupsObject {
  readonly text: string;
  readonly eTag: string;
}

/**
 * Reads the table's object. Settles within `timeoutMs`.
 *
 * @param known ETag of the object that is known already.
 * @returns `same` when it is still that one, `none` when there is no object.
 */
export type ReadGroups = (known: string | null, timeoutMs: number) => Promise<GroupsObject | 'same' | 'none'>;

/** What {@link GroupsCache} works with. */
export interface GroupsCacheOptions {
  readonly read: ReadGroups;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Called after each read that failed. */
  readonly countFailure: () => void;
}

/** How long the table is taken as read, in milliseconds. The views apply it to rows that landed in the meantime. */
export const GROUPS_FRESH_MS = 5 * 60_000;
/** The longest that a read may take, and with it the longest that it delays an answer, in milliseconds. */
const READ_MS = 500;
/** Pause after a failed read; it doubles with every failure. */
const AFTER_FAILURE = { baseMs: 10_000, capMs: GROUPS_FRESH_MS, leastMs: 5_000 } as const;

/**
 * The table of experiment groups as one execution environment knows it. It is read when the environment starts, and
 * again in the background when it is no longer fresh. A failed read changes nothing: requests go on with what was known,
 * and the views resolve what they landed without it. There is never a second read under way.
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

  /** What is known now. The object is another one after each change, and only then. */
  get current(): KnownGroups {
    return this.#known;
  }

  /** Begins a read if one is due. Never throws, and never waits. */
  refresh(deadline: number): void {
    const now = this.#options.clock.now();
    // A clock that was set back would keep us from reading for as long as it was set back.
    const isDue = now >= this.#dueAt || now < this.#lastLook;
    if (this.#underWay !== undefined || !isDue) return;
    this.#lastLook = now;
    this.#underWay = this.#read(now, Math.max(1, Math.min(READ_MS, deadline - now))).finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Resolves when the first read is over, which is within half a second; at once when it is over already. */
  async started(): Promise<void> {
    if (!this.#hasRead) await this.#underWay;
  }

  /** Resolves when no read is under way: Lambda freezes what is still under way when an invocation ends. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #read(now: number, timeoutMs: number): Promise<void> {
    const { read, random, log, countFailure } = this.#options;
    try {
      const found = await read(this.#eTag, timeoutMs);
      if (found === 'none') {
        if (this.#eTag !== null) this.#known = KnownGroups.none;
        this.#eTag = null;
      } else if (found !== 'same') {
        this.#known = new KnownGroups(readGroupRows(checked(found.text)));
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

function checked(text: string): string {
  // Each character takes a byte at least, so that this never lets more through than the writer does.
  if (text.length > GROUPS_BYTES) throw new GroupsError('SLUICE_GROUPS_TABLE_TOO_LARGE');
  return text;
}

function describe(error: unknown): Record<string, unknown> {
  if (error instanceof GroupsError) return { code: error.code, detail: error.detail };
  return { code: 'SLUICE_GROUPS_STORE', error: error instanceof Error ? error.name : 'Error' };
}
