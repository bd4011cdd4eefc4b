import { createReadStream } from 'node:fs';
import type { ObjectSink } from '../firehose/model/ObjectSink.ts';
import type { SchemaColumn, SchemaSource } from '../firehose/model/SchemaSource.ts';
import type { Catalog } from '../glue/model/Catalog.ts';
import type { TableInput } from '../glue/model/tableInput.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { ObjectStore } from '../s3/model/ObjectStore.ts';

/** Lets delivery streams write into the local S3. */
export function objectSink(store: ObjectStore): ObjectSink {
  return {
    async put(bucket, key, body, options) {
      await store.put(bucket, key, body instanceof Uint8Array ? body : createReadStream(body.file), options);
    },
  };
}

/** Lets delivery streams look up the tables that their schema comes from. */
export function schemaSource(catalog: Catalog): SchemaSource {
  return async (database, table) => {
    try {
      const { input } = catalog.table(database, table);
      return {
        columns: schemaColumns(input.StorageDescriptor?.Columns),
        partitionKeys: schemaColumns(input.PartitionKeys),
      };
    } catch (error) {
      if (error instanceof AwsError && error.code === 'EntityNotFoundException') return undefined;
      throw error;
    }
  };
}

/** A column without a type is a string to Glue. */
function schemaColumns(columns: TableInput['PartitionKeys'] = []): SchemaColumn[] {
  return columns.map(({ Name, Type = 'string' }) => ({ name: Name, type: Type }));
}
