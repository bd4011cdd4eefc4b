import { parseExactJson } from '../base/exactJson.ts';
import { ExactNumber, isJsonObject } from '../base/json.ts';
import { hasValue } from '../relay/copyEvents.ts';
import type { TableKind } from '../schema/kinds.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { RequestError } from '../wire/RequestError.ts';
import type { BodyMarkers } from '../wire/sdkRequest.ts';
import type { Unit } from './Unit.ts';

/** Characters that continue a word: a value between two of them is a part of another value. */
const WORD = /[\p{L}\p{N}_-]/u;

/** The ways in which a quarantined body may be encoded, as its headers are not kept. */
const ENCODINGS: readonly BodyMarkers[] = [
  { contentEncoding: '', statsigEncoded: false },
  { contentEncoding: '', statsigEncoded: true },
  { contentEncoding: 'br', statsigEncoded: false },
  { contentEncoding: 'deflate', statsigEncoded: false },
];

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

  constructor(units: readonly Unit[]) {
    this.#values = new Set(units.map(({ value }) => value));
    this.values = [...this.#values];
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
    if (!isJsonObject(row)) return this.isMentioned(text);
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
    if (typeof detail === 'string' && this.isMentioned(detail)) return true;
    return typeof raw === 'string' && this.hasRaw(raw, encoding === 'base64' ? 'base64' : 'text');
  }

  /** Whether the event or body of a row in quarantine is a unit's. */
  hasRaw(raw: string, encoding: string): boolean {
    return encoding === 'base64' ? this.hasBody(Buffer.from(raw, 'base64')) : this.#hasText(raw);
  }

  /** Whether a body that was refused names a unit: as a value of JSON, or as a word of another text. */
  hasBody(bytes: Uint8Array): boolean {
    return ENCODINGS.some((markers) => {
      try {
        return this.#hasText(decodeBody(bytes, markers).text);
      } catch (error) {
        if (error instanceof RequestError) return this.isMentioned(Buffer.from(bytes).toString('utf8'));
        throw error;
      }
    });
  }

  #hasText(text: string): boolean {
    const value = parse(text);
    return value === undefined ? this.isMentioned(text) : this.hasValue(value);
  }

  /** Whether a text or number anywhere in a JSON value is a unit's, also in JSON within a text. */
  hasValue(value: unknown): boolean {
    return hasValue(value, (text) => {
      if (this.#values.has(text)) return true;
      const inner = /^\s*[[{]/.test(text) ? parse(text) : undefined;
      return inner !== undefined && this.hasValue(inner);
    });
  }

  /** Whether a text is one of the values. */
  isValue(text: string): boolean {
    return this.#values.has(text);
  }

  /** Whether a text has one of the values, not as a part of a longer word. */
  isMentioned(text: string): boolean {
    return this.values.some((value) => {
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

/** With numbers as they were written; undefined for a text that is no JSON. */
function parse(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
