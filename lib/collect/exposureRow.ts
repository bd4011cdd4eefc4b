import { EventError } from '../statsig/EventError.ts';
import type { ResolvedName } from '../statsig/experimentNames.ts';
import { isAssignment } from '../statsig/isAssignment.ts';
import { isJsonObject, type JsonObject } from '../statsig/JsonObject.ts';
import type { ExposureRow } from '../tables/exposuresTable.ts';
import { scalarText } from './scalarText.ts';

/** Kind of an exposure event, by its name. */
export const EXPOSURE_KINDS: ReadonlyMap<string, 'gate' | 'config' | 'layer'> = new Map([
  ['statsig::gate_exposure', 'gate'],
  ['statsig::config_exposure', 'config'],
  ['statsig::layer_exposure', 'layer'],
]);

/** The columns of an exposure that its metadata alone decides. */
export type EvaluationColumns = Pick<
  ExposureRow,
  | 'experiment_id'
  | 'exposure_type'
  | 'group_id'
  | 'group_name'
  | 'rule_id'
  | 'gate_value'
  | 'is_assignment'
  | 'layer_id'
  | 'allocated_experiment'
  | 'parameter_name'
  | 'is_explicit_parameter'
  | 'reason'
  | 'config_version'
  | 'is_manual'
>;

/** Between a gate's rule ID and its outcome in `group_id`. Statsig's documents say "ruleID + Pass/Fail" only. */
const GATE_SEPARATOR = ':';

/**
 * Reads an exposure's metadata into its columns.
 *
 * @param resolve Makes real names of hashed ones.
 * @returns The columns, and whether the allocated experiment's name could not be resolved.
 * @throws EventError `SLUICE_EVENT_BAD_EXPOSURE` when it names no gate, config or layer.
 */
export function exposureRow(
  kind: 'gate' | 'config' | 'layer',
  metadata: unknown,
  resolve: (sent: string) => ResolvedName,
): { readonly columns: EvaluationColumns; readonly unresolved: boolean } {
  if (!isJsonObject(metadata)) throw new EventError('SLUICE_EVENT_BAD_EXPOSURE');
  const name = text(metadata[kind === 'gate' ? 'gate' : 'config']);
  if (name === null) throw new EventError('SLUICE_EVENT_BAD_EXPOSURE');
  const ruleId = scalarText(metadata['ruleID']) ?? '';
  const reason = text(metadata['reason']);
  const common = {
    experiment_id: name,
    exposure_type: kind,
    group_id: ruleId,
    group_name: text(metadata['group']),
    rule_id: ruleId,
    gate_value: null,
    is_assignment: isAssignment(ruleId, reason),
    layer_id: null,
    allocated_experiment: null,
    parameter_name: null,
    is_explicit_parameter: null,
    reason,
    config_version: scalarText(metadata['configVersion']),
    is_manual: flag(metadata['isManualExposure']) ?? false,
  };
  if (kind === 'config') return { columns: common, unresolved: false };
  if (kind === 'gate') return { columns: { ...common, ...gateColumns(metadata, ruleId) }, unresolved: false };

  const sent = text(metadata['allocatedExperiment']);
  const allocated = sent === null ? null : resolve(sent);
  return {
    columns: {
      ...common,
      experiment_id: allocated?.name ?? name,
      is_assignment: allocated !== null && common.is_assignment,
      layer_id: name,
      allocated_experiment: allocated?.name ?? null,
      parameter_name: text(metadata['parameterName']),
      is_explicit_parameter: flag(metadata['isExplicitParameter']),
    },
    unresolved: allocated !== null && !allocated.resolved,
  };
}

/** A gate without a value has passed nobody and failed nobody: it has no group. */
function gateColumns(metadata: JsonObject, ruleId: string) {
  const value = flag(metadata['gateValue']);
  if (value === null) return { gate_value: null, group_id: null, is_assignment: false };
  return { gate_value: value, group_id: `${ruleId}${GATE_SEPARATOR}${value ? 'Pass' : 'Fail'}` };
}

/** SDKs send flags as text, and a hand-made request as booleans. */
function flag(value: unknown): boolean | null {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
}

function text(value: unknown): string | null {
  const written = scalarText(value);
  return written === '' ? null : written;
}
