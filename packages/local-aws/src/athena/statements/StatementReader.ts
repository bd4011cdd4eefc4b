import { BEGINS_QUERY, mismatched, SqlError, type Token, TokenList } from '../../trino/index.ts';
import type { ColumnDefinition, PartitionSpec, PropertyValue, QueryText, TableName } from './Statement.ts';

/** Reads the tokens of a statement in order. Every method throws SqlError for an unexpected token. */
export class StatementReader {
  /** The tokens of the statement. */
  readonly list: TokenList;
  #index = 0;

  constructor(sql: string) {
    const allTokens = new TokenList(sql);
    const last = allTokens.tokens.at(-1);
    // A statement may end with a semicolon. A second statement is a syntax error.
    this.list =
      last?.raw === ';' ? new TokenList(sql.slice(0, last.start), allTokens.tokens.slice(0, -1)) : allTokens;
  }

  /** Whether every token has been read. */
  get atEnd(): boolean {
    return this.#index >= this.list.length;
  }

  /** Whether these words follow. */
  peek(...words: readonly string[]): boolean {
    return this.list.words(this.#index, ...words);
  }

  /** The next word, in lower case; undefined for anything else. */
  peekWord(): string | undefined {
    return this.list.word(this.#index);
  }

  /** Whether a symbol follows, as `(`. */
  peekSymbol(symbol: string): boolean {
    return this.list.symbol(this.#index) === symbol;
  }

  /** Whether a query follows, with or without parentheses. */
  peekQuery(): boolean {
    let index = this.#index;
    while (this.list.symbol(index) === '(') index += 1;
    return BEGINS_QUERY.test(this.list.word(index) ?? '');
  }

  /** Whether these words follow. If so, reads them. */
  take(...words: readonly string[]): boolean {
    if (!this.peek(...words)) return false;
    this.#index += words.length;
    return true;
  }

  /** Whether a symbol follows. If so, reads it. */
  takeSymbol(symbol: string): boolean {
    if (!this.peekSymbol(symbol)) return false;
    this.#index += 1;
    return true;
  }

  /** Reads words, each of which has to follow. */
  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.take(word)) throw this.unexpected(`'${word.toUpperCase()}'`);
  }

  /** Reads a symbol, which has to follow. */
  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(`'${symbol}'`);
  }

  /** Requires the end of the statement. */
  expectEnd(): void {
    if (!this.atEnd) throw this.unexpected('<EOF>');
  }

  /** The error for what follows. @param expecting What could follow, in Trino's words. */
  unexpected(expecting: string): SqlError {
    const token = this.list.at(this.#index);
    if (token !== undefined) return mismatched(token, expecting);
    return new SqlError(
      'SYNTAX_ERROR',
      `mismatched input '<EOF>'. Expecting: ${expecting}`,
      this.list.offset(this.#index),
    );
  }

  /** Reads a token of any kind. */
  next(): Token {
    const token = this.list.at(this.#index);
    if (token === undefined) throw this.unexpected('<identifier>');
    this.#index += 1;
    return token;
  }

  /** Reads a name, quoted or not. */
  name(): string {
    const token = this.next();
    if (token.kind !== 'word' && token.kind !== 'quoted') {
      this.#index -= 1;
      throw this.unexpected('<identifier>');
    }
    return token.kind === 'word' ? token.raw : token.value;
  }

  /** Reads a text in quotes. */
  text(): string {
    const token = this.next();
    // Hive accepts strings in double quotes, too.
    if (token.kind !== 'text' && token.kind !== 'quoted') {
      this.#index -= 1;
      throw this.unexpected('<string>');
    }
    return token.value;
  }

  /** Reads a table's name with up to two qualifiers: `catalog.database.table`. */
  tableName(): TableName {
    const offset = this.list.offset(this.#index);
    const isHive = this.list.at(this.#index)?.raw.startsWith('`') === true;
    const first = this.name();
    // Hive finds the database in a name of one pair of quotes, too: `salesdata.orderclickstoday` is an example of AWS.
    // https://docs.aws.amazon.com/athena/latest/ug/show-create-table.html
    const parts =
      isHive && !this.peekSymbol('.') && /^[^.]+\.[^.]+$/.test(first) ? first.split('.') : [first];
    while (parts.length < 3 && this.takeSymbol('.')) parts.push(this.name());
    const [table = '', database, catalog] = parts.toReversed();
    return {
      table,
      offset,
      ...(database === undefined ? {} : { database }),
      ...(catalog === undefined ? {} : { catalog }),
    };
  }

  /** Reads the rest of the statement as a query. */
  query(): QueryText {
    const offset = this.list.offset(this.#index);
    this.#index = this.list.length;
    return { sql: this.list.sql.slice(offset), offset };
  }

  /** `(name = value, …)`. */
  properties(): Map<string, PropertyValue> {
    const properties = new Map<string, PropertyValue>();
    this.expectSymbol('(');
    do {
      const name = this.next().value.toLowerCase();
      this.expectSymbol('=');
      if (this.take('array')) {
        this.expectSymbol('[');
        const items: string[] = [];
        if (!this.peekSymbol(']'))
          do items.push(this.next().value);
          while (this.takeSymbol(','));
        this.expectSymbol(']');
        properties.set(name, items);
      } else properties.set(name, this.next().value);
    } while (this.takeSymbol(','));
    this.expectSymbol(')');
    return properties;
  }

  /** `('name' = 'value', …)`. */
  textProperties(): Map<string, string> {
    const properties = new Map<string, string>();
    this.expectSymbol('(');
    do {
      const name = this.text();
      this.expectSymbol('=');
      properties.set(name, this.text());
    } while (this.takeSymbol(','));
    this.expectSymbol(')');
    return properties;
  }

  /** `(name type [COMMENT 'text'], …)`. */
  columns(): ColumnDefinition[] {
    const columns: ColumnDefinition[] = [];
    this.expectSymbol('(');
    do columns.push(this.column());
    while (this.takeSymbol(','));
    this.expectSymbol(')');
    return columns;
  }

  /** `name type [COMMENT 'text']`. */
  column(): ColumnDefinition {
    const name = this.name().toLowerCase();
    const type = this.#type();
    const comment = this.take('comment') ? this.text() : undefined;
    return { name, type, ...(comment === undefined ? {} : { comment }) };
  }

  /** Reads a Hive type as text. It ends at a comma, a closing parenthesis or COMMENT outside of brackets. */
  #type(): string {
    let type = '';
    for (let depth = 0; ; ) {
      const token = this.list.at(this.#index);
      if (
        token === undefined ||
        (depth === 0 && (token.raw === ',' || token.raw === ')' || token.value === 'comment'))
      )
        break;
      if (token.raw === '<' || token.raw === '(') depth += 1;
      if (token.raw === '>' || token.raw === ')') depth -= 1;
      type += token.kind === 'quoted' ? token.value : token.raw;
      this.#index += 1;
    }
    if (type === '') throw this.unexpected('<type>');
    return type.toLowerCase();
  }

  /** `PARTITION (key = value, …) [LOCATION 'text']`. */
  partition(): PartitionSpec {
    const values = new Map<string, string>();
    this.expect('partition');
    this.expectSymbol('(');
    do {
      const key = this.name().toLowerCase();
      this.expectSymbol('=');
      // `DATE '2026-11-20'` means the same as the string.
      if (this.list.word(this.#index) === 'date') this.#index += 1;
      values.set(key, this.next().value);
    } while (this.takeSymbol(','));
    this.expectSymbol(')');
    return this.take('location') ? { values, location: this.text() } : { values };
  }
}
