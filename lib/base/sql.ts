/** A row of an answer of Athena, by column name. */
export type QueryRow = Readonly<Record<string, string | null>>;

/** An SQL identifier, as Athena's queries and DuckDB take it: whatever words either of them reserves. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The quoted name of a table or view with that of its database. */
export function qualifiedName({ database }: { readonly database: string }, name: string): string {
  return `${quoteName(database)}.${quoteName(name)}`;
}

/** The list of a SELECT: each expression under its name. */
export function namedList(expressions: Readonly<Record<string, string>>): string {
  return Object.entries(expressions)
    .map(([name, sql]) => `${sql} AS ${quoteName(name)}`)
    .join(', ');
}

/** An SQL text literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
