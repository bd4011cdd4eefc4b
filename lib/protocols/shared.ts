import { stringifyDeep } from '../base/deepJson.ts';
import type { JsonObject } from '../base/json.ts';
import type { CostMeter } from '../base/jsonCost.ts';
import type { ExposureRow } from '../tables/exposuresTable.ts';
import type { Redaction } from '../wire/Redaction.ts';

/** The columns of an exposure that come from the evaluated object. */
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

/** The columns of an exposure of protocols that know neither gates, layers nor rules that assign nobody. */
export function exposureColumns(
  kind: 'experiment' | 'feature',
  name: string,
  group: string | null,
): EvaluationColumns {
  return {
    experiment_id: name,
    exposure_type: kind,
    group_id: group,
    group_name: null,
    rule_id: null,
    gate_value: null,
    is_assignment: false,
    layer_id: null,
    allocated_experiment: null,
    parameter_name: null,
    is_explicit_parameter: null,
    reason: null,
    config_version: null,
    is_manual: false,
  };
}

/** The members that have a value: neither null nor an empty text. Null without any. */
export function presentMembers(members: JsonObject): JsonObject | null {
  const present = Object.entries(members).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return present.length === 0 ? null : Object.fromEntries(present);
}

/** Replaces an item whose members redaction does not know: quarantine keeps its length and a salted hash. */
export function withheldItem(item: unknown, redaction: Redaction, meter: CostMeter): unknown {
  const text = stringifyDeep(item, meter);
  return text === '{}' ? item : `withheld: ${text.length} characters, ${redaction.hash(text)}`;
}
