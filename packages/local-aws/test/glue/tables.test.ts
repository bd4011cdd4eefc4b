import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetTableCommand,
  GetTablesCommand,
  GetTableVersionsCommand,
  paginateGetTables,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog } from '../../src/glue/Catalog.ts';
import { readCatalog } from '../../src/glue/catalogFiles.ts';
import { ACCOUNT, dayTable, START, startGlue } from './startGlue.ts';

let glue: Awaited<ReturnType<typeof startGlue>>;
beforeEach(async () => {
  glue = await startGlue();
  await glue.client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'App', Description: 'd' } }));
});
afterEach(() => glue.close());

const createTable = (Name: string) =>
  glue.client.send(new CreateTableCommand({ DatabaseName: 'app', TableInput: { ...dayTable, Name } }));

describe('databases', () => {
  it('are stored under their name in lower case and found in any case', async () => {
    const { Database } = await glue.client.send(new GetDatabaseCommand({ Name: 'APP' }));
    expect(Database).toMatchObject({ Name: 'app', Description: 'd', CatalogId: ACCOUNT });
    expect(Database?.CreateTime?.getTime()).toBe(START);
  });

  it('can be created once and deleted once', async () => {
    await expect(
      glue.client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'APP' } })),
    ).rejects.toMatchObject({ name: 'AlreadyExistsException', message: 'Database already exists.' });
    await createTable('t');
    await glue.client.send(new DeleteDatabaseCommand({ Name: 'app' }));
    await expect(glue.client.send(new DeleteDatabaseCommand({ Name: 'app' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
      message: 'Database app not found.',
    });
    expect(readCatalog(glue.directory)).toEqual([]);
  });
});

describe('tables', () => {
  it("are returned as they were defined, with Glue's additions", async () => {
    await createTable('Exposures');
    const { Table } = await glue.client.send(new GetTableCommand({ DatabaseName: 'App', Name: 'EXPOSURES' }));
    expect(Table).toMatchObject({
      ...dayTable,
      DatabaseName: 'app',
      VersionId: '0',
      Retention: 0,
      StorageDescriptor: { ...dayTable.StorageDescriptor, Compressed: false, NumberOfBuckets: 0 },
    });
  });

  it('are replaced as a whole, count versions and keep their partitions', async () => {
    await createTable('t');
    glue.clock.advance(5_000);
    await glue.client.send(
      new UpdateTableCommand({
        DatabaseName: 'app',
        TableInput: { Name: 't', PartitionKeys: dayTable.PartitionKeys, Description: 'new' },
        SkipArchive: true,
      }),
    );
    const { Table } = await glue.client.send(new GetTableCommand({ DatabaseName: 'app', Name: 't' }));
    expect(Table).toMatchObject({ Description: 'new', VersionId: '1' });
    expect(Table?.StorageDescriptor).toBeUndefined();
    expect(Table?.CreateTime?.getTime()).toEqual(START);
    expect(Table?.UpdateTime?.getTime()).toEqual(START + 5_000);
    // Earlier versions are not kept.
    const { TableVersions } = await glue.client.send(
      new GetTableVersionsCommand({ DatabaseName: 'app', TableName: 't' }),
    );
    expect(TableVersions).toMatchObject([{ VersionId: '1', Table: { Description: 'new' } }]);
    const after = new GetTableVersionsCommand({ DatabaseName: 'app', TableName: 't', NextToken: 'made up' });
    await expect(glue.client.send(after)).rejects.toMatchObject({ name: 'InvalidInputException' });
  });

  it('are not updated when another update came first', async () => {
    await createTable('t');
    const update = (Description: string, VersionId?: string) =>
      glue.client.send(
        new UpdateTableCommand({ DatabaseName: 'app', TableInput: { Name: 't', Description }, VersionId }),
      );
    await update('first', '0');
    await expect(update('late', '0')).rejects.toMatchObject({
      name: 'ConcurrentModificationException',
      message: 'Update table failed due to concurrent modifications.',
    });
    await expect(update('never', '2')).rejects.toMatchObject({ name: 'ConcurrentModificationException' });
    const { Table } = await glue.client.send(new GetTableCommand({ DatabaseName: 'app', Name: 't' }));
    expect(Table).toMatchObject({ Description: 'first', VersionId: '1' });
    await update('any');
    await expect(update('second', '2')).resolves.toBeDefined();
  });

  it('are listed in pages by name', async () => {
    for (const name of ['c', 'a', 'e', 'b', 'd']) await createTable(name);
    const pages: (string | undefined)[][] = [];
    const paginator = paginateGetTables({ client: glue.client, pageSize: 2 }, { DatabaseName: 'app' });
    for await (const { TableList = [] } of paginator) pages.push(TableList.map(({ Name }) => Name));
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it.each([
    { Expression: 'raw.*', names: ['raw_a', 'raw_b'] },
    { Expression: 'raw_[ab]|c.*', names: ['clean.a', 'raw_a', 'raw_b'] },
    // AWS SDK for pandas sends Hive's patterns.
    { Expression: 'raw*', names: ['raw_a', 'raw_b'] },
    { Expression: '*_a', names: ['raw_a'] },
    { Expression: '*a*', names: ['clean.a', 'raw_a', 'raw_b'] },
    { Expression: 'r*b', names: ['raw_b'] },
    { Expression: 'clean\\.a', names: ['clean.a'] },
    { Expression: 'clean\\_a', names: [] },
    { Expression: 'raw', names: [] },
  ])('are listed by the expression $Expression', async ({ Expression, names }) => {
    for (const name of ['raw_a', 'raw_b', 'clean.a']) await createTable(name);
    const { TableList = [] } = await glue.client.send(
      new GetTablesCommand({ DatabaseName: 'app', Expression }),
    );
    expect(TableList.map(({ Name }) => Name)).toEqual(names);
  });

  it.each(['(?i)raw.*', 'raw(', '[a-z&&[^c]].*'])('are not listed by %s', async (Expression) => {
    await expect(
      glue.client.send(new GetTablesCommand({ DatabaseName: 'app', Expression })),
    ).rejects.toMatchObject({
      name: 'NotImplemented',
      message: `glue GetTables Expression ${Expression} is not emulated by the local cloud.`,
    });
  });

  it('have names that are unique in any case', async () => {
    await createTable('t');
    await expect(createTable('T')).rejects.toMatchObject({ message: 'Table already exists.' });
  });

  it.each([
    {
      what: 'listed in a database',
      message: 'Database nowhere not found.',
      send: () => glue.client.send(new GetTablesCommand({ DatabaseName: 'nowhere' })),
    },
    {
      what: 'deleted',
      message: 'Table t not found.',
      send: () => glue.client.send(new DeleteTableCommand({ DatabaseName: 'app', Name: 't' })),
    },
  ])('cannot be $what that does not exist', async ({ message, send }) => {
    await expect(send()).rejects.toMatchObject({ name: 'EntityNotFoundException', message });
  });

  it('have comments of at most 255 characters', async () => {
    const withComment = (length: number) =>
      glue.client.send(
        new CreateTableCommand({
          DatabaseName: 'app',
          TableInput: {
            Name: `c${length}`,
            StorageDescriptor: { Columns: [{ Name: 'x', Type: 'string', Comment: 'c'.repeat(length) }] },
          },
        }),
      );
    await withComment(255);
    await expect(withComment(256)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('TableInput.StorageDescriptor.Columns.0.Comment'),
    });
  });

  it.each([
    { member: 'Name', most: 255, input: (text: string) => ({ Name: text }) },
    { member: 'Description', most: 2_048, input: (Description: string) => ({ Name: 'x', Description }) },
    {
      member: 'Parameters',
      most: 255,
      input: (name: string) => ({ Name: 'x', Parameters: { [name]: 'v' } }),
    },
    {
      member: 'StorageDescriptor.Location',
      most: 2_056,
      input: (Location: string) => ({ Name: 'x', StorageDescriptor: { Location } }),
    },
    {
      member: 'StorageDescriptor.InputFormat',
      most: 128,
      input: (InputFormat: string) => ({ Name: 'x', StorageDescriptor: { InputFormat } }),
    },
  ])('have $most characters in $member at the most', async ({ member, most, input }) => {
    const create = (characters: number) =>
      glue.client.send(
        new CreateTableCommand({ DatabaseName: 'app', TableInput: input('c'.repeat(characters)) }),
      );
    await expect(create(most + 1)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(`TableInput.${member}`),
    });
    await expect(create(most)).resolves.toBeDefined();
  });

  it('are listed in pages of 100 at the most', async () => {
    const list = (MaxResults: number) =>
      glue.client.send(new GetTablesCommand({ DatabaseName: 'app', MaxResults }));
    await expect(list(100)).resolves.toBeDefined();
    await expect(list(101)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('reject members that are not emulated by name', async () => {
    await expect(
      glue.client.send(
        new CreateTableCommand({
          DatabaseName: 'app',
          TableInput: { Name: 'x', TargetTable: { CatalogId: ACCOUNT } },
        }),
      ),
    ).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('TargetTable') });
  });

  it('are of no catalog of another account', async () => {
    await expect(
      glue.client.send(new GetTableCommand({ DatabaseName: 'app', Name: 'x', CatalogId: '123456789012' })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('the catalog on disk', () => {
  it('is found by a restart and by a reader while it is open', async () => {
    await createTable('t');
    const before = readCatalog(glue.directory);
    expect(before).toEqual(glue.catalog.databases());
    const again = Catalog.open({ directory: glue.directory, clock: glue.clock });
    expect(again.table('app', 't')).toEqual(glue.catalog.table('app', 't'));
  });

  it('stores names that are not valid file names', () => {
    for (const Name of ['../up', '.', 'a/b', 'ü'.repeat(200), 'nul']) {
      glue.catalog.createDatabase({ Name });
      glue.catalog.createTable(Name, { Name });
    }
    const again = Catalog.open({ directory: glue.directory, clock: glue.clock });
    expect(again.databases()).toEqual(glue.catalog.databases());
    expect(again.databases()).toHaveLength(6);
  });

  it('tells of tables whose database is missing, and keeps them', async () => {
    await createTable('t');
    const file = join(glue.directory, 'app', 'database.json');
    rmSync(file);
    const open = () => Catalog.open({ directory: glue.directory, clock: glue.clock });
    expect(open).toThrow(
      expect.objectContaining({
        code: 'LOCAL_AWS_DISK_DAMAGED',
        message: expect.stringContaining(`${file} is missing, table-t.json is there.`),
      }),
    );
    expect(readdirSync(join(glue.directory, 'app'))).toEqual(['table-t.json']);
    // As a kill leaves it while a database is created.
    rmSync(join(glue.directory, 'app', 'table-t.json'));
    expect(open().databases()).toEqual([]);
  });

  it('has nothing left of a database whose deletion was interrupted', async () => {
    await createTable('t');
    // The deletion of a folder is not one step. The first step renames it, so that nobody finds it any more.
    renameSync(join(glue.directory, 'app'), join(glue.directory, '.deleted-app'));
    expect(readCatalog(glue.directory)).toEqual([]);
    const again = Catalog.open({ directory: glue.directory, clock: glue.clock });
    expect(readdirSync(glue.directory)).toEqual([]);
    again.createDatabase({ Name: 'app' });
    expect(again.tables('app')).toEqual([]);
    again.createTable('app', { Name: 'new' });
    again.deleteDatabase('app');
    expect(readdirSync(glue.directory)).toEqual([]);
  });

  it('is empty when there is no directory', () => {
    expect(readCatalog(`${glue.directory}/nowhere`)).toEqual([]);
  });
});

describe('a template', () => {
  it('creates and updates tables and keeps their partitions', () => {
    glue.catalog.ensureDatabase({ Name: 'app', Description: 'by template' });
    glue.catalog.ensureTable('app', dayTable);
    glue.catalog.ensureTable('app', dayTable);
    expect(glue.catalog.table('app', 'exposures').version).toBe(0);
    glue.catalog.ensureTable('app', { ...dayTable, Description: 'more' });
    expect(glue.catalog.table('app', 'exposures').version).toBe(1);
    expect(glue.catalog.database('app').input.Description).toBe('by template');
  });

  it('is rejected by property', () => {
    expect(() => glue.catalog.ensureDatabase({ Name: 'x', TargetDatabase: {} })).toThrow(
      'AWS::Glue::Database DatabaseInput property TargetDatabase is not emulated',
    );
    expect(() => glue.catalog.ensureTable('app', {})).toThrow('AWS::Glue::Table TableInput Name');
  });
});
