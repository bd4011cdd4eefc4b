import { tableFolder } from '../lib/layout/tableFolders.ts';
import { deliveredTables, tableKinds } from '../lib/tables/deliveredTables.ts';
import type { Column, Table } from '../lib/tables/Table.ts';
import { s3Location } from './bucketArn.ts';
import { databaseName } from './databaseName.ts';
import { ref } from './intrinsics.ts';
import type { Resource, Resources, Value } from './Resource.ts';
import { kindId, logicalIds, type Stack } from './Stack.ts';

/**
 * The Glue database with a table for each kind, their columns from lib/tables, and Statsig's own database. All of it
 * outlives the stack: what Statsig staged, and the partitions, would be lost.
 */
export function catalog(stack: Stack): Resources {
  const { config } = stack;
  const tables = deliveredTables(config);
  return {
    ...(config.existing.database
      ? {}
      : {
          [logicalIds.database]: glueDatabase(
            config.database,
            'Raw exposures and events of Statsig SDKs, and what was refused, landed by Sluice',
          ),
        }),
    ...(config.existing.stagingDatabase
      ? {}
      : {
          [logicalIds.stagingDatabase]: glueDatabase(
            config.athena.stagingDatabase,
            'Tables that Statsig makes of the others and drops again',
          ),
        }),
    ...Object.fromEntries(tableKinds.map((kind) => [kindId(kind, 'Table'), glueTable(stack, tables[kind])])),
  };
}

function glueDatabase(name: string, description: string): Resource {
  return {
    Type: 'AWS::Glue::Database',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      CatalogId: ref('AWS::AccountId'),
      DatabaseInput: { Name: name, Description: description },
    },
  };
}

/** Formats by the Hive classes that Athena and Firehose know Parquet by. */
function glueTable(stack: Stack, table: Table): Resource {
  return {
    Type: 'AWS::Glue::Table',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      CatalogId: ref('AWS::AccountId'),
      DatabaseName: databaseName(stack),
      TableInput: {
        Name: table.name,
        Description: table.comment,
        TableType: 'EXTERNAL_TABLE',
        Parameters: { EXTERNAL: 'TRUE', classification: 'parquet', 'parquet.compression': 'SNAPPY' },
        PartitionKeys: [glueColumn(table.partitionKey)],
        StorageDescriptor: {
          Columns: table.columns.map(glueColumn),
          Location: s3Location(stack, tableFolder(stack.config, table.kind)),
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
