import { beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { CatalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';
import type { StorageDescriptor } from '../../../../lib/landing/catalog/PartitionCatalog.ts';
import { registerPartitions } from '../../../../lib/landing/catalog/registerPartitions.ts';
import { repairTable } from '../../../../lib/landing/catalog/repairTable.ts';
import { tableFolder } from '../../../../lib/tables/tableFolders.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';
import { BUCKET, config, dayOf, memoryRegistrar, STORAGE } from './memoryRegistrar.ts';

const TODAY = '2026-11-20';
const TOMORROW = '2026-11-21';
const table = config.tables.events;
const folder = tableFolder(config, 'events');
const first = { Name: 'event_id', Type: 'string' };
const second = { Name: 'at', Type: 'timestamp' };
const throttled = new CatalogCallError('ThrottlingException', true, 'Rate exceeded');

let registrar: ReturnType<typeof memoryRegistrar>;
beforeEach(() => {
  registrar = memoryRegistrar();
});
const register = (...days: string[]) => registerPartitions(registrar, 'events', days);
const answerTable = (storage: StorageDescriptor, partitionKeys: readonly string[] = ['ds']) => ({
  ...registrar,
  catalog: { ...registrar.catalog, getTable: async () => ({ name: table, storage, partitionKeys }) },
});

describe('a table', () => {
  it('is not read when there is no day to register', async () => {
    expect(await register()).toStrictEqual({ created: [], existed: [], updated: [], failed: [] });
    expect(registrar.calls).toEqual([]);
  });

  it.each([
    ['EntityNotFoundException', 'SLUICE_CATALOG_TABLE_NOT_FOUND'],
    ['AccessDeniedException', 'SLUICE_CATALOG_UNAVAILABLE'],
  ])('that answers %s fails with %s, the name of the table and the cause', async (code, expected) => {
    const cause = new CatalogCallError(code, false, 'no');
    registrar.errors.set(`getTable ${table}`, cause);
    const failure = register(TODAY);
    await expect(failure).rejects.toMatchObject({
      code: expected,
      detail: `${config.database}.${table}: ${code}.`,
      cause,
    });
    expect(registrar.waits).toEqual([]);
  });

  it.each([
    [[], 'nothing'],
    [['year'], 'year'],
    [['ds', 'hour'], 'ds, hour'],
    [['hour', 'ds'], 'hour, ds'],
  ])('that is partitioned by %j gets no partition', async (keys, named) => {
    const failure = registerPartitions(answerTable(STORAGE, keys), 'events', [TODAY]);
    await expect(failure).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_TABLE_UNFIT',
      detail: `${table} is partitioned by ${named}.`,
    });
    expect(registrar.days('events')).toEqual([]);
  });
});

describe('an existing partition', () => {
  const partition = (change: StorageDescriptor) => dayOf('events', TODAY, { ...STORAGE, ...change });

  it.each<[string, StorageDescriptor]>([
    ['lacks a column', { Columns: [first] }],
    ['has no columns', { Columns: undefined }],
    ['has its columns in another order', { Columns: [second, first] }],
    ['has a column of another type', { Columns: [first, { ...second, Type: 'string' }] }],
    ['has a column of another name', { Columns: [first, { ...second, Name: 'time' }] }],
    ['has another input format', { InputFormat: 'json-in' }],
    ['has another output format', { OutputFormat: 'json-out' }],
    ['has no SerDe', { SerdeInfo: undefined }],
    ['has another SerDe', { SerdeInfo: { ...STORAGE.SerdeInfo, SerializationLibrary: 'json' } }],
    [
      'has another parameter of its SerDe',
      { SerdeInfo: { ...STORAGE.SerdeInfo, Parameters: { path: 'x' } } },
    ],
  ])('is updated when it %s', async (_, change) => {
    registrar.partitions.set(table, [partition(change)]);
    expect(await register(TODAY)).toStrictEqual({
      created: [],
      existed: [TODAY],
      updated: [TODAY],
      failed: [],
    });
    expect(registrar.partitions.get(table)).toEqual([partition({})]);
  });

  it.each<[string, StorageDescriptor]>([
    ['comments', { Columns: [first, { ...second, Comment: 'When it happened.' }] }],
    ['parameters', { Parameters: { recordCount: '7' } }],
    ['name of its SerDe', { SerdeInfo: { ...STORAGE.SerdeInfo, Name: 'rows' } }],
  ])('is left alone when only its %s are its own, because no reader uses them', async (_, change) => {
    registrar.partitions.set(table, [partition(change)]);
    expect((await register(TODAY)).updated).toEqual([]);
    expect(registrar.calls).not.toContain(`update ${table} 1`);
  });

  it('is equal to a table that has neither columns nor a SerDe', async () => {
    const bare = { Location: 's3://data-bucket/table/' };
    registrar.partitions.set(table, [dayOf('events', TODAY, { ...bare, Columns: [] })]);
    expect((await registerPartitions(answerTable(bare), 'events', [TODAY])).updated).toEqual([]);
  });

  it('is read with others, a hundred a call', async () => {
    const days = Array.from({ length: 201 }, (_, index) => addDays(TODAY, -index));
    registrar.partitions.set(
      table,
      days.map((day) => dayOf('events', day)),
    );
    expect((await register(...days)).existed).toEqual(days);
    expect(registrar.calls.filter((call) => call.startsWith('list'))).toEqual([
      `listPartitions ${table} 100`,
      `listPartitions ${table} 100`,
      `listPartitions ${table} 1`,
    ]);
  });

  it('counts as existing, and is not updated, when the listing of it does not end', async () => {
    registrar.partitions.set(table, [partition({ Columns: [first] })]);
    const { catalog } = registrar;
    const endless = {
      ...registrar,
      catalog: { ...catalog, listPage: async () => ({ items: [], next: 'more' }) },
    };
    expect(await registerPartitions(endless, 'events', [TODAY])).toStrictEqual({
      created: [],
      existed: [TODAY],
      updated: [],
      failed: [],
    });
  });

  it('fails with the code of a listing that fails, and not when the code of Sluice fails', async () => {
    registrar.partitions.set(table, [partition({})]);
    registrar.errors.set(
      `listPartitions ${table}`,
      new CatalogCallError('AccessDeniedException', false, 'no'),
    );
    expect(await register(TODAY)).toStrictEqual({
      created: [],
      existed: [],
      updated: [],
      failed: [{ day: TODAY, code: 'AccessDeniedException', message: 'no' }],
    });
    registrar.errors.set(`listPartitions ${table}`, new TypeError('defect'));
    await expect(register(TODAY)).rejects.toThrow('defect');
  });
});

describe('repairTable', () => {
  const repair = () => repairTable(registrar, 'events');

  it('registers the days of folders in order, and returns every day that has its partition', async () => {
    registrar.partitions.set(table, [dayOf('events', '2026-11-02')]);
    registrar.dayFolders.set(folder, ['2027-01-01', '2026-11-03', '2026-11-02', '2026-02-30', 'tmp']);
    expect(await repair()).toStrictEqual({
      created: ['2026-11-03', TODAY, TOMORROW, '2027-01-01'],
      existed: [],
      failed: [],
      registered: ['2026-11-02', '2026-11-03', TODAY, TOMORROW, '2027-01-01'],
      updated: [],
      misplaced: [],
    });
  });

  it('counts days that another run registers meanwhile as registered', async () => {
    registrar.failures.set(`create ${TODAY}`, 'AlreadyExistsException');
    expect(await repair()).toMatchObject({
      created: [TOMORROW],
      existed: [TODAY],
      registered: [TOMORROW, TODAY],
      failed: [],
    });
  });

  it('returns the days that it cannot create and those that it cannot update', async () => {
    registrar.partitions.set(table, [
      dayOf('events', '2026-11-01', { ...STORAGE, Columns: [first] }),
      dayOf('events', '2026-11-02', { ...STORAGE, Columns: [first] }),
    ]);
    registrar.failures.set(`create ${TODAY}`, 'InvalidInputException');
    registrar.failures.set('update 2026-11-01', 'GlueEncryptionException');
    // It is dropped between the listing and the update.
    registrar.failures.set('update 2026-11-02', 'EntityNotFoundException');
    const { failed, updated } = await repair();
    expect([failed, updated]).toEqual([
      [
        { day: TODAY, code: 'InvalidInputException', message: `InvalidInputException of ${TODAY}` },
        {
          day: '2026-11-01',
          code: 'GlueEncryptionException',
          message: 'GlueEncryptionException of 2026-11-01',
        },
      ],
      [],
    ]);
  });

  it('leaves partitions that are no days to whoever made them', async () => {
    const foreign = [
      { values: ['__HIVE_DEFAULT_PARTITION__'], storage: {} },
      { values: [], storage: {} },
    ];
    registrar.partitions.set(table, foreign);
    expect(await repair()).toMatchObject({
      created: [TODAY, TOMORROW],
      registered: [TODAY, TOMORROW],
      misplaced: [],
      updated: [],
    });
    expect(registrar.partitions.get(table)?.slice(0, 2)).toEqual(foreign);
  });

  it('names partitions that point elsewhere, and takes a location without its last slash for the same', async () => {
    const here = dayOf('events', TODAY);
    registrar.partitions.set(table, [
      { ...here, storage: { ...STORAGE, Location: here.storage.Location?.slice(0, -1) } },
      { values: [TOMORROW], storage: { ...STORAGE, Location: here.storage.Location } },
      { values: ['2026-11-01'], storage: { ...STORAGE, Location: undefined } },
    ]);
    expect(await repair()).toMatchObject({ misplaced: [TOMORROW, '2026-11-01'], updated: [] });
  });

  it.each([
    ['partitions', `listPartitions ${table}`, `${config.database}.${table}: partitions`],
    ['folders', `listFolders ${folder}`, `s3://${BUCKET}/${folder}: folders`],
  ])('fails with the name of the listing when %s cannot be read', async (_, call, name) => {
    const cause = new CatalogCallError('AccessDeniedException', false, 'no');
    registrar.errors.set(call, cause);
    await expect(repair()).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_UNAVAILABLE',
      detail: `${name}: AccessDeniedException.`,
      cause,
    });
    registrar.errors.set(call, new TypeError('defect'));
    await expect(repair()).rejects.toThrow('defect');
  });

  it('fails when a listing has more pages than days need', async () => {
    const listPage = async () => ({ items: [], next: 'more' });
    const { catalog } = registrar;
    await expect(
      repairTable({ ...registrar, catalog: { ...catalog, listPage } }, 'events'),
    ).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_LISTING_TOO_LONG',
      detail: `${config.database}.${table}: partitions.`,
    });
    const objects = Object.assign(new MemoryObjects(), {
      listPage: async () => ({ items: [], folders: [], next: 'more' }),
    });
    await expect(repairTable({ ...registrar, objects }, 'events')).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_LISTING_TOO_LONG',
      detail: `s3://${BUCKET}/${folder}: folders.`,
    });
  });

  it('reads a page again that fails for a passing reason, after a pause', async () => {
    let failures = 3;
    const { catalog } = registrar;
    const flaky = async () => {
      failures -= 1;
      if (failures >= 0) throw throttled;
      return { items: [], next: undefined };
    };
    await repairTable({ ...registrar, catalog: { ...catalog, listPage: flaky } }, 'events');
    expect(registrar.waits).toEqual([100, 200, 400]);
  });
});
