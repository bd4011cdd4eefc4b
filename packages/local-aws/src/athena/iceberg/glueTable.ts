import type { Column, TableInput } from '../../glue/index.ts';
import { schemaOf, type TableMetadata } from '../../iceberg/index.ts';
import { hiveTypeOf } from './types.ts';

/** Whether a table in Glue is one of Iceberg. */
export function isIcebergTable({ Parameters }: Pick<TableInput, 'Parameters'>): boolean {
  return Parameters?.['table_type']?.toUpperCase() === 'ICEBERG';
}

/**
 * The columns of a table's current schema in Glue, as Iceberg's own Glue catalog writes them:
 * IcebergToGlueConverter in https://github.com/apache/iceberg.
 */
export function glueColumns(metadata: TableMetadata): Column[] {
  return schemaOf(metadata).fields.map(({ id, name, required, type, doc }) => ({
    Name: name,
    Type: hiveTypeOf(type),
    ...(doc === undefined ? {} : { Comment: doc }),
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
