import { notImplemented } from '../protocol/AwsError.ts';
import { invalidInput } from './errors.ts';
import type { Column } from './inputs.ts';

/** Whether a partition with these values matches. */
export type PartitionFilter = (values: readonly string[]) => boolean;

const TEXT_TYPE = /^(string|date|timestamp|char|varchar)\b/i;
const NUMBER_TYPE = /^(tinyint|smallint|int|integer|bigint|long|decimal)\b/i;

/** Value of a partition whose column is null: https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into-etl.html */
const NULL_VALUE = '__HIVE_DEFAULT_PARTITION__';

/**
 * Reads the `Expression` of GetPartitions: comparisons of partition keys with literals by `= <> < <= > >=`, `IN`,
 * `BETWEEN`, `LIKE` of texts, `IS NULL` and `IS NOT NULL`, combined with `AND`, `OR`, `NOT` and parentheses. Dates
 * compare as text. An empty expression matches every partition. Typed literals, casts and `ESCAPE` are rejected as not
 * implemented.
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
    const sides = [parseNot()];
    while (accept('keyword', 'AND')) sides.push(parseNot());
    return (values) => sides.every((side) => side(values));
  }

  function parseNot(): PartitionFilter {
    if (accept('keyword', 'NOT')) return negate(parseNot());
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
    const compare = valueComparer(key);
    const test = (wanted: (order: (literal: string) => number) => boolean): PartitionFilter => {
      return ({ [index]: value = '' }) => wanted((literal) => compare(value, literal));
    };

    if (accept('keyword', 'IS')) {
      const isNot = accept('keyword', 'NOT');
      expect('keyword', 'NULL');
      return ({ [index]: value }) => (value === NULL_VALUE) !== isNot;
    }
    const not = accept('keyword', 'NOT');
    if (accept('keyword', 'LIKE')) {
      if (!TEXT_TYPE.test(key.Type ?? 'string'))
        throw notImplemented(
          `glue GetPartitions Expression with LIKE on a partition key of type ${key.Type}`,
        );
      if (!peek('text')) throw unexpected();
      const pattern = likePattern(parseLiteral());
      return ({ [index]: value = '' }) => pattern.test(value) !== not;
    }
    if (accept('keyword', 'IN')) {
      expect('operator', '(');
      const literals = [parseLiteral()];
      while (accept('operator', ',')) literals.push(parseLiteral());
      expect('operator', ')');
      const among = test((order) => literals.some((one) => order(one) === 0));
      return not ? negate(among) : among;
    }
    if (accept('keyword', 'BETWEEN')) {
      const low = parseLiteral();
      expect('keyword', 'AND');
      const high = parseLiteral();
      const between = test((order) => order(low) >= 0 && order(high) <= 0);
      return not ? negate(between) : between;
    }
    if (not || !peek('operator')) throw unexpected();
    const holds = operatorTest(tokens[at]?.text ?? '');
    if (holds === undefined) throw unexpected();
    at += 1;
    const operand = parseLiteral();
    return test((order) => holds(order(operand)));
  }

  function parseLiteral(): string {
    if (!peek('text') && !peek('number')) throw unexpected();
    const { text = '' } = tokens[at] ?? {};
    at += 1;
    return text;
  }

  const filter = parseOr();
  if (at < tokens.length) throw unexpected();
  return filter;
}

const negate =
  (filter: PartitionFilter): PartitionFilter =>
  (values) =>
    !filter(values);

/** `%` stands for any text, `_` for one character. */
function likePattern(pattern: string): RegExp {
  const source = Array.from(pattern, (one) =>
    one === '%' ? '.*' : one === '_' ? '.' : one.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`, 'su');
}

/** Compares a value with a literal by the key's type. NaN, which equals nothing, when they are not comparable. */
function valueComparer(key: Column): (value: string, literal: string) => number {
  const type = key.Type ?? 'string';
  if (TEXT_TYPE.test(type)) {
    return (value, literal) => (value === literal ? 0 : value < literal ? -1 : 1);
  }
  if (NUMBER_TYPE.test(type)) return compareNumbers;
  throw notImplemented(`glue GetPartitions Expression on a partition key of type ${type}`);
}

const WHOLE = /^-?\d+$/;

function compareNumbers(value: string, literal: string): number {
  if (!WHOLE.test(value) || !WHOLE.test(literal)) return Number(value) - Number(literal);
  // A JavaScript number cannot represent every bigint exactly.
  const [left, right] = [BigInt(value), BigInt(literal)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function operatorTest(operator: string): ((order: number) => boolean) | undefined {
  switch (operator) {
    case '=':
      return (order) => order === 0;
    case '<>':
      return (order) => order < 0 || order > 0;
    case '<':
      return (order) => order < 0;
    case '<=':
      return (order) => order <= 0;
    case '>':
      return (order) => order > 0;
    case '>=':
      return (order) => order >= 0;
    default:
      return undefined;
  }
}

/** A token of a partition filter. Keywords are in upper case. */
type Token =
  | { readonly kind: 'name' | 'text' | 'number' | 'operator'; readonly text: string }
  | { readonly kind: 'keyword'; readonly text: string };

const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'BETWEEN', 'LIKE', 'IS', 'NULL']);
/** The parser of Glue knows these; this emulation does not. */
const REFUSED = new Set(['CAST', 'ESCAPE']);
/** Types of a literal that follows. On their own they are names, as of a partition key. */
const LITERAL_TYPES = new Set(['DATE', 'TIMESTAMP']);

const TOKEN =
  /\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|"((?:[^"]|"")+)"|`([^`]+)`|([A-Za-z_]\w*)|(<>|!=|<=|>=|[=<>(),]))/y;

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

function toToken([, text, number, quoted, ticked, word, operator]: RegExpExecArray, rest: string): Token {
  if (text !== undefined) return { kind: 'text', text: text.replaceAll("''", "'") };
  if (number !== undefined) return { kind: 'number', text: number };
  if (quoted !== undefined) return { kind: 'name', text: quoted.replaceAll('""', '"') };
  if (ticked !== undefined) return { kind: 'name', text: ticked };
  if (operator !== undefined) return { kind: 'operator', text: operator === '!=' ? '<>' : operator };
  const upper = (word ?? '').toUpperCase();
  if (REFUSED.has(upper) || (LITERAL_TYPES.has(upper) && /^\s*'/.test(rest)))
    throw notImplemented(`glue GetPartitions Expression with ${upper}`);
  return KEYWORDS.has(upper) ? { kind: 'keyword', text: upper } : { kind: 'name', text: word ?? '' };
}
