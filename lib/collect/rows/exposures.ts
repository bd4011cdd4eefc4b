import type { CanonicalJsonWriter, SortedMembers } from '../../base/canonicalJson.ts';
import { isJsonObject } from '../../base/json.ts';
import { flattenRope } from '../../base/strings.ts';
import { KnownGroups } from '../../groups/KnownGroups.ts';
import type { exposureColumns } from '../../tables/exposuresTable.ts';
import { scalarText } from '../../tables/memberWriter.ts';
import type { RowOf } from '../../tables/Table.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import type { ResolvedName } from '../../wire/experimentNames.ts';
import { isAssignment } from '../../wire/isAssignment.ts';
import type { Redaction } from '../../wire/Redaction.ts';
import type { ExposureKind } from '../../wire/readEvent.ts';

/** The columns of an exposure that come from the evaluated object. */
export type EvaluationColumns = RowOf<typeof exposureColumns>;

/** Members of an exposure's metadata that its columns come from. Redaction does not apply to them. */
const EVALUATION_MEMBERS: ReadonlySet<string> = new Set([
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
 * @param resolve Resolves hashed names.
 * @param heldOut Whether a known holdout is among the secondary exposures. The unit is then in no group, unless the rule
 *   is known to be a group's.
 * @param known Known rules: they name groups, and show which rules are not a group's.
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
  const isGate = kind === 'gate';
  const isLayer = kind === 'layer';
  const name = readText(metadata.get(isGate ? 'gate' : 'config'));
  if (name === null) throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
  const ruleId = scalarText(metadata.get('ruleID')) ?? '';
  const reason = readText(metadata.get('reason'));
  const gateValue = isGate ? readFlag(metadata.get('gateValue')) : null;
  const sentExperiment = isLayer ? readText(metadata.get('allocatedExperiment')) : null;
  const allocated = sentExperiment === null ? null : resolve(sentExperiment);
  const experiment = allocated === null ? name : allocated.name;
  // A gate without a value assigns nobody. A layer assigns through its experiment.
  const hasOutcome = (!isGate || gateValue !== null) && (!isLayer || allocated !== null);
  const rule = isLayer && allocated === null ? undefined : known.find(isGate, experiment, ruleId);
  const isOfGroup = (rule?.assigns ?? !heldOut) && isAssignment(ruleId, reason);
  const knownGroupName = isOfGroup ? (rule?.groupName ?? null) : null;
  return {
    columns: {
      experiment_id: experiment,
      exposure_type: kind,
      group_id: isGate ? gateGroup(ruleId, gateValue) : ruleId,
      group_name: readText(metadata.get('group')) ?? knownGroupName,
      rule_id: ruleId,
      gate_value: gateValue,
      is_assignment: isOfGroup && hasOutcome,
      layer_id: isLayer ? name : null,
      allocated_experiment: allocated === null ? null : allocated.name,
      parameter_name: isLayer ? readText(metadata.get('parameterName')) : null,
      is_explicit_parameter: isLayer ? readFlag(metadata.get('isExplicitParameter')) : null,
      reason,
      config_version: readText(metadata.get('configVersion')),
      is_manual: readFlag(metadata.get('isManualExposure')) ?? false,
    },
    unresolved: allocated !== null && !allocated.resolved,
  };
}

/** The group of a gate's rule: its ID and its outcome; null without an outcome. */
function gateGroup(ruleId: string, value: boolean | null): string | null {
  return value === null ? null : `${ruleId}${GATE_SEPARATOR}${value ? 'Pass' : 'Fail'}`;
}

/** A flag; null if there is none. SDKs send flags as text, and hand-made requests send booleans. */
function readFlag(value: unknown): boolean | null {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : null;
}

/** A text or a number as a text; null if there is none, or an empty one. */
function readText(value: unknown): string | null {
  const written = scalarText(value);
  return written === '' ? null : written;
}

/** An exposure's metadata after redaction. Members that are also columns are not redacted. */
export function storedEvaluation(
  { keys, values }: SortedMembers,
  redaction: Redaction,
  json: CanonicalJsonWriter,
): string {
  const members = keys.map((key, i): [string, unknown] => [key, values[i]]);
  const kept = redaction.metadata(Object.fromEntries(members), json);
  const evaluation = Object.fromEntries(members.filter(([key]) => EVALUATION_MEMBERS.has(key)));
  return flattenRope(json.write({ ...(isJsonObject(kept) ? kept : null), ...evaluation }));
}
