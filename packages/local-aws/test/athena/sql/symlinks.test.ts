import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAYS, openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;

/** Makes a table over the files that a manifest names. */
async function createLinkedTable(name: string, targets: readonly string[]): Promise<void> {
  await lake.store.put('lake', `links/${name}/manifest`, Buffer.from(targets.join('\n')));
  lake.catalog.createTable('db', {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE' },
    PartitionKeys: [],
    StorageDescriptor: {
      Columns: [
        { Name: 'id', Type: 'bigint' },
        { Name: 'name', Type: 'string' },
      ],
      Location: `s3://lake/links/${name}/`,
      InputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    },
  });
}

beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

describe('a table over manifests', () => {
  it('reads the named files only, and names them', async () => {
    const targets = [DAYS[0], DAYS[2]].map((day) => `s3://lake/events/${day}/0.parquet`);
    await createLinkedTable('linked', targets);
    const answer = await lake.ask('SELECT "$path", count(*), max(name) FROM linked GROUP BY 1 ORDER BY 1');
    expect(answer.rows).toEqual(targets.map((target) => [target, '10', 'n9']));
    expect(answer.scannedBytes).toBe((lake.sizes[0] ?? 0) + (lake.sizes[2] ?? 0));
  });

  it('reads the manifest and lists the folders of its files with the rights of the caller', async () => {
    await createLinkedTable('traced', [`s3://lake/events/${DAYS[1]}/0.parquet`]);
    lake.athena.calls.length = 0;
    await lake.rows('SELECT id FROM traced');
    expect(lake.athena.calls).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ operation: 'GetObject', key: 'links/traced/manifest' }),
        expect.objectContaining({ operation: 'ListBucket', key: `events/${DAYS[1]}/` }),
        expect.objectContaining({ operation: 'GetObject', key: `events/${DAYS[1]}/0.parquet` }),
      ]),
    );
  });

  it('fails for a file that is not there', async () => {
    await createLinkedTable('broken', ['s3://lake/events/none.parquet']);
    expect((await lake.failure('SELECT * FROM broken')).reason).toBe(
      'HIVE_FILE_NOT_FOUND: Manifest file from the location [s3://lake/links/broken/] contains non-existent path: s3://lake/events/none.parquet',
    );
  });
});
