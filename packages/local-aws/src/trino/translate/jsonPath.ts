/**
 * A JSON path as Trino takes it in DuckDB's spelling: `$["a b"].c` is `$."a b".c`.
 * https://trino.io/docs/current/functions/json.html#json-extract
 *
 * @returns undefined for one that Trino doesn't take: it must begin with `$`, has no wildcards, counts from the start, and
 * of what is no letter, digit, `_` or `:` takes nothing without quotes (JsonPathTokenizer.isUnquotedPathCharacter).
 */
export function jsonPath(path: string): string | undefined {
  if (!path.startsWith('$')) return undefined;
  const named = path.replaceAll(/\[[^\]"']*\]|\[\s*(?:"(?:[^"\\]|\\.)*"|'[^']*')\s*\]/g, '');
  if (/[^\p{L}\p{N}_:.$"*]/u.test(named)) return undefined;
  const spelled = path.replaceAll(
    /\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*\]/g,
    (_, double, single) => `."${double ?? single}"`,
  );
  // Other letters than English ones and colons need quotes in DuckDB only.
  const quoted = spelled.replaceAll(/\.([\p{L}_][^.[\]"*\s]*)/gu, (match, name: string) =>
    /^\w+$/.test(name) ? match : `."${name}"`,
  );
  const steps = quoted.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return /\*|\.\.|\[\s*[-#]|\.\$/.test(steps) ? undefined : quoted;
}
