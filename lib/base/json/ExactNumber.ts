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
 * Whether a number that JSON.parse made may stand for what was written. Integers beyond 2^53 and what became infinite
 * (1e999) may not: 9007199254740993 became its neighbour. A fraction always may, as in every reader of JSON: it is
 * the double nearest to what was written, however many digits that had.
 */
export function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
