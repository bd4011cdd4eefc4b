import * as z from 'zod';
import type { Column, ColumnType } from '../tables/Table.ts';
import type { View } from './View.ts';

/** Athena's name for Glue's Data Catalog. */
const CATALOG = 'awsdatacatalog';

/** Trino's name of a column's type: only texts have another one than in Glue. */
export function trinoType(type: ColumnType): string {
  return type === 'string' ? 'varchar' : type;
}

/** Athena stores a view in Glue as base64-encoded JSON within an SQL comment. */
const PRESTO_VIEW = /^\/\* Presto View: ([A-Za-z0-9+/]+={0,2}) \*\/$/;

/** The members of `ConnectorViewDefinition` in Trino's SPI that exist in every version. Others are ignored. */
const definitionSchema = z.object({
  originalSql: z.string(),
  catalog: z.string().optional(),
  schema: z.string().optional(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
});

/** The definition of an Athena view. */
type PrestoView = Readonly<z.output<typeof definitionSchema>>;

/**
 * Encodes a view as the `ViewOriginalText` of its Glue table. `ViewExpandedText` is {@link EXPANDED_TEXT}. AWS does not
 * document the format. CREATE VIEW writes Trino's `ConnectorViewDefinition` as JSON: see `ViewReaderUtil.encodeViewData`
 * in Trino's plugin/trino-hive.
 *
 * @param database Database of tables that a query names without one. Our views always name it.
 */
export function prestoViewText(view: Pick<View, 'sql' | 'columns'>, database: string): string {
  const definition: PrestoView = {
    originalSql: view.sql,
    catalog: CATALOG,
    schema: database,
    columns: view.columns.map(({ name, type }: Column) => ({ name, type: trinoType(type) })),
  };
  return encodePrestoView(definition);
}

/** Encodes a definition as the `ViewOriginalText` of its Glue table. */
function encodePrestoView(definition: PrestoView): string {
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`;
}

/** The `ViewExpandedText` of every Athena view. */
export const EXPANDED_TEXT = '/* Presto View */';

/** Decodes a `ViewOriginalText`. Returns null for a view of another engine, such as Hive. */
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
