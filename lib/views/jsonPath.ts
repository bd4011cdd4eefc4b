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

/** Keys that Athena's JSON paths and DuckDB's take without quotes, which each of them writes in its own way. */
const KEY = /^[A-Za-z0-9_-]+$/;
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
  return `NULLIF(json_extract_scalar(${quoteName(column)}, ${quoteText(['$', ...keys].join('.'))}), '')`;
}
