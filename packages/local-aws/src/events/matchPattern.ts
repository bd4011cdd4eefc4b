import { invalidPattern } from './errors.ts';
import { isLeaf, type Leaf, valueTest } from './valueTest.ts';

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
