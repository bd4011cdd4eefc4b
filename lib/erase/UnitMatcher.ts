import { ExactNumber, isJsonObject } from '../base/json.ts';
import type { QuarantineReason } from '../landing/quarantineReasons.ts';
import {
  better,
  type Found,
  findValue,
  foundAt,
  isDistinct,
  isNameKey,
  unitKeys,
  type ValueContext,
} from '../relay/idValues.ts';
import type { TableKind } from '../schema/kinds.ts';
import { parseCostly } from '../wire/jsonBody.ts';
import { bodyTexts } from './bodyTexts.ts';
import { decodedText, decodedValues } from './decodedText.ts';
import type { Unit } from './Unit.ts';

/**
 * Result of searching a refused body: the unit that was found; `unread` if a part of it cannot be read; `no_text` if it
 * holds no text at all. Null: all of it was read, and it names no unit.
 */
export type BodyFound = Found | 'unread' | 'no_text' | null;

/** Characters that continue a word: a value between two of them is a part of another value. */
const WORD = /^[\p{L}\p{N}_-]/u;

/** Whether a value has more than what escapes consist of. */
const HAS_TEXT = /[^\s"'\\/+%]/;

/** Characters of a text that is parsed as JSON: the collector's largest body. Longer ones are searched by words. */
const MOST_PARSED = 32 * 1024 ** 2;

/** Values to look for in a text that is not JSON. */
interface Wanted {
  /** All values, after the key of a unit. */
  readonly named: RegExp;
  /** Values that are unlikely to mean anything else. */
  readonly distinct: readonly string[];
  readonly all: readonly string[];
}

/** Decides which rows, documents and bodies belong to some units. */
export class UnitMatcher {
  /** Every value, once. */
  readonly values: readonly string[];
  readonly #values: ReadonlySet<string>;
  /** Values by column and by type, in lower case. */
  readonly #columns = new Map<string, Set<string>>();
  readonly #types = new Map<string, Set<string>>();
  /** Bodies in quarantine that are objects of their own and a unit's, by their location: `s3://…`. */
  readonly #locations = new Set<string>();
  /** Keys that name a unit. */
  readonly #keys: ReadonlySet<string>;
  readonly #wanted: Wanted;
  /** The same in texts without escapes. */
  readonly #decoded: Wanted;

  constructor(units: readonly Unit[]) {
    const names = units.flatMap(({ type, column }) => (column === null ? [type] : [type, column]));
    this.#keys = unitKeys(names);
    this.#values = new Set(units.map(({ value }) => value));
    this.values = [...this.#values];
    const wanted = (all: readonly string[], notBefore = '') => ({
      ...{ all, distinct: all.filter(isDistinct), named: namedPattern([...this.#keys], all, notBefore) },
    });
    this.#wanted = wanted(this.values, `|${ESCAPE}`);
    const decoded = new Set(this.values.flatMap(decodedValues));
    this.#decoded = wanted([...decoded].filter((value) => HAS_TEXT.test(value)));
    for (const { type, column, value } of units) {
      add(this.#types, type.toLowerCase(), value);
      if (column !== null) add(this.#columns, column.toLowerCase(), value);
    }
  }

  /** Every value as it is in a decoded text: lib/erase/decodedText.ts. */
  get decodedValues(): readonly string[] {
    return this.#decoded.all;
  }

  /** Adds the location of a quarantined body that is a unit's. Its row is then a unit's too. */
  addLocation(location: string): void {
    this.#locations.add(location);
  }

  get locations(): readonly string[] {
    return [...this.#locations];
  }

  /** The values of a column of that name; none if it holds no unit that is looked for. */
  valuesOfColumn(name: string): readonly string[] {
    const lower = name.toLowerCase();
    return [...(this.#columns.get(lower) ?? this.#types.get(lower) ?? [])];
  }

  /** The values by type of unit, in lower case. */
  get types(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#types;
  }

  /** Whether a JSON object of IDs by type has one of the units, as `custom_ids` and `unit_ids` are. */
  hasIds(text: string): boolean {
    const ids = parse(text);
    if (!isJsonObject(ids)) return false;
    return Object.entries(ids).some(([type, id]) => {
      const wanted = this.#types.get(type.toLowerCase());
      const value = idText(id);
      return value !== null && wanted?.has(value) === true;
    });
  }

  /** Whether a row that waits for a table is a unit's. What cannot be read is, if it names one. */
  findDocument(kind: TableKind, text: string): BodyFound {
    const row = parse(text);
    if (!isJsonObject(row)) return this.findNamed(text);
    return kind === 'quarantine' ? this.#findQuarantined(row) : this.#hasRow(row) ? 'unit' : null;
  }

  #hasRow(row: Readonly<Record<string, unknown>>): boolean {
    for (const [column, values] of this.#columns) {
      const value = idText(row[column]);
      if (value !== null && values.has(value)) return true;
    }
    const ids = row['custom_ids'];
    return typeof ids === 'string' && this.hasIds(ids);
  }

  #findQuarantined(row: Readonly<Record<string, unknown>>): BodyFound {
    const { raw, raw_encoding: encoding, raw_location: location, detail, reason } = row;
    if (typeof location === 'string' && this.#locations.has(location)) return 'unit';
    const isUnknown = reason === UNKNOWN_ENCODING;
    const quoted = typeof detail === 'string' ? this.findNamed(detail) : null;
    const kept = encoding === 'base64' ? 'base64' : 'text';
    const found = typeof raw === 'string' ? this.findRaw(raw, isUnknown ? `unknown ${kept}` : kept) : null;
    return found === 'unit' ? found : (quoted ?? found);
  }

  /**
   * Searches the event or body of a row in quarantine.
   *
   * @param encoding `text` or `base64`; with `unknown ` before it if the sender named one that the collector does not know.
   */
  findRaw(raw: string, encoding: string): BodyFound {
    const bytes = Buffer.from(raw, encoding.endsWith('base64') ? 'base64' : 'utf8');
    return this.findBody(bytes, encoding.startsWith('unknown '));
  }

  /**
   * Searches a refused body: values of JSON, or words of another text.
   *
   * @param isUnknown Whether its sender named an encoding that the collector does not know.
   */
  findBody(bytes: Uint8Array, isUnknown = false): BodyFound {
    const { texts, read } = bodyTexts(bytes);
    let found: Found | null = null;
    for (const text of texts) if (found !== 'unit') found = better(found, this.#findText(text));
    if (found !== null || read === 'whole') return found;
    if (read === 'part' || isUnknown) return 'unread';
    return read === 'nothing' ? 'no_text' : null;
  }

  #findText(text: string): Found | null {
    const value = parse(text);
    return typeof value === 'object' ? this.findValue(value) : this.findNamed(text);
  }

  /**
   * How a text or number anywhere in a JSON value is a unit's, also in JSON within a text. Numbers, short values, digits, and
   * what is also the name of an SDK, a tier, an event or a gate there, count under the key of a unit alone.
   */
  findValue(value: unknown): Found | null {
    return findValue(value, this.#keys, (text, place) => this.#findAt(text, place));
  }

  #findAt(text: string, place: ValueContext): Found | null {
    const found = this.#values.has(text) ? foundAt(text, place) : null;
    if (found !== null || !/^\s*[[{]/.test(text)) return found;
    const inner = parse(text);
    // It may have been cut before it became a text of other JSON.
    if (inner === undefined) return this.findNamed(text);
    return this.findValue(place.isIds ? { customIDs: inner } : inner);
  }

  /**
   * How a text that is no JSON names a unit, escaped or not: after the key of one, or as a word; a short value or digits after
   * a key alone.
   */
  findNamed(text: string): Found | null {
    const decoded = decodedText(text);
    const isOf = this.#wanted.named.test(text) || (decoded !== null && this.#decoded.named.test(decoded));
    if (isOf) return 'unit';
    const isFound =
      hasWord(
        text,
        this.#wanted.distinct,
        (before, after, value) => isEscaped(before, after, value) || isName(before, after),
      ) ||
      (decoded !== null && hasWord(decoded, this.#decoded.distinct, isName));
    return isFound ? 'elsewhere' : null;
  }

  /** Whether a text has one of the values, escaped or not, and not as a part of a longer word. */
  isMentioned(text: string): boolean {
    const decoded = decodedText(text);
    return (
      hasWord(text, this.#wanted.all, isEscaped) || (decoded !== null && hasWord(decoded, this.#decoded.all))
    );
  }
}

/** Why a body was refused that only its sender knows how to read. */
export const UNKNOWN_ENCODING = 'SLUICE_BODY_ENCODING_UNKNOWN' satisfies QuarantineReason;

/** Escapes that may continue an escaped value: a character, or its own last one once more. */
const ESCAPE = String.raw`\\+(?:u[\da-fA-F]{4}|x[\da-fA-F]{2})|%(?:[\da-fA-F]{2}|u[\da-fA-F]{4})|(?<=\\)\\|(?<=")"`;
const ESCAPED_AFTER = new RegExp(`^.(?:${ESCAPE})`, 's');

/** Whether a value may be a part of a longer one that is escaped: only the text without escapes shows it. */
function isEscaped(before: string, after: string, value: string): boolean {
  const [last, first] = [before.slice(-1), value.slice(0, 1)];
  const isInside = (last === '\\' && /["'\\/]/.test(first)) || (last === '"' && first === '"');
  return isInside || ESCAPED_AFTER.test(value.slice(-1) + after);
}

/** @param isOther Whether what is around a word says that it is something else. */
function hasWord(
  text: string,
  values: readonly string[],
  isOther: (before: string, after: string, value: string) => boolean = () => false,
): boolean {
  return values.some((value) => {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
      const [end, before] = [at + value.length, text.slice(Math.max(0, at - BEFORE), at)];
      // The letter of `\n` is not part of a word.
      const isBegin = !WORD.test(lastCharacter(before)) || /\\[bfnrt]$/.test(before);
      const after = text.slice(end, end + AFTER);
      if (isBegin && !WORD.test(after) && !isOther(before, after, value)) return true;
    }
    return false;
  });
}

/** Half a pair of surrogates is not a letter. */
function lastCharacter(text: string): string {
  return text.slice((text.codePointAt(text.length - 2) ?? 0) > 0xffff ? -2 : -1);
}

/** Characters before a value that may have its key, and after one that may make it a key. */
const BEFORE = 64;
const AFTER = 16;

/** Whether a word is a key itself, or what the key before it names is no unit, as after `"sdkType":"`. */
function isName(before: string, after: string): boolean {
  if (/^\\*["']\s*:/.test(after)) return true;
  const [, key] = /([\p{L}\p{N}_]+)\\*["']?\s*[:=]\s*\\*["']?$/u.exec(before) ?? [];
  return key !== undefined && isNameKey(key);
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

/** The text of an ID as in the tables; null if the value is not a text or number. */
function idText(id: unknown): string | null {
  if (id instanceof ExactNumber) return id.text;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}

/**
 * A key, as JSON or a form writes it, and a value. Underscores of keys do not count. Also within JSON within a text, which has
 * backslashes.
 *
 * @param notBefore What else may not follow the value than a letter of a word: alternatives of a regular expression.
 */
function namedPattern(keys: readonly string[], values: readonly string[], notBefore: string): RegExp {
  if (values.length === 0) return /(?!)/;
  // Keys are in any case, values are not.
  const anyCase = (char: string) => `(?:${escaped(char)}|${escaped(char.toUpperCase())})`;
  const key = keys.map((one) => [...one].map(anyCase).join('_?')).join('|');
  const quote = String.raw`\\*["']?`;
  const value = values.map((one) => escaped(one)).join('|');
  return new RegExp(
    String.raw`(?<![\p{L}\p{N}])(?:${key})${quote}\s*[:=]\s*${quote}(?:${value})(?![\p{L}\p{N}_-]${notBefore})`,
    'u',
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** With numbers as they were written; undefined for a text that is no JSON, or takes more than the collector spends. */
function parse(text: string): unknown {
  return text.length > MOST_PARSED ? undefined : parseCostly(text);
}
