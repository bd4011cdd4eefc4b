import type { TokenList } from './tokens.ts';

/** A piece of rewritten SQL and the character of the user's text that it stands for. */
interface Piece {
  readonly text: string;
  readonly at: number;
}

/** SQL as it is being rewritten, which knows where in the user's text each part of it came from. */
export class Rendering {
  readonly #pieces: Piece[] = [];
  #last = '';

  /** Adds a piece, apart from the one before unless both are punctuation that needs no space. */
  add(text: string, at: number): void {
    if (text === '') return;
    const tight = this.#last === '' || /[.([]$/.test(this.#last) || /^[.,)\]([]/.test(text);
    this.#pieces.push({ text: tight ? text : ` ${text}`, at: tight ? at : at - 1 });
    this.#last = text;
  }

  /** Adds a piece that must stand apart, e.g. the bracket after `IN`. */
  addApart(text: string, at: number): void {
    this.#pieces.push({ text: ` ${text}`, at: at - 1 });
    this.#last = text;
  }

  toString(): string {
    return this.#pieces.map(({ text }) => text).join('');
  }

  /** The user's character behind a character of the result. */
  offsetOf(index: number): number {
    let start = 0;
    for (const { text, at } of this.#pieces) {
      if (index < start + text.length) return Math.max(0, at + (index - start));
      start += text.length;
    }
    return this.#pieces.at(-1)?.at ?? 0;
  }
}

/** Writes ranges of a statement's tokens in DuckDB's SQL: what rewriting one construct needs of the whole translation. */
export interface TokenWriter {
  readonly list: TokenList;
  readonly options: {
    /** Whether columns without a name get one that says so. */
    readonly nameColumns: boolean;
    /** Whether `UNNEST(x) AS t(a, b)` takes x for a map or for an array of rows; the text doesn't tell. */
    readonly unnestPairs: 'map' | 'rows';
  };
  /** Writes the tokens of a range. */
  write(out: Rendering, from: number, to: number): void;
  /** Writes the tokens of one operand of an operator that is rewritten already. */
  writeOperand(out: Rendering, from: number, to: number): void;
}
