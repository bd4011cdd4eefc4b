/** A scalar of a JSON document with its exact text. */
export class JsonText {
  readonly text: string;
  /** Whether it is a string, and not a number, `true` or `false`. */
  readonly quoted: boolean;

  constructor(text: string, quoted: boolean) {
    this.text = text;
    this.quoted = quoted;
  }
}

/** A value of a JSON document. Numbers keep their digits. */
export type JsonValue = null | JsonText | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

/** A text that is not JSON. */
export class JsonSyntaxError extends Error {}

/** Deeper documents are refused. */
const MAX_DEPTH = 500;

/**
 * Parses the JSON document at the start of a text. The text after it is ignored, as in Athena: of several documents in
 * a line, it reads the first.
 *
 * @param onDuplicate Called with a key that an object has twice. The last value counts.
 * @throws JsonSyntaxError
 */
export function parseJson(text: string, onDuplicate: (key: string) => void): JsonValue {
  return new Parser(text, onDuplicate).value(0);
}

class Parser {
  readonly #text: string;
  readonly #onDuplicate: (key: string) => void;
  #at = 0;

  constructor(text: string, onDuplicate: (key: string) => void) {
    this.#text = text;
    this.#onDuplicate = onDuplicate;
  }

  value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw this.#unexpected();
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return new JsonText(this.#string(), true);
    const word = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
    word.lastIndex = this.#at;
    const found = word.exec(this.#text)?.[0];
    if (found === undefined) throw this.#unexpected();
    this.#at += found.length;
    return found === 'null' ? null : new JsonText(found, false);
  }

  #object(depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    this.#at += 1;
    this.#space();
    if (this.#take('}')) return members;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#unexpected();
      const key = this.#string();
      this.#space();
      if (!this.#take(':')) throw this.#unexpected();
      const value = this.value(depth + 1);
      if (members.has(key)) this.#onDuplicate(key);
      members.set(key, value);
      this.#space();
      if (this.#take('}')) return members;
      if (!this.#take(',')) throw this.#unexpected();
    }
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#space();
    if (this.#take(']')) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      this.#space();
      if (this.#take(']')) return items;
      if (!this.#take(',')) throw this.#unexpected();
    }
  }

  #string(): string {
    const start = this.#at;
    for (let index = start + 1; ; index += 1) {
      const character = this.#text[index];
      if (character === '\\') index += 1;
      else if (character === '"') {
        this.#at = index + 1;
        break;
      } else if (character === undefined) {
        this.#at = this.#text.length;
        throw this.#unexpected();
      }
    }
    const raw = this.#text.slice(start, this.#at);
    // Tabs and other control characters within a string are read as they are.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON.parse refuses control characters.
    if (!/[\\\u0000-\u001f]/.test(raw)) return raw.slice(1, -1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON.parse refuses control characters.
    const escaped = raw.replaceAll(/[\u0000-\u001f]/g, (character) => JSON.stringify(character).slice(1, -1));
    try {
      return String(JSON.parse(escaped));
    } catch {
      this.#at = start;
      throw this.#unexpected();
    }
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): JsonSyntaxError {
    const found = this.#text[this.#at];
    return new JsonSyntaxError(
      found === undefined
        ? `Unexpected end of the text at character ${this.#at}`
        : `Unexpected character '${found}' at character ${this.#at}`,
    );
  }
}
