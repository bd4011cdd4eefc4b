import { readFileSync } from 'node:fs';
import { parseJson } from '../../../src/base/json.ts';
import { openLake } from '../sql/openLake.ts';

/** The local Athena of `openLake`, with what tests of Iceberg tables look at. */
export async function openIceberg() {
  const lake = await openLake();
  const metadataLocation = (table: string) =>
    lake.catalog.table('db', table).input.Parameters?.['metadata_location'] ?? '';
  const read = (location: string) => {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
    return readFileSync(lake.store.localPath(bucket, key), 'utf8');
  };
  return {
    ...lake,
    metadataLocation,
    /** The table's current metadata, as JSON. IDs of snapshots lose digits. */
    metadata: (table: string) => parseJson(read(metadataLocation(table))) as Metadata,
    /** The keys below a folder of the bucket. */
    keys(folder: string) {
      const { entries } = lake.store.list('lake', { prefix: folder, after: '', limit: 10_000 });
      return entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : []));
    },
    /** Creates a table at `s3://lake/<name>`. */
    create: (name: string, columns: string, more = '', properties = '') =>
      lake.rows(
        `CREATE TABLE ${name} (${columns}) ${more} LOCATION 's3://lake/${name}/' TBLPROPERTIES ('table_type'='ICEBERG'${properties})`,
      ),
  };
}

/** The members of a metadata file that tests read. */
export interface Metadata {
  readonly 'format-version': number;
  readonly location: string;
  readonly 'current-schema-id': number;
  readonly schemas: readonly {
    readonly 'schema-id': number;
    readonly fields: readonly {
      readonly id: number;
      readonly name: string;
      readonly type: unknown;
      readonly doc?: string;
    }[];
  }[];
  readonly 'partition-specs': readonly {
    readonly fields: readonly { readonly name: string; readonly transform: string }[];
  }[];
  readonly properties: Readonly<Record<string, string>>;
  readonly snapshots: readonly { readonly summary: Readonly<Record<string, string>> }[];
  readonly 'metadata-log': readonly unknown[];
}
