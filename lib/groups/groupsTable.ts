import { type ObjectStore, type StoredText, storedText } from '../base/ObjectStore.ts';
import { eachAttempt, type RetryPorts } from '../base/retry.ts';
import { GROUPS_BYTES, type GroupRow, readGroupRows, writeGroupRows } from './GroupRow.ts';
import { GroupsError } from './GroupsError.ts';
import { KnownGroups } from './KnownGroups.ts';
import type { SpecRule } from './readSpecs.ts';

/**
 * The object of the table of experiment groups, for writers.
 *
 * @param key Key of the object: groupsKey of lib/tables/tableFolders.ts.
 */
export function groupsObject(store: ObjectStore, key: string): StoredText {
  return storedText(store, key, 'application/x-ndjson');
}

/** Options of {@link updateGroupsTable}. */
export interface UpdateOptions extends RetryPorts {
  /** The table's object. */
  readonly store: StoredText;
}

/**
 * Attempts to change an object that others change, too, and the pauses between them. Of two concurrent writers, one
 * succeeds.
 */
const RETRIES = { tries: 8, baseMs: 50, capMs: 1_000 } as const;

/**
 * Merges rules of specs into the table. If the table changed in the meantime, it merges again into the new version, so
 * that no pull loses rows of another.
 *
 * @param at When the specs were valid, epoch milliseconds.
 * @returns What the table holds now: it is not written if it held that before.
 * @throws GroupsError `SLUICE_GROUPS_BUSY`, `SLUICE_GROUPS_TABLE_INVALID`, `SLUICE_GROUPS_TABLE_TOO_LARGE`; what the
 *   store throws.
 */
export async function updateGroupsTable(
  rules: readonly SpecRule[],
  at: number,
  { store, wait, random }: UpdateOptions,
): Promise<GroupsMerge> {
  for await (const _ of eachAttempt({ ...RETRIES, wait, random })) {
    const stored = await store.read();
    const merged = mergeGroups(readGroupRows(stored?.text ?? ''), rules, at);
    const text = groupsText(merged.rows);
    if (text === stored?.text) return merged;
    const written = await store.write(text, stored?.eTag ?? null);
    if (written !== null) return merged;
  }
  throw new GroupsError('SLUICE_GROUPS_BUSY');
}

/** Reads the table once. @throws GroupsError `SLUICE_GROUPS_TABLE_INVALID`; what the store throws. */
export async function readKnownGroups(store: Pick<StoredText, 'read'>): Promise<KnownGroups> {
  return new KnownGroups(readGroupRows((await store.read())?.text ?? ''));
}

/** The result of merging specs into the table. */
interface GroupsMerge {
  /** All rows, sorted by their keys. */
  readonly rows: readonly GroupRow[];
  /** New rules. */
  readonly added: number;
  /** Rules that are in the table and in the specs. */
  readonly seenAgain: number;
  /** Rules that are in the table and no longer in the specs. They are kept. */
  readonly kept: number;
}

/**
 * Merges specs into the table. Rows are never removed: after an experiment has shipped, its specs no longer contain the
 * groups of its units. A rule that was a group once remains a group. Names and layers are those of the latest specs with
 * the rule, or of earlier ones where these have none. The specs can be older than the table.
 *
 * @param at When the specs were valid, epoch milliseconds.
 */
export function mergeGroups(rows: readonly GroupRow[], rules: readonly SpecRule[], at: number): GroupsMerge {
  const merged = new Map(rows.map((row) => [rowKey(row), row]));
  const size = merged.size;
  const seen = new Map<string, SpecRule['kind']>();
  for (const rule of rules) {
    const key = rowKey(rule);
    const known = merged.get(key);
    // Specs may have a rule ID twice in one experiment. As in the evaluators the first rule counts, but a group counts
    // before a rule that is none.
    const before = seen.get(key);
    if (before !== undefined && (before === 'group' || rule.kind !== 'group')) continue;
    seen.set(key, rule.kind);
    merged.set(key, known === undefined ? newRow(rule, at) : updateRow(known, rule, at));
  }
  const added = merged.size - size;
  return {
    rows: [...merged].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row),
    added,
    seenAgain: seen.size - added,
    kept: merged.size - seen.size,
  };
}

/**
 * The text of the table's object.
 *
 * @throws GroupsError `SLUICE_GROUPS_TABLE_TOO_LARGE`
 */
export function groupsText(rows: readonly GroupRow[]): string {
  const text = writeGroupRows(rows);
  const bytes = Buffer.byteLength(text);
  if (bytes > GROUPS_BYTES) {
    throw new GroupsError('SLUICE_GROUPS_TABLE_TOO_LARGE', `${bytes} bytes of ${GROUPS_BYTES}.`);
  }
  return text;
}

/** The key of a row. An experiment may have the name of a layer or a gate, but not the name of another config. */
function rowKey({
  experimentId,
  entity,
  ruleId,
}: Pick<GroupRow, 'experimentId' | 'entity' | 'ruleId'>): string {
  const names = entity === 'autotune' || entity === 'dynamic_config' ? 'experiment' : entity;
  return JSON.stringify([experimentId, names, ruleId]);
}

/** The row of a rule that was not known. @param at When its specs were valid, epoch milliseconds. */
function newRow({ split, ...rule }: SpecRule, at: number): GroupRow {
  return { ...rule, expectedSplit: split, firstSeen: at, lastSeen: at };
}

/** A known row with what newer specs say of its rule. */
function updateRow(row: GroupRow, { split, ...rule }: SpecRule, at: number): GroupRow {
  const isLatest = at >= row.lastSeen;
  const latest = isLatest ? { ...row, ...rule } : row;
  return {
    ...latest,
    groupName: latest.groupName ?? row.groupName ?? rule.groupName,
    // An experiment that has shipped may be taken out of its layer.
    layerId: latest.layerId ?? row.layerId ?? rule.layerId,
    kind: row.kind === 'group' || rule.kind === 'group' ? 'group' : latest.kind,
    expectedSplit: isLatest ? (split ?? row.expectedSplit) : (row.expectedSplit ?? split),
    firstSeen: Math.min(row.firstSeen, at),
    lastSeen: Math.max(row.lastSeen, at),
  };
}
