import { writeCallForm } from './callForms.ts';
import { type CastTarget, castCall, parseCastType } from './castType.ts';
import { writeDateShift } from './dateArithmetic.ts';
import { subscriptsAt } from './elements.ts';
import { numberLiteral, parseTypedLiteral } from './literals.ts';
import { Rendering, type TokenWriter } from './Rendering.ts';
import { rejectForeignSyntax } from './rejections.ts';
import { type SelectEdits, selectEdits } from './selects.ts';
import { writeBracketedTable, writeUnnest, writeValues } from './tableForms.ts';
import { isTableQuery, mismatched, notEmulated, refusal, SqlError, TokenList } from './tokens.ts';
import { functionNames, functionsWithoutBrackets, notFunctions, reservedInDuckDb } from './vocabulary.ts';
import { rejectZonedTimes } from './zonedTimes.ts';

/** Options of {@link translate}. */
export interface TranslateOptions {
  /** The SQL literals that replace the `?` parameters, in order. Default none: then a `?` is an error. */
  readonly parameters?: readonly string[];
  /** Whether unnamed columns get the placeholder name `_col?<n>`. Default false. */
  readonly nameColumns?: boolean;
  /** Whether tables have hidden columns like `$path`, which `*` must omit. Default: when the query names one. */
  readonly hiddenColumns?: boolean;
  /** How `UNNEST(x) AS t(a, b)` treats x. Default `map`. */
  readonly unnestPairs?: 'map' | 'rows';
  /**
   * Whether clauses of WITH are inlined, as Trino does it: DuckDB computes one that is named twice once, with every column,
   * whatever the query asks for. Default false.
   */
  readonly inlineClauses?: boolean;
}

/** A query in DuckDB's SQL. */
export interface Translation {
  readonly sql: string;
  /** Converts an offset in `sql` to one in the user's text. */
  offsetOf(index: number): number;
}

/**
 * Translates a query from Athena's SQL (Trino) to DuckDB's. Functions and operators become macros, so
 * `macroStatements` must run in the database before it binds the result, with their schema on the search path. Only
 * functions of Athena can be called.
 *
 * @throws SqlError with Trino's error code and the position in the text, for invalid SQL and for features that are
 *   not emulated.
 * @example
 * translate("SELECT date_add('day', 1, ds) FROM t").sql
 * // SELECT trino_date_add('day', 1, ds) FROM t
 */
export function translate(sql: string, options: TranslateOptions = {}): Translation {
  const list = new TokenList(sql);
  const first = list.at(0);
  const start = list.tokens.find(({ raw }) => raw !== '(');
  if (first === undefined || start === undefined)
    throw new SqlError('SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: <query>", 0);
  if (!/^(?:select|with|values|table)$/.test(start.value)) throw mismatched(start, '<query>');
  rejectForeignSyntax(list);
  rejectZonedTimes(list);
  const parameters = options.parameters ?? [];
  const parameterCount = list.tokens.filter(({ kind }) => kind === 'parameter').length;
  if (parameterCount !== parameters.length) {
    throw new SqlError(
      'INVALID_PARAMETER_USAGE',
      `Incorrect number of parameters: expected ${parameterCount} but found ${parameters.length}`,
      0,
    );
  }
  const nameColumns = options.nameColumns === true;
  const edits = selectEdits(list, nameColumns);
  const out = new Rendering();
  new Translator(list, {
    edits,
    nameColumns,
    parameters,
    unnestPairs: options.unnestPairs ?? 'map',
    hiddenColumns: options.hiddenColumns,
    inlineClauses: options.inlineClauses === true,
  }).writeAll(out);
  return { sql: out.toString(), offsetOf: (index) => out.offsetOf(index) };
}

/** Options of the {@link Translator}. */
type TranslatorOptions = TokenWriter['options'] & {
  readonly edits: SelectEdits;
  /** Whether tables have hidden columns like `$path`. Default: when the text names one. */
  readonly hiddenColumns?: boolean | undefined;
  readonly inlineClauses: boolean;
  /** The SQL literals that replace the `?` parameters. */
  readonly parameters: readonly string[];
};

/** The schema with Athena's `information_schema`, which differs from DuckDB's. */
const INFORMATION_SCHEMA = '"athena_information_schema"';

/** Words that a table follows. `UNNEST` may only occur after them. */
const BEFORE_TABLE = new Set(['from', 'join']);

/** Whether AS at an index begins the query of a clause of WITH that is not recursive. */
function isClause(list: TokenList, index: number): boolean {
  const begins = /^(?:select|with|values|table)$/.test(list.word(index + 2) ?? '');
  return list.symbol(index + 1) === '(' && begins && !list.tokens.some(({ value }) => value === 'recursive');
}

/** Translates the tokens of a query, from left to right, into DuckDB's SQL. */
class Translator implements TokenWriter {
  readonly list: TokenList;
  readonly options: TranslatorOptions;
  readonly #hidden: boolean;
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
    this.#hidden =
      options.hiddenColumns ??
      list.tokens.some(({ kind, value }) => kind === 'quoted' && /^\$(?:path|file_)/.test(value));
  }

  /** Writes the whole statement. */
  writeAll(out: Rendering): void {
    const { list, options } = this;
    this.write(out, 0, list.length);
    out.add(options.edits.insertions.get(list.length) ?? '', list.offset(list.length));
  }

  /** Writes the tokens of a range. */
  write(out: Rendering, from: number, to: number): void {
    this.#write(out, from, to, (index) => writeDateShift(this, out, index, to) ?? this.#token(out, index));
  }

  /** Writes the tokens of one operand of an operator that is already translated. */
  writeOperand(out: Rendering, from: number, to: number): void {
    let first = true;
    this.#write(out, from, to, (index) => {
      const next = first ? undefined : writeDateShift(this, out, index, to);
      first = false;
      return next ?? this.#token(out, index);
    });
  }

  #write(out: Rendering, from: number, to: number, token: (index: number) => number): void {
    for (let index = from; index < to; ) {
      out.add(this.options.edits.insertions.get(index) ?? '', this.list.offset(index));
      index = token(index);
    }
  }

  /** Writes the construct at an index. @returns The index after it. */
  #token(out: Rendering, index: number): number {
    const { list } = this;
    const token = list.at(index);
    if (token === undefined) return index + 1;
    const subscripted = this.#subscripts(out, index);
    if (subscripted !== undefined) return subscripted;
    const replacement = this.options.edits.replacements.get(index);
    if (replacement !== undefined) {
      out.add(replacement.sql, token.start);
      return replacement.next;
    }
    const aliased = this.options.edits.orderByAliases.get(index);
    if (aliased !== undefined) {
      out.addApart('(', token.start);
      this.write(out, aliased.from, aliased.to);
      out.add(')', token.start);
      return index + 1;
    }
    if (token.kind === 'parameter') {
      out.addApart(this.#parameters.get(index) ?? 'NULL', token.start);
      return index + 1;
    }
    if (token.kind === 'symbol') return this.#symbol(out, index, token.raw);
    if (token.kind === 'quoted' && token.raw.startsWith('`')) {
      throw new SqlError(
        'SYNTAX_ERROR',
        'backquoted identifiers are not supported; use double quotes to quote identifiers',
        token.start,
      );
    }
    if (token.kind === 'number') {
      out.add(numberLiteral(token.raw), token.start);
      return index + 1;
    }
    const member = list.symbol(index - 1) === '.';
    if (token.kind === 'word' && !member) {
      const next = this.#word(out, index, token.value);
      if (next !== undefined) return next;
    }
    if (token.value.toLowerCase() === 'information_schema' && token.kind !== 'text') {
      out.add(INFORMATION_SCHEMA, token.start);
      return index + 1;
    }
    out.add(this.#name(index), token.start);
    return index + 1;
  }

  /** A name, in quotes if DuckDB reads the word otherwise. */
  #name(index: number): string {
    const { list } = this;
    const { raw = '', kind, value = '' } = list.at(index) ?? {};
    const isMember = list.symbol(index - 1) === '.' && /^\w+$/.test(raw);
    const isZone = value === 'at' && list.words(index + 1, 'time', 'zone');
    const quoted = reservedInDuckDb.has(value) || isMember || (value === 'at' && !isZone);
    return kind === 'word' && quoted ? `"${raw}"` : raw;
  }

  /** Writes an operand with subscripts, which fail for elements that are not there. */
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

  #symbol(out: Rendering, index: number, raw: string): number {
    const { list } = this;
    const token = list.at(index);
    if (token === undefined) return index + 1;
    if (/^(?:::|=>|[{}:&|^~!#@;])$/.test(raw)) throw mismatched(token);
    const before = list.at(index - 1);
    if (raw === '(') {
      const close = list.closeOf(index);
      if (list.symbol(close + 1) === '->') {
        out.add(
          `lambda ${list
            .split(index + 1, close)
            .map(({ from }) => this.#name(from))
            .join(', ')}:`,
          token.start,
        );
        return close + 2;
      }
      const table = writeBracketedTable(this, out, index);
      if (table !== undefined) return table;
      if (list.word(index + 1) === 'from') throw mismatched(list.at(index + 1) ?? token);
      if (before?.kind === 'word') {
        out.addApart(raw, token.start);
        return index + 1;
      }
    }
    const value = before !== undefined && (before.kind !== 'symbol' || /^[)\]]$/.test(before.raw));
    if (raw === '[' && !value) throw mismatched(token);
    if (
      raw === '*' &&
      this.#hidden &&
      (list.symbol(index - 1) === '.' ||
        list.symbol(index - 1) === ',' ||
        /^(?:select|distinct|all)$/.test(list.word(index - 1) ?? ''))
    ) {
      out.add("* NOT LIKE '$%'", token.start);
      return index + 1;
    }
    out.add(raw, token.start);
    return index + 1;
  }

  /** Writes a word with a meaning. @returns The next index; undefined for a plain name. */
  #word(out: Rendering, index: number, word: string): number | undefined {
    const { list } = this;
    const at = list.offset(index);
    if (list.symbol(index + 1) === '->') {
      out.add(`lambda ${this.#name(index)}:`, at);
      return index + 2;
    }
    if (word === 'values') return writeValues(this, out, index);
    if (word === 'table' && isTableQuery(list, index)) {
      out.add(`SELECT ${this.#hidden ? "* NOT LIKE '$%'" : '*'} FROM`, at);
      return index + 1;
    }
    if (this.options.inlineClauses && word === 'as' && isClause(list, index)) {
      out.add('AS NOT MATERIALIZED', at);
      return index + 1;
    }
    if (word === 'table' && list.symbol(index + 1) === '(') throw notEmulated('TABLE(…)', at);
    if (word === 'tablesample' && list.symbol(index + 2) === '(') throw notEmulated('TABLESAMPLE', at);
    const literal = parseTypedLiteral(list, index);
    if (literal !== undefined) {
      out.add(literal.sql, at);
      return literal.next;
    }
    const call = functionsWithoutBrackets[word];
    if (call !== undefined && list.word(index - 1) !== 'as') {
      out.add(call, at);
      return list.symbol(index + 1) === '(' ? list.closeOf(index + 1) + 1 : index + 1;
    }
    if (list.symbol(index + 1) !== '(') return undefined;
    if (
      /^(?:range|first|last|left|right)$/.test(word) &&
      !this.#isAlias(index) &&
      list.word(index - 1) !== 'over'
    ) {
      throw new SqlError('FUNCTION_NOT_FOUND', `Function '${word}' not registered`, at);
    }
    // An aggregate's FILTER begins with WHERE.
    const isFilterCall = word === 'filter' && list.word(index + 2) !== 'where';
    if (notFunctions.has(word) && !isFilterCall) return undefined;
    if (
      word === 'unnest' &&
      (BEFORE_TABLE.has(list.word(index - 1) ?? '') || list.symbol(index - 1) === ',')
    ) {
      return writeUnnest(this, out, index);
    }
    return this.#isAlias(index) ? undefined : this.#call(out, index, word);
  }

  /**
   * Whether a word before a parenthesis is an alias with columns: `AS t(a, b)`, `WITH t(a) AS (…)`, `UNNEST(…) t(a)`.
   */
  #isAlias(index: number): boolean {
    const { list } = this;
    const before = list.at(index - 1);
    if (before === undefined) return false;
    if (before.kind === 'quoted' || before.kind === 'text') return true;
    if (before.kind === 'symbol' && before.raw === ')') return true;
    if (before.kind === 'word' && before.value === 'ordinality') return true;
    if (before.kind === 'word' && !notFunctions.has(before.value))
      return !/^(?:when|then|else|both|leading|trailing|return|escape)$/.test(before.value);
    const close = list.closeOf(index + 1);
    if (
      before.kind === 'word' &&
      (before.value === 'as' || before.value === 'with' || before.value === 'recursive')
    )
      return true;
    return list.symbol(index - 1) === ',' && list.word(close + 1) === 'as' && list.symbol(close + 2) === '(';
  }

  #call(out: Rendering, index: number, word: string): number {
    const { list } = this;
    const at = list.offset(index);
    if (word === 'cast' || word === 'try_cast') return this.#cast(out, index, word);
    if (word === 'extract') return this.#extract(out, index);
    if (word === 'current_timestamp' || word === 'array') return index + 1;
    const name = functionNames.get(word);
    if (name === undefined)
      throw new SqlError('FUNCTION_NOT_FOUND', refusal(`Function '${word}' not registered, or it`), at);
    const close = list.closeOf(index + 1);
    const form = writeCallForm(this, out, index, word, name);
    if (form !== undefined) return form;
    out.add(name, at);
    out.add('(', at + word.length);
    this.write(out, index + 2, close);
    if (list.words(close + 1, 'ignore', 'nulls') || list.words(close + 1, 'respect', 'nulls')) {
      out.add(`${list.word(close + 1)} nulls`, list.offset(close + 1));
      out.add(')', list.offset(close));
      return close + 3;
    }
    out.add(')', list.offset(close));
    return close + 1;
  }

  #extract(out: Rendering, index: number): number {
    const { list } = this;
    const close = list.closeOf(index + 1);
    const field = list.word(index + 2) ?? '';
    const name = functionNames.get(field);
    if (list.word(index + 3) !== 'from')
      throw mismatched(
        list.at(index + 3) ??
          list.tokens[close] ??
          list.tokens[index] ?? { kind: 'symbol', raw: '<EOF>', value: '', start: 0, end: 0 },
        "'FROM'",
      );
    if (
      name === undefined ||
      !/^(?:year|quarter|month|week|day|day_of_month|day_of_week|day_of_year|hour|minute|second)$/.test(field)
    ) {
      throw new SqlError(
        'SYNTAX_ERROR',
        `Invalid EXTRACT field: ${list.at(index + 2)?.raw ?? ''}`,
        list.offset(index),
      );
    }
    out.add(`${name}(`, list.offset(index));
    this.write(out, index + 4, close);
    out.add(')', list.offset(close));
    return close + 1;
  }

  #cast(out: Rendering, index: number, word: string): number {
    const { list } = this;
    const close = list.closeOf(index + 1);
    let as = index + 2;
    while (as < close && list.word(as) !== 'as')
      as = list.symbol(as) === '(' || list.symbol(as) === '[' ? list.closeOf(as) + 1 : as + 1;
    if (as >= close)
      throw mismatched(
        list.at(close) ?? { kind: 'symbol', raw: '<EOF>', value: '', start: 0, end: 0 },
        "'AS'",
      );
    const target = parseCastType(list.tokens, as + 1);
    const { next } = target;
    const after = list.at(next);
    if (next !== close && after !== undefined) throw mismatched(after, "')'");
    this.#castTo(out, index, { target, as, attempt: word === 'try_cast' });
    return close + 1;
  }

  #castTo(
    out: Rendering,
    index: number,
    { target, as, attempt }: { readonly target: CastTarget; readonly as: number; readonly attempt: boolean },
  ): void {
    const { list } = this;
    const close = list.closeOf(index + 1);
    const at = list.offset(index);
    const { name, length } = target;
    const inside = (before: string, behind: string) => {
      out.add(before, at);
      this.write(out, index + 2, as);
      out.add(behind, list.offset(close));
    };
    if (name === 'json') inside('trino_to_json(', ')');
    else if (name === 'char') inside('rpad(trino_to_varchar(', `), ${length ?? 1}, ' ')`);
    else if (name === 'varchar' && length !== undefined) inside('left(trino_to_varchar(', `), ${length})`);
    else if (name === 'varchar') inside('trino_to_varchar(', ')');
    else inside(...castCall(target.type, attempt));
  }
}
