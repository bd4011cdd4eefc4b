import {
  GetDatabaseCommand,
  GetDataCatalogCommand,
  GetTableMetadataCommand,
  ListDatabasesCommand,
  ListDataCatalogsCommand,
  ListTableMetadataCommand,
} from '@aws-sdk/client-athena';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedRunner } from '../../src/testing/ScriptedRunner.ts';
import { ACCOUNT, START, startAthena } from '../../src/testing/startAthena.ts';

const CatalogName = 'AwsDataCatalog';

let athena: Awaited<ReturnType<typeof startAthena>>;
beforeEach(async () => {
  athena = await startAthena(() => new ScriptedRunner());
  const { catalog } = athena;
  catalog.createDatabase({ Name: 'app', Description: 'raw' });
  catalog.createDatabase({ Name: 'other' });
  catalog.createTable('app', {
    Name: 'exposures',
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE' },
    PartitionKeys: [{ Name: 'ds', Type: 'date', Comment: 'the day' }],
    StorageDescriptor: {
      Columns: [{ Name: 'event_id', Type: 'string', Comment: 'identity' }],
      Location: 's3://bucket/exposures/',
      InputFormat: 'in',
      OutputFormat: 'out',
      SerdeInfo: { SerializationLibrary: 'lib', Parameters: { 'serialization.format': '1' } },
    },
  });
  catalog.createTable('app', { Name: 'events' });
});
afterEach(() => athena.close());

describe('the data catalog', () => {
  it('is the one of this account', async () => {
    const { DataCatalogsSummary } = await athena.client.send(new ListDataCatalogsCommand({}));
    expect(DataCatalogsSummary).toEqual([{ CatalogName, Type: 'GLUE', Status: 'CREATE_COMPLETE' }]);
    await expect(
      athena.client.send(new ListDataCatalogsCommand({ NextToken: 'made up' })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    const { DataCatalog } = await athena.client.send(new GetDataCatalogCommand({ Name: 'awsdatacatalog' }));
    expect(DataCatalog).toEqual({
      Name: CatalogName,
      Type: 'GLUE',
      Parameters: { 'catalog-id': ACCOUNT },
      Status: 'CREATE_COMPLETE',
    });
    await expect(athena.client.send(new GetDataCatalogCommand({ Name: 'hive' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'Catalog hive was not found.',
    });
  });

  it('lists its databases in pages, and answers one', async () => {
    const list = (NextToken?: string) =>
      athena.client.send(new ListDatabasesCommand({ CatalogName, MaxResults: 1, NextToken }));
    const first = await list();
    const second = await list(first.NextToken);
    expect(first.DatabaseList).toEqual([{ Name: 'app', Description: 'raw' }]);
    expect(second.DatabaseList).toEqual([{ Name: 'other' }]);
    expect(second.NextToken).toBeUndefined();
    const one = new GetDatabaseCommand({ CatalogName, DatabaseName: 'app' });
    expect((await athena.client.send(one)).Database).toEqual({ Name: 'app', Description: 'raw' });
  });

  it('answers a table with its location and format among its parameters', async () => {
    const { TableMetadata } = await athena.client.send(
      new GetTableMetadataCommand({ CatalogName, DatabaseName: 'app', TableName: 'exposures' }),
    );
    expect(TableMetadata).toEqual({
      Name: 'exposures',
      CreateTime: new Date(START),
      LastAccessTime: new Date(0),
      TableType: 'EXTERNAL_TABLE',
      Columns: [{ Name: 'event_id', Type: 'string', Comment: 'identity' }],
      PartitionKeys: [{ Name: 'ds', Type: 'date', Comment: 'the day' }],
      Parameters: {
        EXTERNAL: 'TRUE',
        location: 's3://bucket/exposures/',
        inputformat: 'in',
        outputformat: 'out',
        'serde.serialization.lib': 'lib',
        'serde.param.serialization.format': '1',
      },
    });
  });

  it('lists the tables whose whole name an expression matches', async () => {
    const names = async (Expression?: string) => {
      const { TableMetadataList } = await athena.client.send(
        new ListTableMetadataCommand({ CatalogName, DatabaseName: 'app', Expression }),
      );
      return TableMetadataList?.map(({ Name }) => Name);
    };
    expect(await names()).toEqual(['events', 'exposures']);
    expect(await names('exp.*')).toEqual(['exposures']);
    expect(await names('exp')).toEqual([]);
    await expect(names('(')).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  it('reports missing tables in the wording that clients parse', async () => {
    athena.takeCalls();
    const missing = expect.stringMatching(
      /^Table nope not found\. \(Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; Request ID: .+; Proxy: null\)$/,
    );
    await expect(
      athena.client.send(
        new GetTableMetadataCommand({ CatalogName, DatabaseName: 'app', TableName: 'nope' }),
      ),
    ).rejects.toMatchObject({ name: 'MetadataException', message: missing });
    const absent = { CatalogName, DatabaseName: 'absent' };
    for (const command of [new GetDatabaseCommand(absent), new ListTableMetadataCommand(absent)]) {
      await expect(athena.client.send(command)).rejects.toMatchObject({ name: 'MetadataException' });
    }
    const glue = { accessKeyId: 'test', service: 'glue' };
    expect(athena.takeCalls()).toEqual([
      { ...glue, operation: 'GetTable', input: { DatabaseName: 'app', Name: 'nope' } },
      { ...glue, operation: 'GetDatabase', input: { Name: 'absent' } },
      { ...glue, operation: 'GetTables', input: { DatabaseName: 'absent' } },
    ]);
  });
});
