import type { JsonObject } from '../base/json.ts';

/**
 * Members of an exposure's metadata that describe the evaluation. There are few different evaluations: rules times
 * results.
 */
export const EVALUATED_MEMBERS = [
  'gate',
  'config',
  'ruleID',
  'gateValue',
  'rulePassed',
  'reason',
  'configVersion',
  'allocatedExperiment',
  'parameterName',
  'isExplicitParameter',
  'isManualExposure',
] as const;

/** Members with the times at which rules were fetched, in the order of their keys. They differ for each device. */
export const FETCH_TIME_MEMBERS = [
  'configSyncTime',
  'initTime',
  'lcut',
  'receivedAt',
  'serverTime',
  'time',
] as const;

/** Slot of each member: first EVALUATED_MEMBERS, then FETCH_TIME_MEMBERS. */
export const EVALUATION_SLOTS: ReadonlyMap<string, number> = new Map(
  [...EVALUATED_MEMBERS, ...FETCH_TIME_MEMBERS].map((name, slot): [string, number] => [name, slot]),
);

const { imul } = Math;

/** Longest value, in UTF-16 units: longer values do not repeat. */
const MAX_VALUE_LENGTH = 256;

/** A flag, or an integer that a double holds and that JSON writes in one form only. */
const SCALAR = /^(?:true|false|0|-?[1-9]\d{0,14})$/;

/** `"` */
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const CLOSE = 0x7d;
/** The first code unit that is no control character. JSON can write those in several ways, as halves of surrogate pairs. */
const SPACE = 0x20;
/** The first code unit that is half of a pair. */
const SURROGATES = 0xd800;

/** Members that SDKs write, by the hash of their names. */
const keys: ReadonlyMap<number, { readonly name: string; readonly slot: number }> = new Map(
  [...EVALUATION_SLOTS].map(([name, slot]) => [hashName(name), { name, slot }]),
);

/**
 * An exposure's metadata as text inside a body, with the positions of its members. Most evaluations are known already,
 * and the text identifies them (lib/collect/rows/Evaluations.ts). The Rust core shuffles the members, so JSON.parse would
 * create an object with a new shape nearly each time, which costs more than the rest of the event.
 *
 * Only texts that JSON can write in one form only, apart from the order of their members, qualify: flat, without spaces
 * and escapes, and without duplicate members.
 */
export class EvaluationText {
  // Private, so that code that walks over a parsed body does not visit the whole body again at each evaluation.
  readonly #body: string;
  readonly #members: readonly number[];
  /** Index of the brace that opens it. */
  readonly start: number;
  /** Index behind the brace that closes it. */
  readonly end: number;
  /** Sum over EVALUATED_MEMBERS: the same for the same members in any order, and rarely the same for others. */
  readonly hash: number;
  /** A bit for each member that is present, by its slot. */
  readonly present: number;
  /** Where its members begin in `members`. */
  readonly from: number;
  /** Where they end. */
  readonly to: number;

  private constructor(
    body: string,
    start: number,
    end: number,
    hash: number,
    present: number,
    members: readonly number[],
    from: number,
  ) {
    this.#body = body;
    this.start = start;
    this.end = end;
    this.hash = hash;
    this.present = present;
    this.#members = members;
    this.from = from;
    this.to = members.length;
  }

  /** The whole body that contains it. */
  get body(): string {
    return this.#body;
  }

  /**
   * The members of all metadata of the body; its own are from index `from` until `to`. Three numbers for each member: its
   * slot, and the start and end of its value, including quotes.
   */
  get members(): readonly number[] {
    return this.#members;
  }

  /**
   * Reads the metadata that starts at an index.
   *
   * @param members Gets its members: one list for all metadata of a body.
   * @returns null when it is not an evaluation as SDKs send them.
   */
  static at(body: string, start: number, members: number[]): EvaluationText | null {
    const from = members.length;
    let hash = 0;
    let present = 0;
    // One loop over its characters, so that keys and values do not become separate strings.
    let i = start;
    let unit = COMMA;
    while (unit === COMMA) {
      const key = i + 2;
      if (body.charCodeAt(i + 1) !== QUOTE) break;
      let sum = 0;
      for (i = key, unit = body.charCodeAt(i); unit !== QUOTE; unit = body.charCodeAt(++i)) {
        // The end of the body.
        if (Number.isNaN(unit)) break;
        sum = (imul(sum, 31) + unit) | 0;
      }
      const known = keys.get(sum);
      if (known === undefined || known.name.length !== i - key || !body.startsWith(known.name, key)) break;
      const { slot } = known;
      // For a duplicate member, JSON.parse uses the last.
      if (present & (1 << slot) || body.charCodeAt(i + 1) !== COLON) break;
      const value = i + 2;
      sum = slot;
      i = value;
      unit = body.charCodeAt(i);
      if (unit === QUOTE) {
        for (unit = body.charCodeAt(++i); unit !== QUOTE; unit = body.charCodeAt(++i)) {
          if (!(unit >= SPACE && unit < SURROGATES) || unit === BACKSLASH) break;
          sum = (imul(sum, 31) + unit) | 0;
        }
        if (unit !== QUOTE) break;
        i += 1;
      } else {
        // A time is copied into the row, so it has to be a text.
        if (slot >= EVALUATED_MEMBERS.length) break;
        for (
          ;
          unit !== COMMA && unit !== CLOSE && i - value < MAX_VALUE_LENGTH;
          unit = body.charCodeAt(++i)
        ) {
          sum = (imul(sum, 31) + unit) | 0;
        }
        if (!SCALAR.test(body.slice(value, i))) break;
      }
      if (i - value - 2 > MAX_VALUE_LENGTH) break;
      if (slot < EVALUATED_MEMBERS.length) hash = (hash + spread(sum)) | 0;
      present |= 1 << slot;
      members.push(slot, value, i);
      unit = body.charCodeAt(i);
      if (unit === CLOSE) return new EvaluationText(body, start, i + 1, hash, present, members, from);
    }
    members.length = from;
    return null;
  }

  /** Metadata as JSON.parse returns it, whether or not it was left unparsed. */
  static parsed(metadata: JsonObject): JsonObject {
    return metadata instanceof EvaluationText ? metadata.toObject() : metadata;
  }

  /** The metadata as JSON.parse returns it. */
  toObject(): JsonObject {
    return JSON.parse(this.#body.slice(this.start, this.end));
  }
}

/** Spreads similar hashes apart, so that sums differ even when one hash is higher by one and another lower by one. */
function spread(sum: number): number {
  const bits = imul(sum ^ (sum >>> 15), 0x85ebca6b);
  return imul(bits ^ (bits >>> 13), 0xc2b2ae35);
}

/** A hash of a member's name, for a table of names without a text of each. */
function hashName(name: string): number {
  let sum = 0;
  for (let i = 0; i < name.length; i += 1) sum = (imul(sum, 31) + name.charCodeAt(i)) | 0;
  return sum;
}
