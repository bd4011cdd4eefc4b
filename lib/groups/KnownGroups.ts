import { ASSIGNING_KINDS, type GroupKind, type GroupRow } from './GroupRow.ts';

/** A rule in the table of experiment groups. */
interface KnownRule {
  /** Name of the group, or of the holdout that the rule is for; null if there is none. */
  readonly groupName: string | null;
  /** What the rule is for. */
  readonly kind: GroupKind;
  /** Whether it puts a unit in a group. */
  readonly assigns: boolean;
}

/** Lookups in the table of experiment groups. */
export class KnownGroups {
  /** The empty table, before anything was pulled. */
  static readonly none = new KnownGroups([]);

  /** Names of everything in the table except holdouts. */
  readonly names: readonly string[];
  /** Names of holdouts. */
  readonly holdouts: readonly string[];
  /** Rules by name, then by rule ID. Gates are apart, because a gate can have the name of an experiment. */
  readonly #gates = new Map<string, Map<string, KnownRule>>();
  readonly #configs = new Map<string, Map<string, KnownRule>>();

  constructor(rows: readonly GroupRow[]) {
    const names = new Set<string>();
    const holdouts = new Set<string>();
    for (const { experimentId, entity, ruleId, groupName, kind } of rows) {
      (entity === 'holdout' ? holdouts : names).add(experimentId);
      if (entity === 'layer' || entity === 'holdout') continue;
      const byName = entity === 'gate' ? this.#gates : this.#configs;
      const rules = byName.get(experimentId) ?? new Map<string, KnownRule>();
      byName.set(experimentId, rules);
      rules.set(ruleId, { groupName, kind, assigns: ASSIGNING_KINDS.includes(kind) });
    }
    this.names = [...names];
    this.holdouts = [...holdouts];
  }

  /** A rule of a gate, or of an experiment or config; undefined when the table does not contain it. */
  find(isGate: boolean, name: string, ruleId: string): KnownRule | undefined {
    return (isGate ? this.#gates : this.#configs).get(name)?.get(ruleId);
  }
}
