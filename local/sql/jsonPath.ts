/**
 * A JSON path as Trino takes it in DuckDB's spelling: `$["a b"].c` is `$."a b".c`.
 * https://trino.io/docs/current/functions/json.html#json-extract
 */
export function jsonPath(path: string): { readonly path: string; readonly many: boolean } {
  const spelled = path.replaceAll(
    /\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*\]/g,
    (_, double, single) => `."${double ?? single}"`,
  );
  const rooted = spelled.startsWith('$') ? spelled : `$.${spelled}`;
  // Dashes and the like need quotes in DuckDB only.
  const quoted = rooted.replaceAll(/\.([\p{L}_][^.[\]"*\s]*)/gu, (match, name: string) =>
    /^\w+$/.test(name) ? match : `."${name}"`,
  );
  return { path: quoted, many: /\[\*\]|\.\*|\.\./.test(quoted) };
}
