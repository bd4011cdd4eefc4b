import { isUtf8 } from 'node:buffer';
import { tryParseExactJson } from '../../base/exactJson.ts';
import { ExactNumber, isJsonObject } from '../../base/json.ts';
import {
  type Found,
  foundAt,
  isDistinct,
  isNameKey,
  searchJson,
  unitKeys,
  type ValueContext,
} from '../../relay/idValues.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { isPlainJson } from './plainJson.ts';
import { plainText } from './plainText.ts';
import type { Unit } from './Unit.ts';

/**
 * How a row or a refused body belongs to a unit: null if it does not, `unreadable` if nobody can see at a glance that it
 * does not.
 */
export type BodyFound = Found | 'unreadable' | null;

/** A character that continues a word: a value with one on either side is a part of another value. */
const WORD = /^[\p{L}\p{N}_-]/u;

/**
 * Characters of a text that is parsed as JSON, at most: several times the largest body that the collector reads, which a
 * row may have with escapes. A longer row is searched by words, a longer body is `unreadable`.
 */
const MOST_PARSED = 32 * 1024 ** 2;
/** Characters before a word in which its key is looked for. */
const BEFORE = 64;
/** Characters behind a word in which the colon is looked for that makes the word a key. */
const AFTER = 16;

/** Decides which rows, documents and bodies belong to some units. */
export class UnitMatcher {
  /** Every value, without repetitions. */
  readonly values: readonly string[];
  readonly #valueSet: ReadonlySet<string>;
  /** Values by the name of their column, which is in lower case. */
  readonly #valuesByColumn = new Map<string, Set<string>>();
  /** Values by the type of unit, which is in lower case. */
  readonly #valuesByType = new Map<string, Set<string>>();
  /** Locations (`s3://…`) of quarantined bodies that are objects of their own and belong to a unit. */
  readonly #locations = new Set<string>();
  /** Keys that name a unit. */
  readonly #keys: ReadonlySet<string>;
  /** The values as a {@link plainText} has them. */
  readonly plainValues: readonly string[];
  /** Those of `plainValues` that are unlikely to mean anything else. */
  readonly #distinct: readonly string[];
  /** Any of `plainValues` behind the key of a unit. */
  readonly #named: RegExp;

  constructor(units: readonly Unit[]) {
    const names = units.flatMap(({ type, column }) => (column === null ? [type] : [type, column]));
    this.#keys = unitKeys(names);
    this.#valueSet = new Set(units.map(({ value }) => value));
    this.values = [...this.#valueSet];
    this.plainValues = [...new Set(this.values.map(plainText))].filter((value) => value.trim() !== '');
    this.#distinct = this.plainValues.filter(isDistinct);
    this.#named = namedPattern([...this.#keys], this.plainValues);
    for (const { type, column, value } of units) {
      add(this.#valuesByType, type.toLowerCase(), value);
      if (column !== null) add(this.#valuesByColumn, column.toLowerCase(), value);
    }
  }

  /** Adds the location of a quarantined body that belongs to a unit. Its row then belongs to the unit, too. */
  addLocation(location: string): void {
    this.#locations.add(location);
  }

  /** Locations that belong to a unit, as {@link addLocation} got them. */
  get locations(): readonly string[] {
    return [...this.#locations];
  }

  /**
   * The values that are looked for in a column of that name: those of the units whose column it is, else those of the
   * type that it is named after, as a dataset's `userID`. None if it is neither.
   */
  valuesOfColumn(name: string): readonly string[] {
    const lower = name.toLowerCase();
    return [...(this.#valuesByColumn.get(lower) ?? this.#valuesByType.get(lower) ?? [])];
  }

  /** The values by the type of unit, which is in lower case. */
  get valuesByType(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#valuesByType;
  }

  /** Whether a JSON object of IDs by type, as `custom_ids` and `unit_ids` are, has one of the units. */
  hasIds(text: string): boolean {
    const ids = parse(text);
    if (!isJsonObject(ids)) return false;
    return Object.entries(ids).some(
      ([type, id]) => this.#valuesByType.get(type.toLowerCase())?.has(idText(id)) === true,
    );
  }

  /**
   * How a row that waits for a table belongs to a unit. A row of quarantine is judged by its location, body and detail, a
   * row that cannot be read by {@link findNamed}, any other row by its columns of units.
   */
  findDocument(kind: TableKind, text: string): BodyFound {
    const row = parse(text);
    if (!isJsonObject(row)) return this.findNamed(text);
    if (kind === 'quarantine') return this.#findQuarantined(row);
    return this.#hasRow(row) ? 'unit' : null;
  }

  /** Whether a row of a table has a unit in one of its columns. */
  #hasRow(row: Readonly<Record<string, unknown>>): boolean {
    for (const [column, values] of this.#valuesByColumn) {
      if (values.has(idText(row[column]))) return true;
    }
    const ids = row['custom_ids'];
    return typeof ids === 'string' && this.hasIds(ids);
  }

  /** How a row of quarantine belongs to a unit: by its location, its body, or what its detail quotes. */
  #findQuarantined(row: Readonly<Record<string, unknown>>): BodyFound {
    const { raw, raw_encoding: encoding, raw_location: location, detail } = row;
    if (typeof location === 'string' && this.#locations.has(location)) return 'unit';
    const quoted = typeof detail === 'string' ? this.findNamed(detail) : null;
    const found = typeof raw === 'string' ? this.findRaw(raw, String(encoding)) : null;
    return found === 'unit' ? found : (quoted ?? found);
  }

  /** {@link findBody} of the event or body in a row of quarantine. @param encoding `text` or `base64`. */
  findRaw(raw: string, encoding: string): BodyFound {
    return this.findBody(Buffer.from(raw, encoding === 'base64' ? 'base64' : 'utf8'));
  }

  /**
   * How a refused body belongs to a unit. A body that is not plain readable JSON may hold a unit in any spelling: it is
   * `unreadable`, and goes with every erasure, because it is quarantine, not data.
   */
  findBody(bytes: Uint8Array): BodyFound {
    // Bytes of another encoding are no JSON, as the empty text is none.
    const text = isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : '';
    const value = parse(text);
    const found = this.findValue(value);
    return found !== null || (value !== undefined && isPlainJson(text, value)) ? found : 'unreadable';
  }

  /**
   * How a text or number anywhere in a JSON value is a unit's, also in JSON within a text. Numbers, short values and
   * digits count under the key of a unit alone. A value does not count under a key such as `sdkType` or `eventName`,
   * where it names something else.
   */
  findValue(value: unknown): Found | null {
    return this.#search(value);
  }

  /** {@link findValue} of a value that may be an object of IDs by type. */
  #search(value: unknown, root?: Pick<ValueContext, 'isIds'>): Found | null {
    return searchJson(value, this.#keys, (text, place) => this.#findAt(text, place), root);
  }

  /** How one text of a JSON value belongs to a unit, by the place where it stands. */
  #findAt(text: string, place: ValueContext): Found | null {
    // The ID of a unit may be equal to a key that every event has, such as `environment`. The key says nothing then.
    const isKeyOfAll = place.isKey && isNameKey(text);
    const found = this.#valueSet.has(text) && !isKeyOfAll ? foundAt(text, place) : null;
    if (found !== null || !/^\s*[[{]/.test(text)) return found;
    const inner = parse(text);
    if (inner === undefined) return this.findNamed(text);
    return this.#search(inner, place);
  }

  /**
   * How a text that is no JSON names a unit: behind the key of a unit, or as a word. A short value, or digits, count
   * behind a key alone. A word does not count behind a key such as `sdkType`, nor before a colon: messages and damaged
   * JSON write keys so. In JSON that can be read, where keys are known, {@link findValue} counts them.
   */
  findNamed(text: string): Found | null {
    const plain = plainText(text);
    if (this.#named.test(plain)) return 'unit';
    return hasWord(plain, this.#distinct, isName) ? 'elsewhere' : null;
  }
}

/**
 * Whether one of some values is in a text as a word. @param isOther Whether what is around a word says that it is
 * something else.
 */
function hasWord(
  text: string,
  values: readonly string[],
  isOther: (before: string, after: string) => boolean,
): boolean {
  return values.some((value) => {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
      const end = at + value.length;
      const before = text.slice(Math.max(0, at - BEFORE), at);
      const after = text.slice(end, end + AFTER);
      if (!WORD.test(lastCharacter(before)) && !WORD.test(after) && !isOther(before, after)) return true;
    }
    return false;
  });
}

/** The last character of a text: both halves of a pair of surrogates, as half of it is no letter. */
function lastCharacter(text: string): string {
  return text.slice((text.codePointAt(text.length - 2) ?? 0) > 0xffff ? -2 : -1);
}

/** Whether a word is a key itself, or follows a key that names no unit, such as `sdkType:`. */
function isName(before: string, after: string): boolean {
  if (/^'?\s*:/.test(after)) return true;
  const [, key] = /([\p{L}\p{N}_]+)'?\s*[:=]\s*'?$/u.exec(before) ?? [];
  return key !== undefined && isNameKey(key);
}

/** Adds a value to those of a key. */
function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

/** The text of an ID as in the tables; empty, as no unit is, if the value is not a text or number. */
function idText(id: unknown): string {
  if (id instanceof ExactNumber) return id.text;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}

/**
 * A pattern of a {@link plainText}: a key, as JSON or a form writes it, and a value. Underscores in keys do not count.
 */
function namedPattern(keys: readonly string[], values: readonly string[]): RegExp {
  if (values.length === 0) return /(?!)/;
  // Keys are in any case, values are not.
  const anyCase = (char: string) => `(?:${escaped(char)}|${escaped(char.toUpperCase())})`;
  const key = keys.map((name) => [...name].map(anyCase).join('_?')).join('|');
  const value = values.map((text) => escaped(text)).join('|');
  return new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${key})'?\s*[:=]\s*'?(?:${value})(?![\p{L}\p{N}_-])`, 'u');
}

/** A text as a pattern that matches it alone. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/**
 * Parses JSON with numbers as they were written. Undefined for a text that is no JSON, or that takes more than the
 * collector spends.
 */
function parse(text: string): unknown {
  return text.length > MOST_PARSED ? undefined : tryParseExactJson(text);
}
