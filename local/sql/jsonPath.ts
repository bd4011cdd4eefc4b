/**
 * A JSON path as Trino takes it in DuckDB's spelling: `$["a b"].c` is `$."a b".c`.
 * https://trino.io/docs/current/functions/json.html#json-extract
 *
 * @returns undefined for one that Trino doesn't take: it must begin with `$`, has no wildcards, and counts from the start.
 */
export function jsonPath(path: string): string | undefined {
  if (!path.startsWith('$')) return undefined;
  const spelled = path.replaceAll(
    /\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*\]/g,
    (_, double, single) => `."${double ?? single}"`,
  );
  // Dashes and the like need quotes in DuckDB only.
  const quoted = spelled.replaceAll(/\.([\p{L}_][^.[\]"*\s]*)/gu, (match, name: string) =>
    /^\w+$/.test(name) ? match : `."${name}"`,
  );
  const steps = quoted.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return /\*|\.\.|\[\s*[-#]|\.\$/.test(steps) ? undefined : quoted;
}
