import * as z from 'zod';
import { parseJson } from '../../base/json.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import { ARCHIVING_RULES_KEY } from '../../tables/ledgerKeys.ts';

const archivingRuleSchema = z.strictObject({
  id: z.string(),
  /** Of the keys that it is for; empty for all. */
  prefix: z.string(),
  storageClass: z.string(),
  /** Days after which it archives an object; null if it names a date. */
  days: z.number().nullable(),
  /** Whether it is for versions that were replaced or deleted alone. */
  isOfVersions: z.boolean(),
});
/** An enabled rule of the bucket's lifecycle that archives objects: they can't be read before somebody restores them. */
export type ArchivingRule = Readonly<z.output<typeof archivingRuleSchema>>;

const notedSchema = z.array(archivingRuleSchema.extend({ since: z.number() }));
/** A rule, and since when looks have seen it, epoch milliseconds. */
export type NotedRule = Readonly<z.output<typeof notedSchema>[number]>;

/** Reads the note of rules. None, and one that can't be read, has none. */
export function parseArchivingRules(text = ''): readonly NotedRule[] {
  return notedSchema.safeParse(parseJson(text)).data ?? [];
}

/** Notes the rules that a look sees, if they are others than before. */
export async function noteArchivingRules(
  store: Pick<ObjectStore, 'read' | 'write'>,
  rules: readonly ArchivingRule[],
  now: number,
): Promise<void> {
  const { text = '[]' } = (await store.read(ARCHIVING_RULES_KEY, { listsIfDenied: true })) ?? {};
  const before = parseArchivingRules(text);
  const known = (rule: ArchivingRule) =>
    before.find(({ since, ...one }) => JSON.stringify(one) === JSON.stringify(rule));
  const next = JSON.stringify(rules.map((rule) => ({ ...rule, since: known(rule)?.since ?? now })));
  if (next !== text) await store.write(ARCHIVING_RULES_KEY, next);
}
