import type { Column } from '../../glue/columns.ts';
import type { StorageDescriptor } from '../../glue/storageDescriptor.ts';

/** How Hive reads Parquet. https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html */
export function parquetStorage(columns: readonly Column[], location: string): StorageDescriptor {
  return {
    Columns: [...columns],
    Location: location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1' },
    },
  };
}
