import { quoteName } from '../sql/quoteName.ts';
import { quoteText } from '../sql/quoteText.ts';

/** Members of an event that a path can begin with. */
export type JsonRoot = 'user' | 'metadata' | 'statsigMetadata';

/** A place inside an event's JSON: `user.custom.plan`. */
export interface JsonPath {
  readonly root: JsonRoot;
  /** Keys from there on, at least one, as the event has them. */
  readonly keys: readonly string[];
}

/** Keys that need no escape anywhere. A whole number is none: in Trino it would be an element's place in a list, too. */
const KEY = /^(?!-?[0-9]+$)[A-Za-z0-9_-]+$/;
/** Keys that Trino takes without quotes (JsonPathTokenizer.isUnquotedPathCharacter), and DuckDB. Others fail the query. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ROOTS: readonly JsonRoot[] = ['user', 'metadata', 'statsigMetadata'];

/** Takes `user.custom.plan` apart; null when it is no such path. */
export function parseJsonPath(path: string): JsonPath | null {
  const [first, ...keys] = path.split('.');
  const root = ROOTS.find((name) => name === first);
  return root === undefined || keys.length === 0 || !keys.every((key) => KEY.test(key))
    ? null
    : { root, keys };
}

/**
 * The text at a place inside a JSON column; numbers and booleans as JSON writes them. Null when there is nothing, an
 * empty text, or a list or an object, which is no plain value.
 */
export function textAt(column: string, keys: readonly string[]): string {
  const steps = keys.map((key) => (PLAIN_KEY.test(key) ? `.${key}` : `["${key}"]`));
  return `NULLIF(json_extract_scalar(${quoteName(column)}, ${quoteText(`$${steps.join('')}`)}), '')`;
}
