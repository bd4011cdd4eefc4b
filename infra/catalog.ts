import { tableFolder } from '../lib/layout/tableFolders.ts';
import { deliveredTables, tableKinds } from '../lib/tables/deliveredTables.ts';
import type { Column, Table } from '../lib/tables/Table.ts';
import { ref, sub } from './intrinsics.ts';
import type { Resource, Resources, Value } from './Resource.ts';
import { kindId, logicalIds, type Stack } from './Stack.ts';

/** The Glue database and a table for each kind, their columns from lib/tables. */
export function catalog(stack: Stack): Resources {
  const tables = deliveredTables(stack.config);
  return {
    [logicalIds.database]: {
      Type: 'AWS::Glue::Database',
      Properties: {
        CatalogId: ref('AWS::AccountId'),
        DatabaseInput: {
          Name: stack.config.database,
          Description: 'Raw exposures and events of Statsig SDKs, and what was refused, landed by Sluice',
        },
      },
    },
    ...Object.fromEntries(tableKinds.map((kind) => [kindId(kind, 'Table'), glueTable(stack, tables[kind])])),
  };
}

/** Formats by the Hive classes that Athena and Firehose know Parquet by. */
function glueTable(stack: Stack, table: Table): Resource {
  return {
    Type: 'AWS::Glue::Table',
    Properties: {
      CatalogId: ref('AWS::AccountId'),
      DatabaseName: ref(logicalIds.database),
      TableInput: {
        Name: table.name,
        Description: table.comment,
        TableType: 'EXTERNAL_TABLE',
        Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', 'parquet.compression': 'SNAPPY' },
        PartitionKeys: [glueColumn(table.partitionKey)],
        StorageDescriptor: {
          Columns: table.columns.map(glueColumn),
          Location: sub(`s3://\${${logicalIds.bucket}}/${tableFolder(stack.config, table.kind)}`),
          InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
          OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
          SerdeInfo: {
            SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
            Parameters: { 'serialization.format': '1' },
          },
          Compressed: true,
          StoredAsSubDirectories: false,
        },
      },
    },
  };
}

function glueColumn(column: Column): Value {
  return { Name: column.name, Type: column.type, Comment: column.comment };
}
