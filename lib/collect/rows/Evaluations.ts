import { type CanonicalJsonWriter, quoteEmbedded, SortedMembers } from '../../base/canonicalJson.ts';
import type { JsonObject } from '../../base/json.ts';
import { flattenRope } from '../../base/strings.ts';
import { KnownGroups } from '../../groups/KnownGroups.ts';
import type { MemberWriter } from '../../tables/memberWriter.ts';
import {
  EVALUATED_MEMBERS,
  EVALUATION_SLOTS,
  EvaluationText,
  FETCH_TIME_MEMBERS,
} from '../../wire/EvaluationText.ts';
import type { ResolvedName } from '../../wire/experimentNames.ts';
import type { ExposureKind } from '../../wire/readEvent.ts';
import { type EvaluationColumns, exposureRow } from './exposures.ts';

/** The parts of an exposure's row that come from the evaluated object. */
interface Evaluation {
  /** Members of its columns. */
  readonly own: string;
  /** The metadata, as JSON inside a JSON string. */
  readonly metadata: string;
  /** Whether the allocated experiment's name could not be resolved. */
  readonly unresolved: boolean;
}

/** What is written of an evaluation, with gaps for the times at which a device fetched the rules. */
interface Outline {
  /** What was evaluated: a gate, an experiment, a layer. */
  readonly kind: ExposureKind;
  /** Whether a known holdout kept the unit out. */
  readonly heldOut: boolean;
  /** Which members the metadata has: bits, as in {@link EvaluationText}. */
  readonly present: number;
  /** JSON of the values that describe the evaluation, by their slot; '' for a member that is not there. */
  readonly values: readonly string[];
  /** See {@link Evaluation}. */
  readonly own: string;
  /** The metadata before, between and after the gaps. Gaps are in the order of `FETCH_TIME_MEMBERS`. */
  readonly around: readonly string[];
  /** See {@link Evaluation}. */
  readonly unresolved: boolean;
}

/** Most outlines in the cache. Beyond it, the cache is cleared, because gates, rules and versions change. */
const MAX_OUTLINES = 4_000;

/** Most UTF-16 units in the cache. An outline of an SDK has about 1,000, but a sender can make them longer. */
const MAX_OUTLINES_LENGTH = 8_000_000;

/** Distinguish the kinds in the hash of an evaluation: any different numbers do. */
const KIND_HASHES: Record<ExposureKind, number> = { gate: 0, config: 0x51ed270b, layer: 0x2545f491 };

/** Distinguishes an evaluation that a holdout kept out. */
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
  /** How many UTF-16 units the texts of all outlines have. */
  #units = 0;

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
   * Writes the parts of one exposure. Those of metadata in the form of an SDK come from the cache.
   *
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
      ? this.#fromCache(kind, metadata, json, heldOut)
      : this.#write(kind, metadata, json, heldOut);
  }

  #fromCache(
    kind: ExposureKind,
    text: EvaluationText,
    json: CanonicalJsonWriter,
    heldOut: boolean,
  ): Evaluation {
    const hash = text.hash ^ KIND_HASHES[kind] ^ (heldOut ? HELD_OUT_HASH : 0);
    let outline = this.#outlines.get(hash);
    // Other evaluations may have the same hash.
    if (outline?.kind !== kind || outline.heldOut !== heldOut || !hasValues(text, outline)) {
      outline = this.#outline(kind, text, json, heldOut);
      this.#remember(hash, outline);
    }
    const { own, around, unresolved } = outline;
    let metadata = around[0] ?? '';
    let gap = 1;
    for (let i = 0; i < FETCH_TIME_MEMBERS.length; i += 1) {
      const slot = EVALUATED_MEMBERS.length + i;
      if (text.present & (1 << slot)) {
        metadata += fetchTime(text, slot);
        metadata += around[gap] ?? '';
        gap += 1;
      }
    }
    return { own, metadata, unresolved };
  }

  /** Keeps an outline. A full cache is cleared first. */
  #remember(hash: number, outline: Outline): void {
    if (this.#outlines.size >= MAX_OUTLINES || this.#units > MAX_OUTLINES_LENGTH) {
      this.#outlines.clear();
      this.#units = 0;
    }
    this.#outlines.set(hash, outline);
    for (const kept of [outline.own, ...outline.around, ...outline.values]) this.#units += kept.length;
  }

  /** Writes an evaluation without the cache. @throws EventError `SLUICE_EVENT_BAD_EXPOSURE`. */
  #write(kind: ExposureKind, metadata: JsonObject, json: CanonicalJsonWriter, heldOut: boolean): Evaluation {
    const members = new SortedMembers(metadata);
    const { columns, unresolved } = exposureRow(kind, members, this.#resolve, heldOut, this.#known);
    return { own: this.#own(columns), metadata: flattenRope(json.writeMembers(members)), unresolved };
  }

  /** Writes an evaluation with gaps. @throws EventError `SLUICE_EVENT_BAD_EXPOSURE`. */
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

/** Whether an evaluation has the members of an outline, and the values that describe it. */
function hasValues(
  { body, present, members, from, to }: EvaluationText,
  outline: Pick<Outline, 'present' | 'values'>,
): boolean {
  if (outline.present !== present) return false;
  for (let i = from; i < to; i += 3) {
    const slot = members[i] ?? 0;
    // A slot after these is of a time.
    if (slot < EVALUATED_MEMBERS.length) {
      const start = members[i + 1] ?? 0;
      const end = members[i + 2] ?? 0;
      const value = outline.values[slot] ?? '';
      if (value.length !== end - start || !body.startsWith(value, start)) return false;
    }
  }
  return true;
}

/** The time in a slot of an evaluation, as it is between the quotes of its text; '' if there is none. */
function fetchTime({ body, members, from, to }: EvaluationText, slot: number): string {
  for (let i = from; i < to; i += 3)
    if (members[i] === slot) return body.slice((members[i + 1] ?? 0) + 1, (members[i + 2] ?? 0) - 1);
  return '';
}
