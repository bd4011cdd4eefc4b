import type { Config } from '../schema/config.ts';
import {
  customIdsColumn,
  identityColumn,
  partitionKey,
  receiptColumns,
  sdkColumns,
  senderMetadataColumn,
  timeColumns,
  unitColumns,
  unitIdColumns,
} from './sharedColumns.ts';
import { distinctColumns, type Table } from './Table.ts';

/** What was evaluated. */
export const exposureColumns = [
  {
    name: 'experiment_id',
    type: 'string',
    comment: 'Name of the gate, experiment or config; for a layer its allocated experiment, else the layer',
  },
  {
    name: 'exposure_type',
    type: 'string',
    comment: 'gate, config or layer of Statsig, whose experiments are configs; else experiment or feature',
  },
  {
    name: 'group_id',
    type: 'string',
    comment: 'Rule ID; for gates <rule ID>:Pass or <rule ID>:Fail',
  },
  { name: 'group_name', type: 'string', comment: 'Name of the group; null until names are resolved' },
  { name: 'rule_id', type: 'string', comment: 'Rule that decided, as sent' },
  { name: 'gate_value', type: 'boolean', comment: 'Answer of the gate; null unless a gate' },
  {
    name: 'is_assignment',
    type: 'boolean',
    comment: 'Whether the row puts the unit in a group; false for defaults, overrides and the like',
  },
  { name: 'layer_id', type: 'string', comment: 'The layer; null unless a layer' },
  {
    name: 'allocated_experiment',
    type: 'string',
    comment: 'Experiment that the layer allocated the unit to; null when none',
  },
  { name: 'parameter_name', type: 'string', comment: 'Layer parameter that was read' },
  {
    name: 'is_explicit_parameter',
    type: 'boolean',
    comment: 'Whether the allocated experiment sets it; null unless a layer',
  },
  { name: 'reason', type: 'string', comment: "The SDK's evaluation reason, e.g. Network:Recognized" },
  { name: 'config_version', type: 'string', comment: 'Version of the evaluated gate, config or layer' },
  { name: 'is_manual', type: 'boolean', comment: 'Whether the exposure was logged by hand' },
] as const;

/** The user of an exposure. */
export const userDimensionsColumn = {
  name: 'user_dimensions',
  type: 'string',
  comment: 'The whole SDK user as a JSON object, without private attributes',
} as const;

/** What was evaluated on the way, and what is logged with an exposure. */
export const exposureDetailColumns = [
  {
    name: 'secondary_exposures',
    type: 'string',
    comment: 'Gates, segments and holdouts evaluated on the way: a JSON array of {gate, gateValue, ruleID}',
  },
  { name: 'metadata', type: 'string', comment: "The exposure's metadata as sent, as a JSON object" },
] as const;

/** The columns before and after the configured unit IDs. */
export const exposuresColumns = {
  before: distinctColumns([identityColumn, ...exposureColumns, ...unitColumns]),
  after: distinctColumns([
    customIdsColumn,
    ...timeColumns,
    ...receiptColumns,
    userDimensionsColumn,
    ...exposureDetailColumns,
    senderMetadataColumn,
    ...sdkColumns,
  ]),
};

/** The table of raw exposures, one row each, as they came. */
export function exposuresTable(config: Pick<Config, 'tables' | 'unitIds'>): Table {
  return {
    kind: 'exposures',
    name: config.tables.exposures,
    comment: 'Raw exposures as Statsig SDKs sent them, one row each; may hold resends (same event_id)',
    columns: [...exposuresColumns.before, ...unitIdColumns(config), ...exposuresColumns.after],
    partitionKey,
  };
}
