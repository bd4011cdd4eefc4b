import { backoffMs } from '../time/backoffMs.ts';
import { readGroupRows } from './GroupRow.ts';
import type { GroupsObject } from './GroupsCache.ts';
import { GroupsError } from './GroupsError.ts';
import { KnownGroups } from './KnownGroups.ts';
import { type GroupsMerge, groupsText, mergeGroups } from './mergeGroups.ts';
import type { SpecRule } from './readSpecs.ts';

/** The table's object, for who changes it. */
export interface GroupsStore {
  /** Null when there is none. */
  read(): Promise<GroupsObject | null>;
  /**
   * Replaces the object with that ETag, or puts the first one where `expected` is null.
   *
   * @returns false, and nothing changed, when another object is there.
   */
  write(text: string, expected: string | null): Promise<boolean>;
}

/** What {@link pullGroups} works with. */
export interface PullOptions {
  readonly store: GroupsStore;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly random: () => number;
}

/** Tries to change an object that others change too: of any two, one succeeds. */
const TRIES = 8;
const AFTER_CONFLICT = { baseMs: 50, capMs: 1_000 };

/**
 * Merges rules of specs into the table. When somebody else changed the table in the meantime, it merges again into
 * what they wrote, so that no pull loses another's rows.
 *
 * @param at When the specs were valid, epoch milliseconds.
 * @throws GroupsError `SLUICE_GROUPS_BUSY`, `SLUICE_GROUPS_TABLE_INVALID`, `SLUICE_GROUPS_TABLE_TOO_LARGE`; what the
 *   store throws.
 */
export async function pullGroups(
  rules: readonly SpecRule[],
  at: number,
  { store, wait, random }: PullOptions,
): Promise<GroupsMerge> {
  for (let tries = 1; ; tries += 1) {
    const there = await store.read();
    const merged = mergeGroups(there === null ? [] : readGroupRows(there.text), rules, at);
    const text = groupsText(merged.rows);
    if (text === there?.text || (await store.write(text, there?.eTag ?? null))) return merged;
    if (tries === TRIES) throw new GroupsError('SLUICE_GROUPS_BUSY');
    await wait(backoffMs(tries, random, AFTER_CONFLICT));
  }
}

/** What the table says, for who reads it once. @throws GroupsError `SLUICE_GROUPS_TABLE_INVALID`; what the store throws. */
export async function readKnownGroups(store: Pick<GroupsStore, 'read'>): Promise<KnownGroups> {
  return new KnownGroups(readGroupRows((await store.read())?.text ?? ''));
}
