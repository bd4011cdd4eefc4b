import { notImplemented } from '../protocol/AwsError.ts';
import { invalidInput } from './errors.ts';
import type { Column } from './inputs.ts';

/** Whether a partition with these values matches. */
export type PartitionFilter = (values: readonly string[]) => boolean;

/** Types whose values are compared as text. */
const TEXT_TYPE = /^(string|date|timestamp|char|varchar)\b/i;

/**
 * Reads the `Expression` of GetPartitions: comparisons of partition keys with texts by `= <> < <= > >=` and `IN`, combined
 * with `AND`, `OR` and parentheses. Dates compare as text. An empty expression matches every partition. Other words of
 * Glue's are refused by name.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
 */
export function parsePartitionFilter(keys: readonly Column[], expression: string): PartitionFilter {
  const tokens = tokenize(expression);
  if (tokens.length === 0) return () => true;
  let at = 0;

  const unexpected = (): Error => {
    const found = tokens[at]?.text ?? 'its end';
    return invalidInput(`Unsupported expression '${expression}': unexpected ${found}.`);
  };
  const peek = (kind: Token['kind'], text?: string): boolean =>
    tokens[at]?.kind === kind && (text === undefined || tokens[at]?.text === text);
  const accept = (kind: Token['kind'], text: string): boolean => {
    const matches = peek(kind, text);
    if (matches) at += 1;
    return matches;
  };
  const expect = (kind: Token['kind'], text: string): void => {
    if (!accept(kind, text)) throw unexpected();
  };

  function parseOr(): PartitionFilter {
    const sides = [parseAnd()];
    while (accept('keyword', 'OR')) sides.push(parseAnd());
    return (values) => sides.some((side) => side(values));
  }

  function parseAnd(): PartitionFilter {
    const sides = [parseOne()];
    while (accept('keyword', 'AND')) sides.push(parseOne());
    return (values) => sides.every((side) => side(values));
  }

  function parseOne(): PartitionFilter {
    if (!accept('operator', '(')) return parseComparison();
    const inner = parseOr();
    expect('operator', ')');
    return inner;
  }

  function parseComparison(): PartitionFilter {
    if (!peek('name')) throw unexpected();
    const name = tokens[at]?.text ?? '';
    at += 1;
    const index = keys.findIndex((key) => key.Name.toLowerCase() === name.toLowerCase());
    const key = keys[index];
    if (key === undefined) throw invalidInput(`Unsupported expression: ${name} is not a partition key.`);
    if (!TEXT_TYPE.test(key.Type ?? 'string'))
      throw notImplemented(`glue GetPartitions Expression on a partition key of type ${key.Type}`);
    if (accept('keyword', 'IN')) {
      expect('operator', '(');
      const literals = [parseLiteral()];
      while (accept('operator', ',')) literals.push(parseLiteral());
      expect('operator', ')');
      return ({ [index]: value = '' }) => literals.includes(value);
    }
    const holds = peek('operator') ? operatorTest(tokens[at]?.text ?? '') : undefined;
    if (holds === undefined) throw unexpected();
    at += 1;
    const operand = parseLiteral();
    return ({ [index]: value = '' }) => holds(value, operand);
  }

  function parseLiteral(): string {
    if (!peek('text')) throw unexpected();
    const { text = '' } = tokens[at] ?? {};
    at += 1;
    return text;
  }

  const filter = parseOr();
  if (at < tokens.length) throw unexpected();
  return filter;
}

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

/** A token of a partition filter. Keywords are in upper case. */
type Token =
  | { readonly kind: 'name' | 'text' | 'operator'; readonly text: string }
  | { readonly kind: 'keyword'; readonly text: string };

const KEYWORDS = new Set(['AND', 'OR', 'IN']);
/** The parser of Glue knows these; this emulation does not. */
const REFUSED = new Set(['NOT', 'BETWEEN', 'LIKE', 'IS', 'CAST']);
/** Types of a literal that follows. On their own they are names, as of a partition key. */
const LITERAL_TYPES = new Set(['DATE', 'TIMESTAMP']);

const TOKEN = /\s*(?:'((?:[^']|'')*)'|"((?:[^"]|"")+)"|`([^`]+)`|([A-Za-z_]\w*)|(<>|!=|<=|>=|[=<>(),]))/y;

/** Splits a partition filter into tokens. */
function tokenize(expression: string): Token[] {
  const found: Token[] = [];
  const text = expression.trim();
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw invalidInput(`Unsupported expression '${expression}': cannot be read at ${at}.`);
    at = TOKEN.lastIndex;
    found.push(toToken(match, text.slice(at)));
  }
  return found;
}

function toToken([, text, quoted, ticked, word, operator]: RegExpExecArray, rest: string): Token {
  if (text !== undefined) return { kind: 'text', text: text.replaceAll("''", "'") };
  if (quoted !== undefined) return { kind: 'name', text: quoted.replaceAll('""', '"') };
  if (ticked !== undefined) return { kind: 'name', text: ticked };
  if (operator !== undefined) return { kind: 'operator', text: operator === '!=' ? '<>' : operator };
  const upper = (word ?? '').toUpperCase();
  if (REFUSED.has(upper) || (LITERAL_TYPES.has(upper) && /^\s*'/.test(rest)))
    throw notImplemented(`glue GetPartitions Expression with ${upper}`);
  return KEYWORDS.has(upper) ? { kind: 'keyword', text: upper } : { kind: 'name', text: word ?? '' };
}
