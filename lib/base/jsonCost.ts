import { randomInt } from 'node:crypto';
import { isExact } from './json.ts';

/**
 * Costs of parsing, in units of about 10 ns of one core, as measured with Node 24. Objects and arrays are allocated
 * one by one. V8 keeps every name of a member in a table of names, and short texts as well: the first of each takes
 * longer than all that repeat it.
 */
const COSTS = {
  node: 20,
  number: 10,
  text: 8,
  newText: 35,
  escapes: 10,
  member: 10,
  newName: 100,
  inexact: 60,
} as const;

/** Characters of a text that V8 keeps in its table of names. */
const SHORT = 10;

/**
 * Characters beyond which a name is long. V8 takes the length of a text of 16,384 characters and more for its hash, so
 * that it compares each such name with all others of that length: each of its characters is counted.
 */
const LONG_NAME = 1_024;
const LONG_NAME_UNITS = 10;

/** Bits of the table that distinguishes new names from known ones, as a power of two. */
const SEEN_BITS = 22;

/** Digits of an integer that a double always holds. */
const SAFE_DIGITS = 15;

/** Random, so that nobody can choose names that are taken for one another. */
const FACTOR = randomInt(2 ** 29) * 2 + 1;

/** Cost of parsing the text of a JSON document. */
export interface JsonCost {
  /** Objects and arrays; no more are counted once the text is known to be too costly. */
  readonly nodes: number;
  /** Units of about 10 ns of one core. */
  readonly units: number;
  /** Whether it has a number that a double doesn't hold. */
  readonly inexact: boolean;
}

/** Limits of {@link jsonCost}: it stops counting where one is passed. */
export interface JsonLimits {
  readonly nodes: number;
  readonly units: number;
}

/**
 * Counts the parts of a JSON text, without parsing it: objects, arrays, members, texts and numbers. JSON.parse can't be
 * stopped, so this is known first. A text that is no JSON is counted as far as it looks like it.
 */
export function jsonCost(text: string, limits: JsonLimits): JsonCost {
  const seen = new Int32Array(2 ** (SEEN_BITS - 5));
  let nodes = 0;
  let units = 0;
  let inexact = false;
  for (let i = 0; i < text.length && units <= limits.units && nodes <= limits.nodes; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      const start = i + 1;
      let sum = 0;
      let isEscaped = false;
      let next = text.charCodeAt(start);
      for (i = start; next !== QUOTE && i < text.length; next = text.charCodeAt(i)) {
        sum = Math.imul(sum ^ next, FACTOR);
        if (next === BACKSLASH) isEscaped = true;
        i += next === BACKSLASH ? 2 : 1;
      }
      if (isEscaped) units += COSTS.escapes;
      const isName = nextToken(text, i + 1) === COLON;
      units += isName ? COSTS.member : COSTS.text;
      if (!isName && i - start > SHORT) continue;
      if (isName && i - start > LONG_NAME) units += LONG_NAME_UNITS * (i - start);
      sum ^= sum >>> 15;
      const word = (sum >>> 5) & (seen.length - 1);
      const bit = 1 << (sum & 31);
      if (((seen[word] ?? 0) & bit) !== 0) continue;
      seen[word] = (seen[word] ?? 0) | bit;
      units += isName ? COSTS.newName : COSTS.newText;
    } else if (unit === OPEN || unit === OPEN_LIST) {
      nodes += 1;
      units += COSTS.node;
    } else if (unit === MINUS || isDigit(unit)) {
      const start = i;
      let isWhole = true;
      for (let next = text.charCodeAt(i + 1); isNumberUnit(next); next = text.charCodeAt(i + 1)) {
        if (!isDigit(next)) isWhole = false;
        i += 1;
      }
      units += COSTS.number;
      if (isWhole && i - start < SAFE_DIGITS) continue;
      units += COSTS.inexact;
      inexact ||= !isExact(Number(text.slice(start, i + 1)));
    } else if (unit === LETTER_T || unit === LETTER_F || unit === LETTER_N) {
      units += COSTS.number;
    }
  }
  return { nodes, units, inexact };
}

/** The first character that is not white space. */
function nextToken(text: string, from: number): number {
  let i = from;
  let unit = text.charCodeAt(i);
  while (unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09) unit = text.charCodeAt(++i);
  return unit;
}

/** Thrown by {@link CostMeter} when the work would cost more than the limit. */
export class CostError extends Error {
  constructor() {
    super('More work than is done for one body');
    this.name = 'CostError';
  }
}

/** Units between two looks at the clock: about 2 ms. */
const LOOK_EVERY = 200_000;

/**
 * Adds up the cost of the work for one body, in the units of {@link jsonCost}, and asks the clock now and then. Nothing
 * else can end a walk over a body: it blocks everything, timers too.
 */
export class CostMeter {
  /** For work of negligible cost: no limit and no clock. */
  static readonly unlimited = new CostMeter(Number.POSITIVE_INFINITY, () => {});

  readonly #limit: number;
  readonly #look: (spent: number) => void;
  #spent = 0;
  #nextLook = LOOK_EVERY;

  /**
   * @param limit Units that may be spent.
   * @param look Called with the units spent; throws after the deadline.
   */
  constructor(limit: number, look: (spent: number) => void) {
    this.#limit = limit;
    this.#look = look;
  }

  /** @throws CostError beyond the limit, and what looking at the clock throws. */
  spend(units: number): void {
    this.#spent += units;
    if (this.#spent > this.#nextLook) this.look();
  }

  /** Looks at limit and clock now. */
  look(): void {
    this.#nextLook = this.#spent + LOOK_EVERY;
    if (this.#spent > this.#limit) throw new CostError();
    this.#look(this.#spent);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const OPEN = 0x7b;
const OPEN_LIST = 0x5b;
const LETTER_T = 0x74;
const LETTER_F = 0x66;
const LETTER_N = 0x6e;

/** Whether a UTF-16 unit is a digit, with which a number of JSON begins unless it has a sign. */
export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/**
 * Whether a character is a digit, sign, point or exponent: in valid JSON none follows a number. False for NaN (the
 * end).
 */
export function isNumberUnit(unit: number): boolean {
  return isDigit(unit) || unit === MINUS || unit === 0x2b || unit === 0x2e || unit === 0x45 || unit === 0x65;
}
