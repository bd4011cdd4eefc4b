import { notImplemented } from '../protocol/AwsError.ts';
import { invalidInput } from './errors.ts';
import type { Column } from './inputs.ts';

/** Whether a partition with these values matches. */
type PartitionFilter = (values: readonly string[]) => boolean;

/** Types whose values are compared as text. */
const TEXT_TYPE = /^(string|date|timestamp|char|varchar)\b/i;

/**
 * Reads the `Expression` of GetPartitions: comparisons of partition keys with texts by `= <> < <= > >=` and `IN`, combined
 * with `AND`, `OR` and parentheses. Dates compare as text. An empty expression matches every partition. Other words of
 * Glue's are refused by name.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
 *
 * @throws AwsError InvalidInputException, NotImplemented
 */
export function parsePartitionFilter(keys: readonly Column[], expression: string): PartitionFilter {
  const tokens = tokenize(expression);
  return tokens.length === 0 ? () => true : new FilterParser(keys, expression, tokens).parse();
}

/** Parses the tokens of one expression, from the first to the last. */
class FilterParser {
  readonly #keys: readonly Column[];
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  /** Index of the next token. */
  #next = 0;

  constructor(keys: readonly Column[], expression: string, tokens: readonly Token[]) {
    this.#keys = keys;
    this.#expression = expression;
    this.#tokens = tokens;
  }

  /** The filter of the whole expression. @throws AwsError `InvalidInputException` */
  parse(): PartitionFilter {
    const filter = this.#parseOr();
    if (this.#next < this.#tokens.length) throw this.#unexpected();
    return filter;
  }

  /** Terms joined by OR, which binds less tightly than AND. */
  #parseOr(): PartitionFilter {
    const sides = [this.#parseAnd()];
    while (this.#accept('keyword', 'OR')) sides.push(this.#parseAnd());
    return (values) => sides.some((side) => side(values));
  }

  /** Terms joined by AND. */
  #parseAnd(): PartitionFilter {
    const sides = [this.#parseTerm()];
    while (this.#accept('keyword', 'AND')) sides.push(this.#parseTerm());
    return (values) => sides.every((side) => side(values));
  }

  /** A comparison, or an expression in parentheses. */
  #parseTerm(): PartitionFilter {
    if (!this.#accept('operator', '(')) return this.#parseComparison();
    const inner = this.#parseOr();
    this.#expect('operator', ')');
    return inner;
  }

  /** A key with an operator and a text, or with IN and texts. */
  #parseComparison(): PartitionFilter {
    const index = this.#keyIndex(this.#take('name'));
    if (this.#accept('keyword', 'IN')) {
      this.#expect('operator', '(');
      const literals = [this.#take('text')];
      while (this.#accept('operator', ',')) literals.push(this.#take('text'));
      this.#expect('operator', ')');
      return ({ [index]: value = '' }) => literals.includes(value);
    }
    const token = this.#tokens[this.#next];
    const holds = token?.kind === 'operator' ? operatorTest(token.text) : undefined;
    if (holds === undefined) throw this.#unexpected();
    this.#next += 1;
    const literal = this.#take('text');
    return ({ [index]: value = '' }) => holds(value, literal);
  }

  /** The position of a partition key among the keys. */
  #keyIndex(name: string): number {
    const index = this.#keys.findIndex((candidate) => candidate.Name.toLowerCase() === name.toLowerCase());
    const key = this.#keys[index];
    if (key === undefined) throw invalidInput(`Unsupported expression: ${name} is not a partition key.`);
    // Glue takes a key without a type for a text.
    if (!TEXT_TYPE.test(key.Type ?? 'string'))
      throw notImplemented(`glue GetPartitions Expression on a partition key of type ${key.Type}`);
    return index;
  }

  /** The text of the next token, which has to be of a kind. */
  #take(kind: Token['kind']): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) throw this.#unexpected();
    this.#next += 1;
    return token.text;
  }

  /** Skips the next token if it is the given one. */
  #accept(kind: Token['kind'], text: string): boolean {
    const token = this.#tokens[this.#next];
    const matches = token?.kind === kind && token.text === text;
    if (matches) this.#next += 1;
    return matches;
  }

  /** Skips the next token, which has to be the given one. @throws AwsError `InvalidInputException` */
  #expect(kind: Token['kind'], text: string): void {
    if (!this.#accept(kind, text)) throw this.#unexpected();
  }

  /** The error for the next token. */
  #unexpected(): Error {
    const token = this.#tokens[this.#next]?.text ?? 'its end';
    return invalidInput(`Unsupported expression '${this.#expression}': unexpected ${token}.`);
  }
}

/** The comparison of an operator; undefined for a token that is no comparison. */
function operatorTest(operator: string): ((value: string, literal: string) => boolean) | undefined {
  switch (operator) {
    case '=':
      return (value, literal) => value === literal;
    case '<>':
      return (value, literal) => value !== literal;
    case '<':
      return (value, literal) => value < literal;
    case '<=':
      return (value, literal) => value <= literal;
    case '>':
      return (value, literal) => value > literal;
    case '>=':
      return (value, literal) => value >= literal;
    default:
      return undefined;
  }
}

/** A token of a partition filter. */
interface Token {
  /** What the token is: a column's name, a string, an operator or parenthesis, or a word of the syntax. */
  readonly kind: 'name' | 'text' | 'operator' | 'keyword';
  /** Without quotes. Keywords are in upper case. */
  readonly text: string;
}

/** The keywords of a filter. */
const KEYWORDS = new Set(['AND', 'OR', 'IN']);
/** Keywords of Glue's that are not emulated. */
const REFUSED = new Set(['NOT', 'BETWEEN', 'LIKE', 'IS', 'CAST']);
/** Types of a literal that follows. On their own they are names, as of a partition key. */
const LITERAL_TYPES = new Set(['DATE', 'TIMESTAMP']);

/** A text, a name in double quotes or backticks, a word, or an operator. */
const TOKEN = /\s*(?:'((?:[^']|'')*)'|"((?:[^"]|"")+)"|`([^`]+)`|([A-Za-z_]\w*)|(<>|!=|<=|>=|[=<>(),]))/y;

/** Splits a partition filter into tokens. */
function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  const text = expression.trim();
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw invalidInput(`Unsupported expression '${expression}': cannot be read at ${at}.`);
    at = TOKEN.lastIndex;
    tokens.push(toToken(match, text.slice(at)));
  }
  return tokens;
}

/** The token that a pattern has matched. @param following The text behind the token. */
function toToken([, text, quoted, ticked, word = '', operator]: RegExpExecArray, following: string): Token {
  if (text !== undefined) return { kind: 'text', text: text.replaceAll("''", "'") };
  if (quoted !== undefined) return { kind: 'name', text: quoted.replaceAll('""', '"') };
  if (ticked !== undefined) return { kind: 'name', text: ticked };
  if (operator !== undefined) return { kind: 'operator', text: operator === '!=' ? '<>' : operator };
  const upper = word.toUpperCase();
  if (REFUSED.has(upper) || (LITERAL_TYPES.has(upper) && /^\s*'/.test(following)))
    throw notImplemented(`glue GetPartitions Expression with ${upper}`);
  return KEYWORDS.has(upper) ? { kind: 'keyword', text: upper } : { kind: 'name', text: word };
}
