import { parseExactJson } from '../base/exactJson.ts';
import { ExactNumber, isJsonObject } from '../base/json.ts';
import { hasValue, isDistinct, isUnitAt, unitKeys, type ValuePlace } from '../relay/idValues.ts';
import type { TableKind } from '../schema/kinds.ts';
import { bodyTexts } from './bodyTexts.ts';
import type { Unit } from './Unit.ts';

/** Characters that continue a word: a value between two of them is a part of another value. */
const WORD = /[\p{L}\p{N}_-]/u;

/** Characters of a text that is parsed as JSON: the collector's largest body. Longer ones are searched by words. */
const MOST_PARSED = 32 * 1024 ** 2;

/** Decides which rows, documents and bodies are those of some units. */
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
  readonly keys: ReadonlySet<string>;
  /** Short values and numbers in a text that is no JSON: after a key. */
  readonly #named: RegExp | null;
  #unread = 0;

  constructor(units: readonly Unit[]) {
    const names = units.flatMap(({ type, column }) => (column === null ? [type] : [type, column]));
    this.keys = unitKeys(names);
    this.#values = new Set(units.map(({ value }) => value));
    this.values = [...this.#values];
    const common = this.values.filter((value) => !isDistinct(value));
    this.#named = common.length === 0 ? null : namedPattern([...this.keys], common);
    for (const { type, column, value } of units) {
      add(this.#types, type.toLowerCase(), value);
      if (column !== null) add(this.#columns, column.toLowerCase(), value);
    }
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
  hasDocument(kind: TableKind, text: string): boolean {
    const row = parse(text);
    if (!isJsonObject(row)) return this.isNamed(text);
    return kind === 'quarantine' ? this.#hasQuarantined(row) : this.#hasRow(row);
  }

  #hasRow(row: Readonly<Record<string, unknown>>): boolean {
    for (const [column, values] of this.#columns) {
      const value = idText(row[column]);
      if (value !== null && values.has(value)) return true;
    }
    const ids = row['custom_ids'];
    return typeof ids === 'string' && this.hasIds(ids);
  }

  #hasQuarantined(row: Readonly<Record<string, unknown>>): boolean {
    const { raw, raw_encoding: encoding, raw_location: location, detail } = row;
    if (typeof location === 'string' && this.#locations.has(location)) return true;
    if (typeof detail === 'string' && this.isNamed(detail)) return true;
    return typeof raw === 'string' && this.hasRaw(raw, encoding === 'base64' ? 'base64' : 'text');
  }

  /** Whether the event or body of a row in quarantine is a unit's. */
  hasRaw(raw: string, encoding: string): boolean {
    if (encoding === 'base64') return this.hasBody(Buffer.from(raw, 'base64'));
    const value = parse(raw);
    // A body as it was sent is kept as text if it is UTF-8, also in Statsig's encoding.
    return value === undefined ? this.hasBody(Buffer.from(raw, 'utf8')) : this.hasValue(value);
  }

  /**
   * Whether a body that was refused names a unit: as a value of JSON, or as a word of another text. One that cannot be read
   * as a whole, and names none as far as it can be, is counted: {@link takeUnread}.
   */
  hasBody(bytes: Uint8Array): boolean {
    const { texts, isWhole } = bodyTexts(bytes);
    if (texts.some((text) => this.#hasText(text))) return true;
    if (!isWhole) this.#unread += 1;
    return false;
  }

  /** How many bodies could not be read as a whole since the last call. A body that was asked for twice counts twice. */
  takeUnread(): number {
    const unread = this.#unread;
    this.#unread = 0;
    return unread;
  }

  #hasText(text: string): boolean {
    const value = parse(text);
    return value === undefined ? this.isNamed(text) : this.hasValue(value);
  }

  /**
   * Whether a text or number anywhere in a JSON value is a unit's, also in JSON within a text. Numbers, short values and
   * digits count under the key of a unit alone.
   */
  hasValue(value: unknown): boolean {
    return hasValue(value, this.keys, (text, place) => this.isUnits(text, place));
  }

  /** Whether a text or number of a JSON value is a unit's, or has one as JSON. */
  isUnits(text: string, place: ValuePlace): boolean {
    if (this.#values.has(text) && isUnitAt(text, place)) return true;
    const inner = /^\s*[[{]/.test(text) ? parse(text) : undefined;
    if (inner === undefined) return false;
    return this.hasValue(place.isIds ? { customIDs: inner } : inner);
  }

  /** Whether a text that is no JSON names a unit: a short value or digits after a key, any other wherever it is a word. */
  isNamed(text: string): boolean {
    return this.#named?.test(text) === true || this.#hasWord(text, this.values.filter(isDistinct));
  }

  /** Whether a text has one of the values, not as a part of a longer word. */
  isMentioned(text: string): boolean {
    return this.#hasWord(text, this.values);
  }

  #hasWord(text: string, values: readonly string[]): boolean {
    return values.some((value) => {
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
        const [before, after] = [text.charAt(at - 1), text.charAt(at + value.length)];
        if (!WORD.test(before) && !WORD.test(after)) return true;
      }
      return false;
    });
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

/** An ID as the tables have it; null for what is none. */
function idText(id: unknown): string | null {
  if (id instanceof ExactNumber) return id.text;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}

/**
 * A key, as JSON or a form writes it, and a value. Underscores of keys do not count. Also within JSON within a text, which has
 * backslashes.
 */
function namedPattern(keys: readonly string[], values: readonly string[]): RegExp {
  // Keys are in any case, values are not.
  const anyCase = (char: string) => `(?:${escaped(char)}|${escaped(char.toUpperCase())})`;
  const key = keys.map((one) => [...one].map(anyCase).join('_?')).join('|');
  const quote = String.raw`\\*["']?`;
  const value = values.map((one) => escaped(one)).join('|');
  return new RegExp(
    String.raw`(?<![\p{L}\p{N}])(?:${key})${quote}\s*[:=]\s*${quote}(?:${value})(?![\p{L}\p{N}_-])`,
    'u',
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** With numbers as they were written; undefined for a text that is no JSON. */
function parse(text: string): unknown {
  if (text.length > MOST_PARSED) return undefined;
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
