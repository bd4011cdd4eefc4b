import type { TokenList } from './tokens.ts';

/** A piece of translated SQL, and its offset in the user's text. */
interface Piece {
  /** The piece in DuckDB's SQL. */
  readonly text: string;
  /** Characters of the user's text before the piece's origin. */
  readonly at: number;
}

/** SQL under translation, with the offset of each part in the user's text. */
export class Rendering {
  readonly #pieces: Piece[] = [];
  #last = '';

  /** Adds a piece, separated by a space unless punctuation needs none. */
  add(text: string, at: number): void {
    if (text === '') return;
    const tight = this.#last === '' || /[.([]$/.test(this.#last) || /^[.,)\]([]/.test(text);
    this.#pieces.push({ text: tight ? text : ` ${text}`, at: tight ? at : at - 1 });
    this.#last = text;
  }

  /** Adds a piece after a space, e.g. the parenthesis after `IN`. */
  addApart(text: string, at: number): void {
    this.#pieces.push({ text: ` ${text}`, at: at - 1 });
    this.#last = text;
  }

  /** The text so far. */
  toString(): string {
    return this.#pieces.map(({ text }) => text).join('');
  }

  /** Converts an offset in the result to one in the user's text. */
  offsetOf(index: number): number {
    let start = 0;
    for (const { text, at } of this.#pieces) {
      if (index < start + text.length) return Math.max(0, at + (index - start));
      start += text.length;
    }
    return this.#pieces.at(-1)?.at ?? 0;
  }
}

/**
 * Writes ranges of a statement's tokens in DuckDB's SQL. The translations of single constructs use it for their
 * parts.
 */
export interface TokenWriter {
  /** The tokens of the statement. */
  readonly list: TokenList;
  /** What the text alone does not decide. */
  readonly options: {
    /** Whether unnamed columns get a placeholder name. */
    readonly nameColumns: boolean;
  };
  /** Writes the tokens of a range. */
  write(out: Rendering, from: number, to: number): void;
  /** Writes the tokens of one operand of an operator that is already translated. */
  writeOperand(out: Rendering, from: number, to: number): void;
}
