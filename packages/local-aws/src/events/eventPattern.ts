import { AwsError, notImplemented } from '../protocol/AwsError.ts';

/** A pattern that EventBridge would not accept: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const invalidPattern = (reason: string) =>
  new AwsError('InvalidEventPatternException', 400, `Event pattern is not valid. Reason: ${reason}`);

/** A scalar value of an event's field. */
export type Leaf = string | number | boolean | null;

/** Whether a field's values satisfy one entry of a pattern's list; a field that isn't there has no values. */
type ValueTest = (values: readonly Leaf[]) => boolean;

/** EventBridge's operators that are not emulated. */
const NOT_EMULATED = /^(?:anything-but|cidr|equals-ignore-case|exists|numeric|suffix|wildcard)$/;

/**
 * Compiles one entry of a pattern's list: a value to equal, or what it begins with.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws AwsError InvalidEventPatternException for a form EventBridge refuses, NotImplemented for another operator.
 */
export function valueTest(entry: unknown): ValueTest {
  // EventBridge compares numbers as they are written, so that 300 is not 300.0; JSON.parse has merged them.
  if (isLeaf(entry)) return anyOf((value) => value === entry);
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw invalidPattern('Match value must be String, number, true, false, or null');
  }
  const [operator, ...otherOperators] = Object.entries(entry);
  if (operator === undefined || otherOperators.length > 0) {
    throw invalidPattern('Only one key allowed in match expression');
  }
  const [name, operand] = operator;
  if (NOT_EMULATED.test(name)) throw notImplemented(`events pattern operator ${name}`);
  if (name !== 'prefix') throw invalidPattern(`Unrecognized match type ${name}`);
  if (typeof operand === 'object') throw notImplemented('events pattern operator prefix of an object');
  if (typeof operand !== 'string') throw invalidPattern('prefix match pattern must be a string');
  return anyOf((value) => typeof value === 'string' && value.startsWith(operand));
}

/** A field that is a list satisfies an entry when any of its values does. */
function anyOf(test: (value: Leaf) => boolean): ValueTest {
  return (values) => values.some(test);
}

/** Whether a value is one that a pattern compares directly: neither a list nor an object. */
function isLeaf(value: unknown): value is Leaf {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Whether an event satisfies the pattern it was compiled from. */
export type EventTest = (event: unknown) => boolean;

/** The longest pattern, as JSON: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const PATTERN_CHARACTERS = 4_096;

/**
 * Compiles an event pattern: every field it names must satisfy one entry of its list.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
 *
 * @throws AwsError InvalidEventPatternException, NotImplemented.
 */
export function compilePattern(pattern: unknown): EventTest {
  if (JSON.stringify(pattern)?.length > PATTERN_CHARACTERS) {
    throw invalidPattern(`Event pattern is longer than ${PATTERN_CHARACTERS} characters`);
  }
  return fields(pattern, 'Filter');
}

/**
 * The test of a pattern: an event meets each of its fields.
 *
 * @param name What the pattern is called in EventBridge's error.
 */
function fields(pattern: unknown, name: string): EventTest {
  if (!isObject(pattern)) throw invalidPattern(`${name} must be an object or an array`);
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw invalidPattern('Empty objects are not allowed');
  const tests = entries.map(([key, wanted]) => field(key, wanted));
  return (event) => tests.every((test) => test(event));
}

/** The test of one field of a pattern: a list of values, any of which fits, or a pattern for the fields in it. */
function field(key: string, wanted: unknown): EventTest {
  if (key === '$or') throw notImplemented('events pattern operator $or');
  if (!Array.isArray(wanted)) {
    const inner = fields(wanted, `"${key}"`);
    return (event) => valuesAt(event, key).some((value) => isObject(value) && inner(value));
  }
  if (wanted.length === 0) throw invalidPattern('Empty arrays are not allowed');
  const tests = wanted.map(valueTest);
  return (event) => {
    // EventBridge compares values at the ends of an event only: a field that holds an object has no value of its own.
    const leaves: Leaf[] = valuesAt(event, key).filter(isLeaf);
    return tests.some((test) => test(leaves));
  };
}

/** The values of a field of an event: of a list its items, also of lists within it. */
function valuesAt(event: unknown, key: string): unknown[] {
  if (!isObject(event) || !Object.hasOwn(event, key)) return [];
  return [Reflect.get(event, key)].flat(Number.POSITIVE_INFINITY);
}

/** Whether a value is a JSON object. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
