/** A text is not JSON up to where it is read. */
class Malformed extends Error {}

const SPACE = /[ \t\n\r]*/y;
/** A string: control characters are escaped in it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in it.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0(?![0-9])|[1-9][0-9]*)(?:\.[0-9]+|(?!\.))(?:[eE][+-]?[0-9]+|(?![eE]))/y;
const LITERAL = /(?:true|false|null)(?![\w$\p{ID_Continue}])/uy;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * The text at a path of keys in a JSON text, exactly as `json_extract_scalar` of Trino reads it: a number as it is written,
 * the first of several members with one key, and what comes before a place where the text is not JSON. Null for a list or
 * an object, and when there is nothing to find.
 *
 * It reads as Jackson does, token by token, and no further than the value:
 * https://github.com/trinodb/trino/blob/master/core/trino-main/src/main/java/io/trino/operator/scalar/JsonExtract.java
 */
export function trinoJsonScalar(text: string, keys: readonly string[]): string | null {
  const reader = new JsonReader(text);
  try {
    for (const key of keys) if (!reader.enter(key)) return null;
    return reader.scalar();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#take(SPACE);
  }

  /** Goes to the value of the first member with a key, if the value here is an object that has it. */
  enter(key: string): boolean {
    if (!this.#skip('{')) return false;
    if (this.#skip('}')) return false;
    for (;;) {
      const name = this.#key();
      if (name === key) return true;
      this.#skipValue();
      if (this.#skip('}')) return false;
      this.#expect(',');
    }
  }

  /** The value here as text; null if it is null, a list or an object. */
  scalar(): string | null {
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') return null;
    if (first === '"') return decoded(this.#string());
    const word = this.#word();
    return word === 'null' ? null : word;
  }

  #key(): string {
    const name: unknown = JSON.parse(this.#string());
    this.#take(SPACE);
    this.#expect(':');
    return String(name);
  }

  /** Skips the value here, with all that is in it. */
  #skipValue(): void {
    const open: ('{' | '[')[] = [];
    for (;;) {
      const isClosed = this.#skipScalarOrOpen(open);
      if (!isClosed) continue;
      // After a value: its containers end, or the next value begins.
      for (;;) {
        const inside = open.at(-1);
        if (inside === undefined) return;
        if (this.#skip(inside === '{' ? '}' : ']')) open.pop();
        else {
          this.#expect(',');
          if (inside === '{') this.#key();
          break;
        }
      }
    }
  }

  /** Whether a value has ended here, not only begun. */
  #skipScalarOrOpen(open: ('{' | '[')[]): boolean {
    if (this.#skip('{')) {
      if (this.#skip('}')) return true;
      open.push('{');
      this.#key();
      return false;
    }
    if (this.#skip('[')) {
      if (this.#skip(']')) return true;
      open.push('[');
      return false;
    }
    if (this.#text[this.#at] === '"') this.#string();
    else this.#word();
    this.#take(SPACE);
    return true;
  }

  #string(): string {
    const string = this.#take(STRING);
    if (string === null) throw new Malformed();
    return string;
  }

  #word(): string {
    const word = this.#take(NUMBER) ?? this.#take(LITERAL);
    if (word === null) throw new Malformed();
    return word;
  }

  /** Skips a sign and the spaces after it, if it is here. */
  #skip(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    this.#take(SPACE);
    return true;
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) throw new Malformed();
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }
}

/** The text of a JSON string. Half a surrogate pair is written as Trino writes it in UTF-8. */
function decoded(string: string): string {
  const text: unknown = JSON.parse(string);
  return String(text).replace(LONE_SURROGATES, '?');
}
