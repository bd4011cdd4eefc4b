import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { parseJson } from '../../base/json.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { ARCHIVING_RULES_KEY } from '../../tables/ledgerKeys.ts';

/** A rule of the bucket that archives objects. */
const archivingRuleSchema = z.strictObject({
  /** The rule's own ID in the lifecycle configuration. */
  id: z.string(),
  /** The rule is for keys that begin with this; empty for all keys. */
  prefix: z.string(),
  /** The archive class that the rule moves objects to. */
  storageClass: z.string(),
  /** The rule archives an object this many days after its creation; null if the rule names a date. */
  days: z.number().nullable(),
  /** Whether the rule is only for versions that were replaced or deleted. */
  isOfVersions: z.boolean(),
});
/** An enabled rule of the bucket's lifecycle that archives objects: they can't be read before somebody restores them. */
export type ArchivingRule = Readonly<z.output<typeof archivingRuleSchema>>;

/** The note: each rule, and since when it was seen, epoch milliseconds. */
const notedSchema = z.array(archivingRuleSchema.extend({ since: z.number() }));
/** A rule, and the time of the first look that has seen it, epoch milliseconds. */
export type NotedRule = Readonly<z.output<typeof notedSchema>[number]>;

/** Reads the note of rules. A bucket without a note has no rules, as has a note that cannot be read. */
export function parseArchivingRules(text = '[]'): readonly NotedRule[] {
  return readNote(text) ?? [];
}

/** The rules of a note; undefined if it cannot be read. */
function readNote(text: string): readonly NotedRule[] | undefined {
  return notedSchema.safeParse(parseJson(text)).data;
}

/**
 * Notes the rules that a look sees, and keeps since when each of them has been seen. A note that cannot be read has lost
 * these times: they begin at `now` again, and the log says so. The note is written only if it changes.
 *
 * @param rules All archiving rules of the bucket.
 * @param now The time of the look, epoch milliseconds.
 * @param log Writes one line of the log.
 * @throws What the store throws.
 */
export async function noteArchivingRules(
  store: Pick<ObjectStore, 'read' | 'write'>,
  rules: readonly ArchivingRule[],
  now: number,
  log: (fields: Record<string, unknown>) => void,
): Promise<void> {
  const stored = await store.read(ARCHIVING_RULES_KEY, { listsIfDenied: true });
  const text = stored?.text ?? '[]';
  const before = readNote(text);
  if (before === undefined)
    log({ level: 'warn', event: 'archiving_rules', problem: 'note_unreadable', key: ARCHIVING_RULES_KEY });
  const seenSince = (rule: ArchivingRule) =>
    before?.find(({ since, ...notedRule }) => isDeepStrictEqual(notedRule, rule))?.since ?? now;
  const next = JSON.stringify(rules.map((rule) => ({ ...rule, since: seenSince(rule) })));
  if (next !== text) await store.write(ARCHIVING_RULES_KEY, next);
}
