import type { Column } from './Table.ts';

/** Name of the table in every database. It cannot be changed, because the views use it. */
export const GROUPS_TABLE = 'experiment_groups';

/** The columns of the table of experiment groups. */
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
    comment: "Name of the rule's group, or of the holdout of held-out units",
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
    comment: 'Share of allocated units that the group gets, 0 to 1; null when it is not known',
  },
  {
    name: 'sent_as',
    type: 'string',
    comment: 'Names by which SDKs send it, plain and hashed, as a JSON array',
  },
  { name: 'first_seen', type: 'timestamp', comment: 'Time of the first specs that had the rule, UTC' },
  { name: 'last_seen', type: 'timestamp', comment: 'Time of the last specs that had the rule, UTC' },
] as const satisfies readonly Column[];

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
