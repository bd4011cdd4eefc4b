import { type CanonicalJsonWriter, quoteEmbedded, SortedMembers } from '../../base/canonicalJson.ts';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { flattenRope } from '../../base/strings.ts';
import { KnownGroups } from '../../groups/KnownGroups.ts';
import type { exposureColumns } from '../../tables/exposuresTable.ts';
import { type MemberWriter, scalarText } from '../../tables/memberWriter.ts';
import type { RowOf } from '../../tables/Table.ts';
import {
  EVALUATED_MEMBERS,
  EVALUATION_SLOTS,
  EvaluationText,
  FETCH_TIME_MEMBERS,
} from '../../wire/EvaluationText.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import type { ResolvedName } from '../../wire/experimentNames.ts';
import { isAssignment } from '../../wire/isAssignment.ts';
import type { Redaction } from '../../wire/Redaction.ts';
import type { ExposureKind } from '../../wire/readEvent.ts';

/** The columns of an exposure that come from the evaluated object. */
type EvaluationColumns = RowOf<typeof exposureColumns>;

/** The parts of an exposure's row that come from the evaluated object. */
export interface Evaluation {
  /** Members of its columns. */
  readonly own: string;
  /** The metadata, as JSON inside a JSON string. */
  readonly metadata: string;
  /** Whether the allocated experiment's name could not be resolved. */
  readonly unresolved: boolean;
}

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

/** An evaluation with gaps for the times at which the rules were fetched. */
interface Outline {
  readonly kind: ExposureKind;
  /** Whether a known holdout kept the unit out. */
  readonly heldOut: boolean;
  readonly present: number;
  /** JSON of the values that describe the evaluation, by slot; '' where there is none. */
  readonly values: readonly string[];
  readonly own: string;
  /** Metadata around the gaps, one more than there are. */
  readonly around: readonly string[];
  readonly unresolved: boolean;
}

/** Most outlines in the cache. Beyond it, the cache is cleared, because gates, rules and versions change. */
const MAX_OUTLINES = 4_000;

/** Most UTF-16 units in the cache. An outline of an SDK has about 1,000, but a sender can make them longer. */
const MAX_OUTLINES_LENGTH = 8_000_000;

/** Distinguishes the kinds in the hash of an evaluation. */
const KIND_HASHES: Record<ExposureKind, number> = { gate: 0, config: 0x51ed270b, layer: 0x2545f491 };

const HELD_OUT_HASH = 0x3c6ef372;

/**
 * Writes the parts of documents that come from exposures' metadata. The same evaluations repeat in all batches, except
 * for the times at which a device fetched its rules. Each is written once, with gaps for those times: without this memory,
 * 20 events take 48 % longer.
 */
export class Evaluations {
  readonly #resolve: (sent: string) => ResolvedName;
  readonly #known: KnownGroups;
  readonly #own: MemberWriter<EvaluationColumns>;
  /** Outlines by their hash. Of two with the same hash, the later one is kept. */
  readonly #outlines = new Map<number, Outline>();
  #units = 0;
  /** Start and end of the times in the current metadata, by their order. */
  readonly #starts: number[] = FETCH_TIME_MEMBERS.map(() => 0);
  readonly #ends: number[] = FETCH_TIME_MEMBERS.map(() => 0);

  /**
   * @param own Writes the columns of the evaluated object.
   * @param resolve Resolves hashed names.
   * @param known What is known of rules. Default nothing.
   */
  constructor(
    own: MemberWriter<EvaluationColumns>,
    resolve: (sent: string) => ResolvedName,
    known = KnownGroups.none,
  ) {
    this.#own = own;
    this.#resolve = resolve;
    this.#known = known;
  }

  /**
   * @param heldOut Whether a known holdout kept the unit out. The metadata does not contain this.
   * @throws EventError `SLUICE_EVENT_BAD_EXPOSURE` when it names no gate, config or layer.
   */
  get(
    kind: ExposureKind,
    metadata: EvaluationText | JsonObject,
    json: CanonicalJsonWriter,
    heldOut = false,
  ): Evaluation {
    return metadata instanceof EvaluationText
      ? this.#get(kind, metadata, json, heldOut)
      : this.#write(kind, metadata, json, heldOut);
  }

  #get(kind: ExposureKind, text: EvaluationText, json: CanonicalJsonWriter, heldOut: boolean): Evaluation {
    const hash = text.hash ^ KIND_HASHES[kind] ^ (heldOut ? HELD_OUT_HASH : 0);
    let outline = this.#outlines.get(hash);
    if (outline === undefined || outline.heldOut !== heldOut || !this.#matches(outline, kind, text)) {
      outline = this.#outline(kind, text, json, heldOut);
      this.#remember(hash, outline);
      this.#matches(outline, kind, text);
    }
    const { own, around, unresolved } = outline;
    let metadata = around[0] ?? '';
    let gap = 1;
    for (let i = 0; i < FETCH_TIME_MEMBERS.length; i += 1) {
      if (text.present & (1 << (EVALUATED_MEMBERS.length + i))) {
        metadata += text.body.slice(this.#starts[i], this.#ends[i]);
        metadata += around[gap] ?? '';
        gap += 1;
      }
    }
    return { own, metadata, unresolved };
  }

  /** Whether an outline belongs to this evaluation. Also finds its times. */
  #matches(
    outline: Outline,
    kind: ExposureKind,
    { body, present, members, from, to }: EvaluationText,
  ): boolean {
    if (outline.present !== present || outline.kind !== kind) return false;
    for (let i = from; i < to; i += 3) {
      const slot = members[i] ?? 0;
      const start = members[i + 1] ?? 0;
      const end = members[i + 2] ?? 0;
      if (slot >= EVALUATED_MEMBERS.length) {
        this.#starts[slot - EVALUATED_MEMBERS.length] = start + 1;
        this.#ends[slot - EVALUATED_MEMBERS.length] = end - 1;
      } else {
        const value = outline.values[slot] ?? '';
        if (value.length !== end - start || !body.startsWith(value, start)) return false;
      }
    }
    return true;
  }

  #remember(hash: number, outline: Outline): void {
    if (this.#outlines.size >= MAX_OUTLINES || this.#units > MAX_OUTLINES_LENGTH) {
      this.#outlines.clear();
      this.#units = 0;
    }
    this.#outlines.set(hash, outline);
    for (const kept of [outline.own, ...outline.around, ...outline.values]) this.#units += kept.length;
  }

  #write(kind: ExposureKind, metadata: JsonObject, json: CanonicalJsonWriter, heldOut: boolean): Evaluation {
    const members = new SortedMembers(metadata);
    const { columns, unresolved } = exposureRow(kind, members, this.#resolve, heldOut, this.#known);
    return { own: this.#own(columns), metadata: flattenRope(json.writeMembers(members)), unresolved };
  }

  #outline(kind: ExposureKind, text: EvaluationText, json: CanonicalJsonWriter, heldOut: boolean): Outline {
    // Parsed texts are copies. Substrings of the body would keep the whole body in memory.
    const members = new SortedMembers(text.toObject());
    const { columns, unresolved } = exposureRow(kind, members, this.#resolve, heldOut, this.#known);
    const values = EVALUATED_MEMBERS.map(() => '');
    const around: string[] = [];
    let written = '{';
    for (const [i, key] of members.keys.entries()) {
      const slot = EVALUATION_SLOTS.get(key) ?? 0;
      written += `${i === 0 ? '' : ','}${quoteEmbedded(key)}:`;
      if (slot < EVALUATED_MEMBERS.length) {
        written += json.write(members.values[i], 1);
        values[slot] = JSON.stringify(members.values[i]);
      } else {
        around.push(flattenRope(`${written}\\"`));
        written = '\\"';
      }
    }
    around.push(flattenRope(`${written}}`));
    const { present } = text;
    return { kind, heldOut, present, values, own: flattenRope(this.#own(columns)), around, unresolved };
  }
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
