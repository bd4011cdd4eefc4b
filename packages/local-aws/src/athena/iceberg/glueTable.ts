import type { Column, TableInput } from '../../glue/index.ts';
import { schemaOf, type TableMetadata } from '../../iceberg/index.ts';
import { hiveTypeOf } from './types.ts';

/** Whether a table of Glue is Iceberg's. https://iceberg.apache.org/docs/latest/aws/#glue-catalog */
export function isIcebergTable({ Parameters }: Pick<TableInput, 'Parameters'>): boolean {
  return Parameters?.['table_type']?.toUpperCase() === 'ICEBERG';
}

/** Characters of a comment in Glue: API_Column. Iceberg's may be longer. */
const LONGEST_COMMENT = 255;

/**
 * The columns of a table's current schema in Glue, as Iceberg's own Glue catalog writes them:
 * IcebergToGlueConverter in https://github.com/apache/iceberg.
 *
 * @param before The columns so far, whose comments stay where the schema has none.
 */
export function glueColumns(metadata: TableMetadata, before: readonly Column[] = []): Column[] {
  const comments = new Map(before.map(({ Name, Comment }) => [Name, Comment]));
  return schemaOf(metadata).fields.map(({ id, name, required, type, doc = comments.get(name) }) => ({
    Name: name,
    Type: hiveTypeOf(type),
    ...(doc === undefined ? {} : { Comment: doc.slice(0, LONGEST_COMMENT) }),
    Parameters: {
      'iceberg.field.current': 'true',
      'iceberg.field.id': String(id),
      'iceberg.field.optional': String(!required),
    },
  }));
}

/** The definition of a new table in Glue. @param location Of its metadata file. */
export function icebergTableInput(name: string, metadata: TableMetadata, location: string): TableInput {
  const comment = metadata.properties['comment'];
  return {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    ...(comment === undefined ? {} : { Description: comment }),
    Parameters: { EXTERNAL: 'TRUE', table_type: 'ICEBERG', metadata_location: location },
    PartitionKeys: [],
    StorageDescriptor: { Columns: glueColumns(metadata), Location: metadata.location },
  };
}
