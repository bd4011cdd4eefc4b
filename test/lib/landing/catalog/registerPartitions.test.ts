import { beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { CatalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';
import type { StorageDescriptor } from '../../../../lib/landing/catalog/PartitionCatalog.ts';
import { registerPartitions } from '../../../../lib/landing/catalog/registerPartitions.ts';
import { config, dayOf, memoryRegistrar, STORAGE } from './memoryRegistrar.ts';

const TODAY = '2026-11-20';
const table = config.tables.events;
const first = { Name: 'event_id', Type: 'string' };
const second = { Name: 'at', Type: 'timestamp' };

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
    { code: 'EntityNotFoundException', expected: 'SLUICE_CATALOG_TABLE_NOT_FOUND' },
    { code: 'AccessDeniedException', expected: 'SLUICE_CATALOG_UNAVAILABLE' },
  ])(
    'that answers $code fails with $expected, the name of the table and the cause',
    async ({ code, expected }) => {
      const cause = new CatalogCallError({ code, message: 'no', isTransient: false });
      registrar.errors.set(`getTable ${table}`, cause);
      const failure = register(TODAY);
      await expect(failure).rejects.toMatchObject({
        code: expected,
        detail: `${config.database}.${table}: ${code}: no`,
        cause,
      });
      expect(registrar.waits).toEqual([]);
    },
  );

  it.each([
    { keys: [], named: 'nothing' },
    { keys: ['year'], named: 'year' },
    { keys: ['ds', 'hour'], named: 'ds, hour' },
    { keys: ['hour', 'ds'], named: 'hour, ds' },
  ])('that is partitioned by $named gets no partition', async ({ keys, named }) => {
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

  it.each<{ readonly what: string; readonly change: StorageDescriptor }>([
    { what: 'lacks a column', change: { Columns: [first] } },
    { what: 'has no columns', change: { Columns: undefined } },
    { what: 'has its columns in another order', change: { Columns: [second, first] } },
    { what: 'has a column of another type', change: { Columns: [first, { ...second, Type: 'string' }] } },
    { what: 'has a column of another name', change: { Columns: [first, { ...second, Name: 'time' }] } },
    { what: 'has another input format', change: { InputFormat: 'json-in' } },
    { what: 'has another output format', change: { OutputFormat: 'json-out' } },
    { what: 'has no SerDe', change: { SerdeInfo: undefined } },
    {
      what: 'has another SerDe',
      change: { SerdeInfo: { ...STORAGE.SerdeInfo, SerializationLibrary: 'json' } },
    },
    {
      what: 'has another parameter of its SerDe',
      change: { SerdeInfo: { ...STORAGE.SerdeInfo, Parameters: { path: 'x' } } },
    },
  ])('is updated when it $what', async ({ change }) => {
    registrar.partitions.set(table, [partition(change)]);
    expect(await register(TODAY)).toStrictEqual({
      created: [],
      existed: [TODAY],
      updated: [TODAY],
      failed: [],
    });
    expect(registrar.partitions.get(table)).toEqual([partition({})]);
  });

  it.each<{ readonly what: string; readonly change: StorageDescriptor }>([
    { what: 'comments', change: { Columns: [first, { ...second, Comment: 'When it happened.' }] } },
    { what: 'parameters', change: { Parameters: { recordCount: '7' } } },
    { what: 'name of its SerDe', change: { SerdeInfo: { ...STORAGE.SerdeInfo, Name: 'rows' } } },
  ])('is left alone when only its $what are its own, because no reader uses them', async ({ change }) => {
    registrar.partitions.set(table, [partition(change)]);
    expect((await register(TODAY)).updated).toEqual([]);
    expect(registrar.calls).not.toContain(`update ${table} 1`);
  });

  it('is updated where it is without the slash at the end, and nowhere else: somebody has put it there', async () => {
    const { Location = '' } = partition({}).storage;
    const staleAt = (place: string) => ({
      values: [TODAY],
      storage: { ...STORAGE, Columns: [first], Location: place },
    });
    registrar.partitions.set(table, [staleAt(Location.replace(/\/$/, ''))]);
    expect((await register(TODAY)).updated).toEqual([TODAY]);
    const elsewhere = staleAt('s3://data-bucket/elsewhere/');
    registrar.partitions.set(table, [elsewhere]);
    expect((await register(TODAY)).updated).toEqual([]);
    expect(registrar.partitions.get(table)).toEqual([elsewhere]);
  });

  it('that is dropped before its update has not failed', async () => {
    registrar.partitions.set(table, [partition({ Columns: [first] })]);
    registrar.failures.set(`update ${TODAY}`, 'EntityNotFoundException');
    expect(await register(TODAY)).toMatchObject({ existed: [TODAY], updated: [], failed: [] });
  });

  it('is equal to a table that has neither columns nor a SerDe', async () => {
    const bare = { Location: 's3://data-bucket/table/' };
    registrar.partitions.set(table, [dayOf('events', TODAY, { ...bare, Columns: [] })]);
    expect((await registerPartitions(answerTable(bare), 'events', [TODAY])).updated).toEqual([]);
  });

  it('is read with others, a hundred at most: the hourly run looks at all', async () => {
    const days = Array.from({ length: 201 }, (_, index) => addDays(TODAY, -index));
    registrar.partitions.set(
      table,
      days.map((day) => dayOf('events', day)),
    );
    expect((await register(...days)).existed).toEqual(days);
    expect(registrar.calls.filter((call) => call.startsWith('list'))).toEqual([
      `listPartitions ${table} 100`,
    ]);
  });

  it('is updated also on the second page of the listing', async () => {
    const stale = [partition({ Columns: [first] })];
    registrar.partitions.set(table, stale);
    const listPage = async (_database: string, _table: string, token: string | undefined) =>
      token === '2' ? { items: stale, next: undefined } : { items: [], next: '2' };
    const paged = { ...registrar, catalog: { ...registrar.catalog, listPage } };
    expect((await registerPartitions(paged, 'events', [TODAY])).updated).toEqual([TODAY]);
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

  it('fails with its table when the listing fails, or the code of Sluice', async () => {
    registrar.partitions.set(table, [partition({})]);
    registrar.errors.set(
      `listPartitions ${table}`,
      new CatalogCallError({ code: 'AccessDeniedException', message: 'no', isTransient: false }),
    );
    await expect(register(TODAY)).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_UNAVAILABLE',
      detail: expect.stringContaining('AccessDeniedException: no'),
    });
    registrar.errors.set(`listPartitions ${table}`, new TypeError('defect'));
    await expect(register(TODAY)).rejects.toThrow('defect');
  });
});
