/** Members of an event that a path can begin with. */
export type JsonRoot = 'user' | 'metadata' | 'statsigMetadata';

/** A path inside an event's JSON: `user.custom.plan`. */
export interface JsonPath {
  readonly root: JsonRoot;
  /** Keys from there on, at least one, as the event has them. */
  readonly keys: readonly string[];
}

/** Keys that need no escaping. Integers are excluded: in Trino, they would also be indexes of list elements. */
const KEY = /^(?!-?[0-9]+$)[A-Za-z0-9_-]+$/;
const ROOTS: readonly JsonRoot[] = ['user', 'metadata', 'statsigMetadata'];

/** Splits a path such as `user.custom.plan`; null when it is not valid. */
export function parseJsonPath(path: string): JsonPath | null {
  const [first, ...keys] = path.split('.');
  const root = ROOTS.find((name) => name === first);
  return root === undefined || keys.length === 0 || !keys.every((key) => KEY.test(key))
    ? null
    : { root, keys };
}
