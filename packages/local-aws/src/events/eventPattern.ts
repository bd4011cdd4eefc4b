import { z } from 'zod';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';

/** A pattern that EventBridge would not accept: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const invalidPattern = (reason: string) =>
  new AwsError('InvalidEventPatternException', 400, `Event pattern is not valid. Reason: ${reason}`);

/** What an event's field may hold at its end. */
type Leaf = string | number | boolean | null;

/** Whether a field's values satisfy one entry of a pattern's list; a field that isn't there has no values. */
export type ValueTest = (values: readonly Leaf[]) => boolean;

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-numeric-matching */
const NUMERIC_BOUND = 5e9;

const textOrFold = z.union([z.string(), z.strictObject({ 'equals-ignore-case': z.string() })]);
const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1)]);

/**
 * Compiles one entry of a pattern's list: a value to equal, or one of EventBridge's operators.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws AwsError InvalidEventPatternException for a form EventBridge refuses, NotImplemented for an
 * operator that is refused here (`cidr`).
 */
function valueTest(entry: unknown): ValueTest {
  // EventBridge compares numbers as they are written, so that 300 is not 300.0; JSON.parse has merged them.
  if (isLeaf(entry)) return some((value) => value === entry);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw invalidPattern('Match value must be String, number, true, false, or null');
  }
  const [operator, ...more] = Object.entries(entry);
  if (operator === undefined || more.length > 0) {
    throw invalidPattern('Only one key allowed in match expression');
  }
  const [name, operand] = operator;
  switch (name) {
    case 'exists': {
      const wanted = parse(z.boolean(), operand, 'exists match pattern must be either true or false');
      return (values) => values.length > 0 === wanted;
    }
    case 'anything-but':
      return anythingBut(operand);
    case 'numeric':
      return numeric(operand);
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
    case 'wildcard':
      return text(name, operand);
    case 'cidr':
      throw notImplemented('events pattern operator cidr');
    default:
      throw invalidPattern(`Unrecognized match type ${name}`);
  }
}

function text(
  operator: 'prefix' | 'suffix' | 'equals-ignore-case' | 'wildcard',
  operand: unknown,
): ValueTest {
  const fits = textTest(operator, operand);
  return some((value) => typeof value === 'string' && fits(value));
}

function textTest(operator: string, operand: unknown): (value: string) => boolean {
  const reason = `${operator} match pattern must be a string`;
  if (operator === 'equals-ignore-case') {
    const wanted = parse(z.string(), operand, reason).toLowerCase();
    return (value) => value.toLowerCase() === wanted;
  }
  if (operator === 'wildcard') return wildcard(parse(z.string(), operand, reason));
  const wanted = parse(textOrFold, operand, reason);
  const fold = typeof wanted === 'string' ? (value: string) => value : (value: string) => value.toLowerCase();
  const affix = typeof wanted === 'string' ? wanted : wanted['equals-ignore-case'].toLowerCase();
  return operator === 'prefix'
    ? (value) => fold(value).startsWith(affix)
    : (value) => fold(value).endsWith(affix);
}

/** `*` stands for any run of characters; `\*` and `\\` are those characters themselves. */
function wildcard(pattern: string): (value: string) => boolean {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    const next = pattern[at + 1];
    if (character === '*') {
      if (next === '*') throw invalidPattern('Consecutive wildcard characters');
      source += '.*';
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') throw invalidPattern('Invalid escape character');
      source += `\\${next}`;
      at += 1;
    } else {
      source += character.replace(/[.+?^${}()|[\]\\/]/u, '\\$&');
    }
  }
  const expression = new RegExp(`^${source}$`, 'su');
  return (value) => expression.test(value);
}

function anythingBut(operand: unknown): ValueTest {
  const reason = 'anything-but must be a string, number, list of them, or one operator on strings';
  if (typeof operand === 'object' && operand !== null && !Array.isArray(operand)) {
    const [operator, ...more] = Object.entries(operand);
    if (operator === undefined || more.length > 0) throw invalidPattern(reason);
    const [name, given] = operator;
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name)) {
      throw invalidPattern(`Unsupported anything-but pattern: ${name}`);
    }
    const wanted = parse(oneOrMore(z.string()), given, reason);
    const tests = [wanted].flat().map((one) => textTest(name, one));
    return some((value) => typeof value !== 'string' || !tests.some((fits) => fits(value)));
  }
  const refused = [parse(oneOrMore(z.union([z.string(), z.number()])), operand, reason)].flat();
  return some((value) => !refused.some((one) => one === value));
}

const comparisons = {
  '=': (value: number, bound: number) => value === bound,
  '<': (value: number, bound: number) => value < bound,
  '<=': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
  '>=': (value: number, bound: number) => value >= bound,
};

const operatorSchema = z.enum(['=', '<', '<=', '>', '>=']);
const boundSchema = z.number().min(-NUMERIC_BOUND).max(NUMERIC_BOUND);
const numericSchema = z.union([
  z.tuple([operatorSchema, boundSchema]),
  z.tuple([operatorSchema, boundSchema, operatorSchema, boundSchema]),
]);

function numeric(operand: unknown): ValueTest {
  const reason = 'numeric match must be a list of one or two comparisons with numbers of at most 5e9';
  const [operator, bound, operator2, bound2] = parse(numericSchema, operand, reason);
  return some((value) => {
    if (typeof value !== 'number' || !comparisons[operator](value, bound)) return false;
    return operator2 === undefined || bound2 === undefined || comparisons[operator2](value, bound2);
  });
}

/** A field that is a list satisfies an entry when any of its values does. */
function some(test: (value: Leaf) => boolean): ValueTest {
  return (values) => values.some(test);
}

/** Whether a pattern compares with it directly: neither a list nor an object. */
function isLeaf(value: unknown): value is Leaf {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, reason: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw invalidPattern(reason);
  return result.data;
}

/** Whether an event satisfies the pattern it was compiled from. */
export type EventTest = (event: unknown) => boolean;

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const PATTERN_CHARACTERS = 4_096;

/**
 * Compiles an event pattern: every field it names must satisfy one entry of its list; `$or` takes any of
 * its patterns. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
 *
 * @throws AwsError InvalidEventPatternException, NotImplemented: see `valueTest.ts`.
 */
export function compilePattern(pattern: unknown): EventTest {
  if (JSON.stringify(pattern)?.length > PATTERN_CHARACTERS) {
    throw invalidPattern(`Event pattern is longer than ${PATTERN_CHARACTERS} characters`);
  }
  return fields(pattern, 'Filter');
}

/**
 * Whether an event satisfies a pattern, compiled on the spot.
 *
 * @example
 * matchPattern({ source: ['aws.s3'], detail: { object: { key: [{ prefix: 'statsig/' }] } } }, event);
 */
export function matchPattern(pattern: unknown, event: unknown): boolean {
  return compilePattern(pattern)(event);
}

function fields(pattern: unknown, name: string): EventTest {
  if (!isObject(pattern)) throw invalidPattern(`${name} must be an object or an array`);
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw invalidPattern('Empty objects are not allowed');
  const tests = entries.map(([key, wanted]) => (isOr(key, wanted) ? either(wanted) : field(key, wanted)));
  return (event) => tests.every((test) => test(event));
}

function field(key: string, wanted: unknown): EventTest {
  if (!Array.isArray(wanted)) {
    const inner = fields(wanted, `"${key}"`);
    return (event) => valuesAt(event, key).some((value) => isObject(value) && inner(value));
  }
  if (wanted.length === 0) throw invalidPattern('Empty arrays are not allowed');
  const tests = wanted.map(valueTest);
  return (event) => {
    // Operators see the ends of the event only: a field that holds an object doesn't `exist` for them.
    const leaves: Leaf[] = valuesAt(event, key).filter(isLeaf);
    return tests.some((test) => test(leaves));
  };
}

function either(patterns: readonly unknown[]): EventTest {
  const tests = patterns.map((pattern) => fields(pattern, '"$or"'));
  return (event) => tests.some((test) => test(event));
}

/** `$or` with a list of at least two objects is the operator; otherwise it is a field of that name. */
function isOr(key: string, wanted: unknown): wanted is readonly unknown[] {
  return key === '$or' && Array.isArray(wanted) && wanted.length > 1 && wanted.every(isObject);
}

function valuesAt(event: unknown, key: string): unknown[] {
  if (!isObject(event) || !Object.hasOwn(event, key)) return [];
  return [Reflect.get(event, key)].flat(Number.POSITIVE_INFINITY);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
