import * as z from 'zod';
import type { Column, ColumnType } from '../tables/Table.ts';
import type { View } from './View.ts';

/** What Athena calls the Data Catalog of Glue. */
const CATALOG = 'awsdatacatalog';

/** Trino's names of our types; the others are called alike. */
const TRINO_TYPES: Partial<Record<ColumnType, string>> = { string: 'varchar' };

/** A view as Athena keeps it in Glue: JSON in base64 in a comment, as Hive would read nothing else. */
const PRESTO_VIEW = /^\/\* Presto View: ([A-Za-z0-9+/]+={0,2}) \*\/$/;

/** Of ConnectorViewDefinition in Trino's SPI, what every version has; others are left. */
const definitionSchema = z.object({
  originalSql: z.string(),
  catalog: z.string().optional(),
  schema: z.string().optional(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
});

/** What a Glue view says of itself. */
export type PrestoView = Readonly<z.output<typeof definitionSchema>>;

/**
 * A view as `ViewOriginalText` of its Glue table, beside `ViewExpandedText` {@link EXPANDED_TEXT}. Athena has no page
 * about the format; it is what CREATE VIEW writes: Trino's `ConnectorViewDefinition` in JSON, by `ViewReaderUtil`
 * (plugin/trino-hive, encodeViewData).
 *
 * @param database Whose tables unqualified names would mean; ours name theirs.
 */
export function prestoViewText(view: Pick<View, 'sql' | 'columns'>, database: string): string {
  const definition: PrestoView = {
    originalSql: view.sql,
    catalog: CATALOG,
    schema: database,
    columns: view.columns.map(({ name, type }: Column) => ({ name, type: TRINO_TYPES[type] ?? type })),
  };
  return encodePrestoView(definition);
}

/** A definition as `ViewOriginalText` of its Glue table. */
function encodePrestoView(definition: PrestoView): string {
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`;
}

/** `ViewExpandedText` of every such view. */
export const EXPANDED_TEXT = '/* Presto View */';

/** Reads a `ViewOriginalText`; null when it isn't Athena's, as a view of Hive's. */
export function readPrestoView(text: string): PrestoView | null {
  const [, encoded] = PRESTO_VIEW.exec(text.trim()) ?? [];
  if (encoded === undefined) return null;
  try {
    const read = definitionSchema.safeParse(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
