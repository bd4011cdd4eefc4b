import type { ColumnNote } from './columnNotes.ts';
import type { Column, RowOf } from './Table.ts';

/** Name of the table in every database. It cannot be changed, because the views use it. */
export const GROUPS_TABLE = 'experiment_groups';

const groupsColumns = [
  { name: 'experiment_id', type: 'string', comment: 'Name of the experiment, layer, gate or holdout' },
  {
    name: 'entity',
    type: 'string',
    comment: 'Its type: experiment, autotune, dynamic_config, gate, layer or holdout',
  },
  { name: 'layer_id', type: 'string', comment: 'Layer that the experiment is in; null when it is in none' },
  { name: 'rule_id', type: 'string', comment: 'Rule ID, as exposures have it; empty for a holdout' },
  {
    name: 'group_name',
    type: 'string',
    comment: "Name of the rule's group; of a rule for held-out units the name of the holdout",
  },
  {
    name: 'kind',
    type: 'string',
    comment:
      'Purpose of the rule: group, variant (of an autotune), holdout, launch, abandoned, prestart, targeting, allocation, override or other. A rule that was a group once stays one',
  },
  {
    name: 'expected_split',
    type: 'double',
    comment: 'Share of allocated units that the group gets, 0 to 1, as last seen; null when it is not known',
  },
  {
    name: 'splits',
    type: 'string',
    comment: 'Shares by period as a JSON array of {"from","to","split"}, oldest first; times are UTC',
  },
  {
    name: 'sent_as',
    type: 'string',
    comment: 'Names by which SDKs send it, plain and hashed, as a JSON array',
  },
  { name: 'first_seen', type: 'timestamp', comment: 'Time of the first specs that had the rule, UTC' },
  { name: 'last_seen', type: 'timestamp', comment: 'Time of the last specs that had the rule, UTC' },
] as const satisfies readonly Column[];

/** A row of the table. */
export type GroupsRow = RowOf<typeof groupsColumns>;

/**
 * The table that `sluice groups pull` writes: one row for each rule of an experiment, autotune or layer, one for each
 * rule by which a gate or dynamic config holds units out, and one for each holdout. It has no partitions: it is one small
 * object, in which every line is a row as JSON.
 */
export const groupsTable = {
  name: GROUPS_TABLE,
  comment: 'Groups and other rules of experiments, from Statsig specs; empty until sluice groups pull',
  columns: groupsColumns,
} as const;

const note = (example: string, filledBy: string, nullWhen: string): ColumnNote => ({
  example,
  filledBy,
  nullWhen,
});

const SPECS = "Statsig's specs";
const PULL = '`sluice groups pull`';

/** Notes of docs/reference/tables.md on each column. */
export const groupsNotes: Readonly<Record<keyof GroupsRow, ColumnNote>> = {
  experiment_id: note('checkout_button', SPECS, 'never'),
  entity: note('experiment', SPECS, 'never'),
  layer_id: note('homepage', SPECS, 'it is in no layer'),
  rule_id: note('3QfjCheckoutTest', SPECS, 'never'),
  group_name: note('Test', SPECS, 'the specs have no name for the rule'),
  kind: note('group', PULL, 'never'),
  expected_split: note('0.5', PULL, 'the rule is not a group, or the specs do not say'),
  splits: note(
    '[{"from":"2026-11-01T10:00:00.000Z","to":"2026-11-20T10:00:00.000Z","split":0.5}]',
    PULL,
    'expected_split was never known',
  ),
  sent_as: note(
    '["spring_holdout","2954373283","…"]',
    PULL,
    'it is not a holdout, and was last pulled before version 0.3',
  ),
  first_seen: note('2026-11-01 10:00:00.000', PULL, 'never'),
  last_seen: note('2026-11-20 10:00:00.000', PULL, 'never'),
};
