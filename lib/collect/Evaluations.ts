import { type CanonicalJsonWriter, quoteEmbedded, SortedMembers } from '../base/canonicalJson.ts';
import type { JsonObject } from '../base/json.ts';
import { flattenRope } from '../base/strings.ts';
import { KnownGroups } from '../groups/KnownGroups.ts';
import type { MemberWriter } from '../tables/memberWriter.ts';
import { EVALUATION_SLOTS, EvaluationText, WHAT, WHEN } from '../wire/EvaluationText.ts';
import type { ResolvedName } from '../wire/experimentNames.ts';
import { type ExposureKind, exposureRow } from './exposureRow.ts';

/** What an exposure's metadata puts into its document. */
export interface Evaluation {
  /** Members of the columns of what was evaluated. */
  readonly own: string;
  /** The metadata, as JSON inside a JSON string. */
  readonly metadata: string;
  /** Whether the allocated experiment's name could not be resolved. */
  readonly unresolved: boolean;
}

/** An evaluation with gaps where the metadata says when the rules were fetched. */
interface Outline {
  readonly kind: ExposureKind;
  /** Whether a known holdout kept the unit out. */
  readonly heldOut: boolean;
  readonly present: number;
  /** What was evaluated: JSON of the values by slot, '' where there is none. */
  readonly values: readonly string[];
  readonly own: string;
  /** Metadata around the gaps, one more than there are. */
  readonly around: readonly string[];
  readonly unresolved: boolean;
}

/** Outlines kept; then all are forgotten: gates, rules and versions come and go. */
const OUTLINES_AT_MOST = 4_000;

/** UTF-16 units kept with them: about 1,000 an outline as SDKs send them, but whoever sends may make them longer. */
const UNITS_AT_MOST = 8_000_000;

/** Told apart in the hash of an evaluation. */
const KIND_HASHES: Record<ExposureKind, number> = { gate: 0, config: 0x51ed270b, layer: 0x2545f491 };

const HELD_OUT_HASH = 0x3c6ef372;

/**
 * Writes what exposures put into their documents. The same evaluations come again and again, in all batches, apart
 * from the times at which a device fetched its rules: each is written once, with gaps for those times.
 */
export class Evaluations {
  readonly #resolve: (sent: string) => ResolvedName;
  readonly #known: KnownGroups;
  readonly #own: MemberWriter;
  /** By hash. Where two have the same, the later is kept. */
  readonly #outlines = new Map<number, Outline>();
  #units = 0;
  /** Where the times of the metadata at hand start and end, by their order. */
  readonly #starts: number[] = WHEN.map(() => 0);
  readonly #ends: number[] = WHEN.map(() => 0);

  /**
   * @param own Writes the columns of what was evaluated.
   * @param resolve Makes real names of hashed ones.
   * @param known What is known of rules. Default nothing.
   */
  constructor(own: MemberWriter, resolve: (sent: string) => ResolvedName, known = KnownGroups.none) {
    this.#own = own;
    this.#resolve = resolve;
    this.#known = known;
  }

  /**
   * @param heldOut Whether a known holdout kept the unit out, which the metadata does not say.
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
    for (let i = 0; i < WHEN.length; i += 1) {
      if (text.present & (1 << (WHAT.length + i))) {
        metadata += text.body.slice(this.#starts[i], this.#ends[i]);
        metadata += around[gap] ?? '';
        gap += 1;
      }
    }
    return { own, metadata, unresolved };
  }

  /** Whether an outline is this evaluation's. Finds its times on the way. */
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
      if (slot >= WHAT.length) {
        this.#starts[slot - WHAT.length] = start + 1;
        this.#ends[slot - WHAT.length] = end - 1;
      } else {
        const value = outline.values[slot] ?? '';
        if (value.length !== end - start || !body.startsWith(value, start)) return false;
      }
    }
    return true;
  }

  #remember(hash: number, outline: Outline): void {
    if (this.#outlines.size >= OUTLINES_AT_MOST || this.#units > UNITS_AT_MOST) {
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
    // Parsed, its texts are copies: pieces of the body would keep all of it.
    const members = new SortedMembers(text.toObject());
    const { columns, unresolved } = exposureRow(kind, members, this.#resolve, heldOut, this.#known);
    const values = WHAT.map(() => '');
    const around: string[] = [];
    let written = '{';
    for (const [i, key] of members.keys.entries()) {
      const slot = EVALUATION_SLOTS.get(key) ?? 0;
      written += `${i === 0 ? '' : ','}${quoteEmbedded(key)}:`;
      if (slot < WHAT.length) {
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
