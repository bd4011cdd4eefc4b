import { z } from 'zod';

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
 * Encodes a definition as the `ViewOriginalText` of its Glue table. `ViewExpandedText` is {@link EXPANDED_TEXT}. AWS
 * does not document the format. CREATE VIEW writes Trino's `ConnectorViewDefinition` as JSON: see
 * `ViewReaderUtil.encodeViewData` in Trino's plugin/trino-hive.
 */
export function encodePrestoView(definition: PrestoView): string {
  return `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`;
}

/** The `ViewExpandedText` of every Athena view. */
export const EXPANDED_TEXT = '/* Presto View */';

/** Decodes a `ViewOriginalText`. Returns null for a view of another engine, such as Hive, and for one that is not readable. */
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
