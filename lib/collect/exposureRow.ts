import type { SortedMembers } from '../base/canonicalJson.ts';
import { KnownGroups } from '../groups/KnownGroups.ts';
import { scalarText } from '../tables/columnText.ts';
import type { ExposureRow } from '../tables/exposuresTable.ts';
import { eventRefusal } from '../wire/EventError.ts';
import type { ResolvedName } from '../wire/experimentNames.ts';
import { isAssignment } from '../wire/isAssignment.ts';

/** What was evaluated. */
export type ExposureKind = 'gate' | 'config' | 'layer';

/** Kind of an exposure event, by its name. */
export const EXPOSURE_KINDS: ReadonlyMap<string, ExposureKind> = new Map([
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

/** Members of an exposure's metadata that its columns come from: redaction leaves them. */
export const EVALUATION_MEMBERS: ReadonlySet<string> = new Set([
  'gate',
  'config',
  'ruleID',
  'reason',
  'gateValue',
  'allocatedExperiment',
  'group',
  'parameterName',
  'isExplicitParameter',
  'configVersion',
  'isManualExposure',
]);

/** Between a gate's rule ID and its outcome in `group_id`. Statsig's documents say "ruleID + Pass/Fail" only. */
const GATE_SEPARATOR = ':';

/**
 * Reads an exposure's metadata into its columns.
 *
 * @param resolve Makes real names of hashed ones.
 * @param heldOut Whether a known holdout is among the secondary exposures: the unit is in no group then, unless the rule
 *   is known for a group's.
 * @param known What is known of rules: it names groups, and says which rules are no group's.
 * @returns The columns, and whether the allocated experiment's name could not be resolved.
 * @throws EventError `SLUICE_EVENT_BAD_EXPOSURE` when it names no gate, config or layer.
 */
export function exposureRow(
  kind: ExposureKind,
  metadata: SortedMembers,
  resolve: (sent: string) => ResolvedName,
  heldOut = false,
  known = KnownGroups.none,
): { readonly columns: EvaluationColumns; readonly unresolved: boolean } {
  const name = text(metadata.get(kind === 'gate' ? 'gate' : 'config'));
  if (name === null) throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
  const ruleId = scalarText(metadata.get('ruleID')) ?? '';
  const reason = text(metadata.get('reason'));
  const gateValue = kind === 'gate' ? flag(metadata.get('gateValue')) : null;
  const layer = kind === 'layer';
  const sent = layer ? text(metadata.get('allocatedExperiment')) : null;
  const allocated = sent === null ? null : resolve(sent);
  const experiment = allocated === null ? name : allocated.name;
  const rule = layer && allocated === null ? undefined : known.find(kind === 'gate', experiment, ruleId);
  const assigned = (rule?.assigns ?? !heldOut) && isAssignment(ruleId, reason);
  return {
    columns: {
      experiment_id: experiment,
      exposure_type: kind,
      group_id: kind === 'gate' ? gateGroup(ruleId, gateValue) : ruleId,
      group_name: text(metadata.get('group')) ?? (assigned ? (rule?.groupName ?? null) : null),
      rule_id: ruleId,
      gate_value: gateValue,
      // A gate without a value has passed nobody and failed nobody; a layer assigns through its experiment.
      is_assignment: assigned && (kind !== 'gate' || gateValue !== null) && (!layer || allocated !== null),
      layer_id: layer ? name : null,
      allocated_experiment: allocated === null ? null : allocated.name,
      parameter_name: layer ? text(metadata.get('parameterName')) : null,
      is_explicit_parameter: layer ? flag(metadata.get('isExplicitParameter')) : null,
      reason,
      config_version: text(metadata.get('configVersion')),
      is_manual: flag(metadata.get('isManualExposure')) ?? false,
    },
    unresolved: allocated !== null && !allocated.resolved,
  };
}

function gateGroup(ruleId: string, value: boolean | null): string | null {
  return value === null ? null : `${ruleId}${GATE_SEPARATOR}${value ? 'Pass' : 'Fail'}`;
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
