import type { CanonicalJson } from '../statsig/CanonicalJson.ts';

/** A JSON value that many events of a batch share, written once in each form that is needed. */
export class JsonPart<Extra> {
  /** As it came, compact. */
  readonly text: string;
  /** With sorted keys: for the event's identity. */
  readonly canonical: string;
  /** What its user makes of it, kept beside it. */
  readonly extra: Extra;

  constructor(text: string, canonical: string, extra: Extra) {
    this.text = text;
    this.canonical = canonical;
    this.extra = extra;
  }
}

/** Remembers the parts of one batch by their text: most events of a batch share user, metadata or both. */
export class JsonParts<Value, Extra> {
  readonly #canonical: CanonicalJson;
  readonly #make: (value: Value, text: string) => Extra;
  readonly #known = new Map<string, JsonPart<Extra>>();
  #last: JsonPart<Extra> | undefined;

  constructor(canonical: CanonicalJson, make: (value: Value, text: string) => Extra) {
    this.#canonical = canonical;
    this.#make = make;
  }

  get(value: Value): JsonPart<Extra> {
    const text = JSON.stringify(value);
    if (this.#last?.text === text) return this.#last;
    let part = this.#known.get(text);
    if (part === undefined) {
      part = new JsonPart(text, this.#canonical.write(value), this.#make(value, text));
      this.#known.set(text, part);
    }
    this.#last = part;
    return part;
  }
}
