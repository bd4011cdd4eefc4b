import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Catalog } from '../local/glue/model/Catalog.ts';
import { insertPartition } from '../local/glue/model/partitionChanges.ts';
import type { ObjectStore } from '../local/s3/model/ObjectStore.ts';

export const DATABASE = 'sluice';
export const TABLE = 'events';
const BUCKET = 'data';
const FIRST_DAY_MS = Date.UTC(2026, 9, 1);
const DAY_MS = 86_400_000;

const columns = [
  { Name: 'event_id', Type: 'string' },
  { Name: 'event_name', Type: 'string' },
  { Name: 'user_id', Type: 'string' },
  { Name: 'value', Type: 'double' },
  { Name: 'timestamp', Type: 'timestamp' },
];

/** The name of a day's folder, counted from 0. */
export const dayName = (day: number) => new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);

/** A table of so many days and rows a day in the local S3 and Glue: a Parquet file a day, its partition registered. */
export async function makeQueryData(options: {
  readonly store: ObjectStore;
  readonly catalog: Catalog;
  /** For files on their way to the store. */
  readonly scratch: string;
  readonly days: number;
  readonly rowsPerDay: number;
}): Promise<void> {
  const { store, catalog, scratch, days, rowsPerDay } = options;
  store.createBucket(BUCKET);
  catalog.createDatabase({ Name: DATABASE });
  catalog.createTable(DATABASE, {
    Name: TABLE,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [{ Name: 'ds', Type: 'date' }],
    StorageDescriptor: storage(`s3://${BUCKET}/${TABLE}/`),
  });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  for (let day = 0; day < days; day += 1) {
    const name = dayName(day);
    const file = join(scratch, `${name}.parquet`);
    await connection.run(`COPY (
      SELECT md5(concat('${name}', i)) AS event_id, concat('event_', i % 50) AS event_name,
        concat('user_', hash(i) % 20000) AS user_id, CAST(i % 997 AS DOUBLE) / 7 AS value,
        TIMESTAMP '${name}' + to_microseconds(i * ${Math.floor((DAY_MS * 1_000) / rowsPerDay)}) AS "timestamp"
      FROM range(${rowsPerDay}) AS r(i)
    ) TO '${file}' (FORMAT parquet, COMPRESSION snappy)`);
    await store.put(BUCKET, `${TABLE}/${name}/rows.parquet`, readFileSync(file));
    catalog.changePartitions(DATABASE, TABLE, (table) =>
      insertPartition(
        table,
        { Values: [name], StorageDescriptor: storage(`s3://${BUCKET}/${TABLE}/${name}/`) },
        FIRST_DAY_MS,
      ),
    );
  }
  connection.closeSync();
  instance.closeSync();
}

function storage(Location: string) {
  return {
    Columns: columns,
    Location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
  };
}
