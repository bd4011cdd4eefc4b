import { isJsonObject, parseJson } from '../base/json.ts';
import { parseInstant, sqlTimestamp } from '../base/time.ts';
import { hashedNames } from '../wire/experimentNames.ts';
import { GroupsError } from './GroupsError.ts';

/** The kind of entity that an experiment's name in the table belongs to. */
type GroupEntity = (typeof ENTITIES)[number];

/** The effect of a rule on the units that it matches. */
export type GroupKind = (typeof KINDS)[number];

/** What a rule can be of. */
const ENTITIES = ['experiment', 'autotune', 'dynamic_config', 'gate', 'layer', 'holdout'] as const;

/** What a rule can be. */
const KINDS = [
  'group',
  'variant',
  'holdout',
  'launch',
  'abandoned',
  'prestart',
  'targeting',
  'allocation',
  'override',
  'other',
] as const;

/** Kinds of rules that put a unit in a group. */
export const ASSIGNING_KINDS: readonly GroupKind[] = ['group', 'variant'];

/** A row of the table of experiment groups: lib/tables/groupsTable.ts says what each column means. */
export interface GroupRow {
  /** Name of the experiment, or of what else has the rule. */
  readonly experimentId: string;
  /** What has the rule: an experiment, a layer, a gate. */
  readonly entity: GroupEntity;
  /** Name of the layer that the experiment is in; null if it is in none. */
  readonly layerId: string | null;
  /** ID of the rule; empty for a holdout as a whole. */
  readonly ruleId: string;
  /** Name of the group, or of the holdout that the rule is for; null if there is none. */
  readonly groupName: string | null;
  /** What the rule is for. */
  readonly kind: GroupKind;
  /** Share of the allocated units, 0 to 1; null if the rule is no group, or its share is not known. */
  readonly expectedSplit: number | null;
  /** Epoch milliseconds. */
  readonly firstSeen: number;
  /** When specs had the rule last, epoch milliseconds. */
  readonly lastSeen: number;
}

/** The most bytes of the table's object: every execution environment of the collector reads and keeps it. */
export const GROUPS_BYTES = 4 * 1024 * 1024;

/** A row by the names of the table's columns, in their order: docs/reference/tables.md. */
export interface GroupColumns {
  /** Name of the experiment, layer, gate or holdout. */
  readonly experiment_id: string;
  /** Its type. */
  readonly entity: GroupEntity;
  /** Layer that the experiment is in; null when it is in none. */
  readonly layer_id: string | null;
  /** Rule ID, as exposures have it; empty for a holdout. */
  readonly rule_id: string;
  /** Name of the rule's group; null when it has none. */
  readonly group_name: string | null;
  /** Purpose of the rule. */
  readonly kind: GroupKind;
  /** Share of allocated units that the group gets, 0 to 1; null when it is not known. */
  readonly expected_split: number | null;
  /** Names by which SDKs send it, plain and hashed, as the text of a JSON array. */
  readonly sent_as: string;
  /** Time of the first specs that had the rule, UTC. */
  readonly first_seen: string;
  /** Time of the last specs that had the rule, UTC. */
  readonly last_seen: string;
}

/** The columns of a row. @param timestamp Writes a time, which is epoch milliseconds. */
export function groupColumns(row: GroupRow, timestamp: (epochMs: number) => string): GroupColumns {
  return {
    experiment_id: row.experimentId,
    entity: row.entity,
    layer_id: row.layerId,
    rule_id: row.ruleId,
    group_name: row.groupName,
    kind: row.kind,
    expected_split: row.expectedSplit,
    sent_as: JSON.stringify([row.experimentId, ...hashedNames(row.experimentId)]),
    first_seen: timestamp(row.firstSeen),
    last_seen: timestamp(row.lastSeen),
  };
}

/** The rows as the text of the table's object: a JSON document a line, its members named after the columns. */
export function writeGroupRows(rows: readonly GroupRow[]): string {
  return rows.map((row) => `${JSON.stringify(groupColumns(row, sqlTimestamp))}\n`).join('');
}

/**
 * Reads the text of the table's object. Rows may have been changed by hand, so nothing of them is trusted. Written
 * without a library of schemas: the collector reads it, and would load that at every cold start.
 *
 * @throws GroupsError `SLUICE_GROUPS_TABLE_INVALID`, with the line and the column.
 */
export function readGroupRows(text: string): GroupRow[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const invalid = (what: string) =>
      new GroupsError('SLUICE_GROUPS_TABLE_INVALID', `Line ${index + 1}: ${what}.`);
    const row = parseObject(line);
    if (row === null) throw invalid('no JSON object');
    const textOf = (name: string) => {
      const value = row[name];
      if (typeof value !== 'string') throw invalid(`${name} is not a text`);
      return value;
    };
    const textOrNull = (name: string) => ((row[name] ?? null) === null ? null : textOf(name));
    const timeOf = (name: string) => {
      const time = parseInstant(`${textOf(name).replace(' ', 'T')}Z`);
      if (time === null) throw invalid(`${name} is not a time`);
      return time;
    };
    const oneOf = <Value extends string>(name: string, values: readonly Value[]): Value => {
      const value = textOf(name);
      const found = values.find((known) => known === value);
      if (found === undefined) throw invalid(`${name} is not one of ${values.join(', ')}`);
      return found;
    };
    const split = row['expected_split'] ?? null;
    if (split !== null && typeof split !== 'number') throw invalid('expected_split is not a number');
    return [
      {
        experimentId: textOf('experiment_id'),
        entity: oneOf('entity', ENTITIES),
        layerId: textOrNull('layer_id'),
        ruleId: textOf('rule_id'),
        groupName: textOrNull('group_name'),
        kind: oneOf('kind', KINDS),
        expectedSplit: split,
        firstSeen: timeOf('first_seen'),
        lastSeen: timeOf('last_seen'),
      },
    ];
  });
}

/** A JSON object; null for any other text. */
function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  const value = parseJson(text);
  return isJsonObject(value) ? value : null;
}
