import { writeCall } from './calls/writeCall.ts';
import { writeDateShift } from './dateArithmetic.ts';
import { subscriptsAt } from './elements.ts';
import { numberLiteral, parseTypedLiteral } from './literals.ts';
import { needsQuotes } from './names.ts';
import type { Rendering, TokenWriter } from './Rendering.ts';
import type { SelectEdits } from './selects.ts';
import { writeUnnest, writeValues } from './tableForms.ts';
import { isTableQuery, mismatched, notEmulated, SqlError, type Token, type TokenList } from './tokens.ts';
import { BEGINS_QUERY, functionsWithoutBrackets, notFunctions } from './vocabulary.ts';

/** Options of the {@link Translator}. */
type TranslatorOptions = TokenWriter['options'] & {
  /** What SELECT lists need besides the translation of their tokens. */
  readonly edits: SelectEdits;
  /** Whether tables have hidden columns like `$path`. Default: when the text names one. */
  readonly hiddenColumns?: boolean | undefined;
  /** Whether clauses of WITH are inlined. */
  readonly inlineClauses: boolean;
  /** The SQL literals that replace the `?` parameters: as many as the text has. */
  readonly parameters: readonly string[];
};

/** The schema with Athena's `information_schema`, which differs from DuckDB's. */
const INFORMATION_SCHEMA = '"athena_information_schema"';

/** Words that a table follows. `UNNEST` may only occur after them. */
const BEFORE_TABLE = new Set(['from', 'join']);

/** Functions of DuckDB that Trino lacks, and whose names DuckDB takes for syntax. */
const NOT_OF_TRINO = /^(?:range|first|last|left|right)$/;

/**
 * Translates the tokens of a query, from left to right, into DuckDB's SQL. The methods that write a construct take the index of
 * its first token, and return the index after its last one.
 */
export class Translator implements TokenWriter {
  /** The tokens of the statement. */
  readonly list: TokenList;
  /** What the text alone does not decide. */
  readonly options: TranslatorOptions;
  /** What `*` stands for: without the hidden columns, where tables have some. */
  readonly #allColumns: string;
  /** The starts of the operands whose subscripts are being written. */
  readonly #subscripted = new Set<number>();
  /** The literal of each parameter by token index, since tokens are not always written in order. */
  readonly #parameters: ReadonlyMap<number, string>;

  constructor(list: TokenList, options: TranslatorOptions) {
    this.list = list;
    this.options = options;
    const parameterIndexes = [...list.tokens.keys()].filter((index) => list.at(index)?.kind === 'parameter');
    this.#parameters = new Map(
      parameterIndexes.map((index, ordinal) => [index, options.parameters[ordinal] ?? 'NULL']),
    );
    const isHidden =
      options.hiddenColumns ??
      list.tokens.some(({ kind, value }) => kind === 'quoted' && /^\$(?:path|file_)/.test(value));
    this.#allColumns = isHidden ? "* NOT LIKE '$%'" : '*';
  }

  /** Writes the whole statement. */
  writeAll(out: Rendering): void {
    const { list, options } = this;
    this.write(out, 0, list.length);
    out.add(options.edits.insertions.get(list.length) ?? '', list.offset(list.length));
  }

  /** Writes the tokens of a range. */
  write(out: Rendering, from: number, to: number): void {
    this.#write(
      out,
      from,
      to,
      (index) => writeDateShift(this, out, index, to) ?? this.#construct(out, index),
    );
  }

  /** Writes the tokens of one operand of an operator that is already translated. */
  writeOperand(out: Rendering, from: number, to: number): void {
    this.#write(out, from, to, (index) => {
      // At the operand's start stands the operator itself again.
      const next = index === from ? undefined : writeDateShift(this, out, index, to);
      return next ?? this.#construct(out, index);
    });
  }

  /** Writes a range of tokens, construct by construct, with the insertions before them. */
  #write(out: Rendering, from: number, to: number, construct: (index: number) => number): void {
    for (let index = from; index < to; ) {
      out.add(this.options.edits.insertions.get(index) ?? '', this.list.offset(index));
      index = construct(index);
    }
  }

  /** Writes the construct at an index. */
  #construct(out: Rendering, index: number): number {
    const token = this.list.token(index);
    return this.#subscripts(out, index) ?? this.#edited(out, index, token) ?? this.#token(out, index, token);
  }

  /** Writes an operand with subscripts, which fail for elements that are not there; undefined for any other construct. */
  #subscripts(out: Rendering, index: number): number | undefined {
    const { list } = this;
    if (this.#subscripted.has(index)) return undefined;
    const brackets = subscriptsAt(list, index);
    if (brackets.length === 0) return undefined;
    this.#subscripted.add(index);
    out.add('trino_subscript('.repeat(brackets.length), list.offset(index));
    let from = index;
    for (const open of brackets) {
      this.write(out, from, open);
      out.add(',', list.offset(open));
      this.write(out, open + 1, list.closeOf(open));
      out.add(')', list.offset(list.closeOf(open)));
      from = list.closeOf(open) + 1;
    }
    this.#subscripted.delete(index);
    return from;
  }

  /** Writes what the edits of SELECT put in place of a token; undefined for a token that they leave. */
  #edited(out: Rendering, index: number, { start }: Token): number | undefined {
    const { replacements, orderByAliases } = this.options.edits;
    const replacement = replacements.get(index);
    if (replacement !== undefined) {
      out.add(replacement.sql, start);
      return replacement.next;
    }
    const aliased = orderByAliases.get(index);
    if (aliased === undefined) return undefined;
    out.addApart('(', start);
    this.write(out, aliased.from, aliased.to);
    out.add(')', start);
    return index + 1;
  }

  /** Writes a construct by the kind of its first token. */
  #token(out: Rendering, index: number, token: Token): number {
    const { kind, raw, value, start } = token;
    if (kind === 'symbol') return this.#symbol(out, index, token);
    if (kind === 'quoted' && raw.startsWith('`')) {
      throw new SqlError(
        'SYNTAX_ERROR',
        'backquoted identifiers are not supported; use double quotes to quote identifiers',
        start,
      );
    }
    if (kind === 'word' && this.list.symbol(index - 1) !== '.') {
      const next = this.#word(out, index, value);
      if (next !== undefined) return next;
    }
    const parameter = this.#parameters.get(index);
    if (parameter !== undefined) out.addApart(parameter, start);
    else if (kind === 'number') out.add(numberLiteral(raw), start);
    else if (kind !== 'text' && value.toLowerCase() === 'information_schema')
      out.add(INFORMATION_SCHEMA, start);
    else out.add(this.#name(index), start);
    return index + 1;
  }

  /** A name, in quotes if DuckDB reads the word otherwise. */
  #name(index: number): string {
    const { list } = this;
    const { raw, kind } = list.token(index);
    const isMember = list.symbol(index - 1) === '.' && /^\w+$/.test(raw);
    return kind === 'word' && (isMember || needsQuotes(list, index)) ? `"${raw}"` : raw;
  }

  /** Writes a symbol. @returns The index after what was written. @throws SqlError */
  #symbol(out: Rendering, index: number, token: Token): number {
    const { list } = this;
    const { raw, start } = token;
    if (/^(?:::|=>|[{}:&|^~!#@;])$/.test(raw)) throw mismatched(token);
    if (raw === '(') return this.#open(out, index, start);
    const before = list.at(index - 1);
    const isAfterValue = before !== undefined && (before.kind !== 'symbol' || /^[)\]]$/.test(before.raw));
    if (raw === '[' && !isAfterValue) throw mismatched(token);
    const isOfColumns =
      /^[.,]$/.test(list.symbol(index - 1) ?? '') ||
      /^(?:select|distinct|all)$/.test(list.word(index - 1) ?? '');
    out.add(raw === '*' && isOfColumns ? this.#allColumns : raw, start);
    return index + 1;
  }

  /** Writes what begins with a parenthesis that is not one of a call. */
  #open(out: Rendering, index: number, at: number): number {
    const { list } = this;
    const close = list.closeOf(index);
    if (list.symbol(close + 1) === '->') {
      const names = list.split(index + 1, close).map(({ from }) => this.#name(from));
      out.add(`lambda ${names.join(', ')}:`, at);
      return close + 2;
    }
    if (list.word(index + 1) === 'from') throw mismatched(list.token(index + 1));
    if (list.word(index - 1) === undefined) out.add('(', at);
    else out.addApart('(', at);
    return index + 1;
  }

  /** Writes a word with a meaning; undefined for a plain name. */
  #word(out: Rendering, index: number, word: string): number | undefined {
    const { list } = this;
    if (list.symbol(index + 1) === '->') {
      out.add(`lambda ${this.#name(index)}:`, list.offset(index));
      return index + 2;
    }
    return this.#clause(out, index, word) ?? this.#value(out, index, word) ?? this.#call(out, index, word);
  }

  /** Writes a word of a clause that DuckDB reads otherwise; undefined for any other word. */
  #clause(out: Rendering, index: number, word: string): number | undefined {
    const { list } = this;
    const at = list.offset(index);
    if (word === 'values') return writeValues(this, out, index);
    if (word === 'table' && isTableQuery(list, index)) {
      out.add(`SELECT ${this.#allColumns} FROM`, at);
      return index + 1;
    }
    if (word === 'table' && list.symbol(index + 1) === '(') throw notEmulated('TABLE(…)', at);
    const isSample = word === 'tablesample' && /^(?:bernoulli|system)$/.test(list.word(index + 1) ?? '');
    if (isSample && list.symbol(index + 2) === '(') throw notEmulated('TABLESAMPLE', at);
    if (!this.options.inlineClauses || word !== 'as' || !isClause(list, index)) return undefined;
    out.add('AS NOT MATERIALIZED', at);
    return index + 1;
  }

  /** Writes a typed literal, or a function without parentheses; undefined for any other word. */
  #value(out: Rendering, index: number, word: string): number | undefined {
    const { list } = this;
    const at = list.offset(index);
    const literal = parseTypedLiteral(list, index);
    if (literal !== undefined) {
      out.add(literal.sql, at);
      return literal.next;
    }
    const call = functionsWithoutBrackets.get(word);
    if (call === undefined || list.word(index - 1) === 'as') return undefined;
    out.add(call, at);
    if (list.symbol(index + 1) !== '(') return index + 1;
    const close = list.closeOf(index + 1);
    const digits = list.text(index + 2, close);
    // Hive's times, and so those of all tables, have milliseconds.
    if (digits !== '3') throw notEmulated(`${word}(${digits})`, at);
    return close + 1;
  }

  /** Writes a call; undefined for a word that is no function. */
  #call(out: Rendering, index: number, word: string): number | undefined {
    const { list } = this;
    if (list.symbol(index + 1) !== '(') return undefined;
    const isCall = !isAlias(list, index);
    if (isCall && NOT_OF_TRINO.test(word) && list.word(index - 1) !== 'over')
      throw new SqlError('FUNCTION_NOT_FOUND', `Function '${word}' not registered`, list.offset(index));
    // An aggregate's FILTER begins with WHERE.
    const isFilterCall = word === 'filter' && list.word(index + 2) !== 'where';
    if (notFunctions.has(word) && !isFilterCall) return undefined;
    const isOfTables = BEFORE_TABLE.has(list.word(index - 1) ?? '') || list.symbol(index - 1) === ',';
    if (word === 'unnest' && isOfTables) return writeUnnest(this, out, index);
    return isCall ? writeCall(this, out, index, word) : undefined;
  }
}

/** Whether AS at an index begins the query of a clause of WITH that is not recursive. */
function isClause(list: TokenList, index: number): boolean {
  const begins = BEGINS_QUERY.test(list.word(index + 2) ?? '');
  return list.symbol(index + 1) === '(' && begins && !list.tokens.some(({ value }) => value === 'recursive');
}

/**
 * Whether a word before a parenthesis is an alias with columns: `AS t(a, b)`, `WITH t(a) AS (…)`, `UNNEST(…) t(a)`.
 */
function isAlias(list: TokenList, index: number): boolean {
  const before = list.at(index - 1);
  if (before === undefined) return false;
  const { kind, raw, value } = before;
  if (kind === 'quoted' || kind === 'text') return true;
  if (kind === 'symbol') {
    if (raw === ')') return true;
    const close = list.closeOf(index + 1);
    return raw === ',' && list.word(close + 1) === 'as' && list.symbol(close + 2) === '(';
  }
  if (kind !== 'word') return false;
  if (/^(?:ordinality|as|with|recursive)$/.test(value)) return true;
  return !notFunctions.has(value) && !/^(?:when|then|else|both|leading|trailing|return|escape)$/.test(value);
}
