declare global {
  interface JSON {
    // In Node since 22, not yet in TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
    rawJSON(text: string): object;
  }
}

/** A number that a double doesn't hold, kept as it was written. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** JSON.stringify writes the digits back. */
  toJSON(): object {
    return JSON.rawJSON(this.text);
  }

  toString(): string {
    return this.text;
  }
}

/**
 * Whether a number from JSON.parse may stand for the written number. Integers beyond 2^53 and what became infinite
 * (1e999) may not: 9007199254740993 became its neighbour. A fraction always may, as in every reader of JSON: it is
 * the double nearest to what was written, however many digits that had.
 */
export function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/** A JSON object whose members have not been looked at yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether a parsed JSON value is an object: no array, no null, no number kept exactly. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}

/** Parses JSON for a schema to check; undefined, which is no JSON value, for invalid JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The values of a member that a policy or a setting may have once or in a list; none if it is absent. */
export function valuesOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Whether a parsed JSON value is empty: null, `{}` or `[]`. */
export function isEmptyJson(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isJsonObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

/** Whether two parsed JSON values are equal, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  let unmatched = 0;
  for (const key in a) {
    // Own members only: {} has a __proto__, too, and it looks like an empty object.
    if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
    unmatched += 1;
  }
  for (const _ in b) unmatched -= 1;
  return unmatched === 0;
}

/**
 * The member of a record under a name that others choose; undefined if the record has none. So `constructor`, which every
 * object inherits, is a name like any other.
 */
export function ownMember<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The value at a path into a value of unknown shape; undefined if the path does not exist. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
