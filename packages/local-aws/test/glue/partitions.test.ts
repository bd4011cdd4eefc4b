import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchUpdatePartitionCommand,
  CreatePartitionCommand,
  DeletePartitionCommand,
  GetPartitionsCommand,
  paginateGetPartitions,
} from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readCatalog } from '../../src/glue/catalogFiles.ts';
import { dayTable, startGlue } from './startGlue.ts';

let glue: Awaited<ReturnType<typeof startGlue>>;
beforeEach(async () => {
  glue = await startGlue();
  glue.catalog.ensureDatabase({ Name: 'app' });
  glue.catalog.ensureTable('app', dayTable);
});
afterEach(() => glue.close());

const target = { DatabaseName: 'app', TableName: 'exposures' };
const storage = { ...dayTable.StorageDescriptor, Location: 's3://bucket/day/' };
const input = (day: string) => ({ Values: [day], StorageDescriptor: storage });
const days = (count: number) => Array.from({ length: count }, (_, index) => `day-${1_000 + index}`);
const create = (names: readonly string[]) =>
  glue.client.send(new BatchCreatePartitionCommand({ ...target, PartitionInputList: names.map(input) }));
const all = async () => {
  const { Partitions = [] } = await glue.client.send(new GetPartitionsCommand(target));
  return Partitions.map(({ Values }) => Values?.[0]);
};

describe('BatchCreatePartition', () => {
  it('responds with 200 and an error for each existing item, and creates the others', async () => {
    await create(['b']);
    const { Errors } = await create(['a', 'b', 'c']);
    expect(Errors).toEqual([
      {
        PartitionValues: ['b'],
        ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' },
      },
    ]);
    expect(await all()).toEqual(['a', 'b', 'c']);
  });

  it('rejects items whose number of values differs from the number of keys', async () => {
    const { Errors } = await glue.client.send(
      new BatchCreatePartitionCommand({
        ...target,
        PartitionInputList: [{ Values: ['x', 'y'] }, {}, input('fine')],
      }),
    );
    expect(Errors?.map(({ ErrorDetail }) => ErrorDetail?.ErrorCode)).toEqual([
      'InvalidInputException',
      'InvalidInputException',
    ]);
    expect(await all()).toEqual(['fine']);
  });

  it('accepts 100 items and rejects 101', async () => {
    await expect(create(days(101))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('less than or equal to 100'),
    });
    expect(await all()).toEqual([]);
    expect((await create(days(100))).Errors).toEqual([]);
    expect(await all()).toHaveLength(100);
  });

  it('reports a missing table', async () => {
    await expect(
      glue.client.send(
        new BatchCreatePartitionCommand({ DatabaseName: 'app', TableName: 'no', PartitionInputList: [] }),
      ),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException', message: 'Table no not found.' });
  });

  it('has stored its partitions when it responds', async () => {
    await create(['b', 'a']);
    const [database] = readCatalog(glue.directory);
    expect(database?.tables.get('exposures')?.partitions.map(({ values }) => values)).toEqual([['a'], ['b']]);
  });
});

describe('one partition', () => {
  it('is created and deleted', async () => {
    await glue.client.send(new CreatePartitionCommand({ ...target, PartitionInput: input('a') }));
    await expect(
      glue.client.send(new CreatePartitionCommand({ ...target, PartitionInput: input('a') })),
    ).rejects.toMatchObject({ name: 'AlreadyExistsException' });
    await glue.client.send(new DeletePartitionCommand({ ...target, PartitionValues: ['a'] }));
    await expect(
      glue.client.send(new DeletePartitionCommand({ ...target, PartitionValues: ['a'] })),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException' });
  });
});

describe('BatchUpdatePartition', () => {
  it('updates existing partitions and reports missing ones', async () => {
    await create(['a']);
    const entry = (day: string) => ({
      PartitionValueList: [day],
      PartitionInput: { Values: [day], StorageDescriptor: { Location: 'moved' } },
    });
    const { Errors } = await glue.client.send(
      new BatchUpdatePartitionCommand({ ...target, Entries: [entry('a'), entry('z')] }),
    );
    expect(Errors).toEqual([
      {
        PartitionValueList: ['z'],
        ErrorDetail: { ErrorCode: 'EntityNotFoundException', ErrorMessage: 'Cannot find partition.' },
      },
    ]);
    const { Partitions } = await glue.client.send(new GetPartitionsCommand(target));
    expect(Partitions?.map(({ StorageDescriptor }) => StorageDescriptor?.Location)).toEqual(['moved']);
  });
});

it('BatchDeletePartition deletes at most 25, as dbt does', async () => {
  await create(days(26));
  const remove = (names: string[]) => {
    const PartitionsToDelete = names.map((name) => ({ Values: [name] }));
    return glue.client.send(new BatchDeletePartitionCommand({ ...target, PartitionsToDelete }));
  };
  await expect(remove(days(26))).rejects.toMatchObject({ name: 'ValidationException' });
  expect((await remove(days(25))).Errors).toEqual([]);
  expect(await all()).toEqual(['day-1025']);
});

describe('GetPartitions', () => {
  it('returns pages without gaps or repetitions when partitions change between pages', async () => {
    await create(['b', 'd', 'f', 'h']);
    const seen: (string | undefined)[] = [];
    const pages = paginateGetPartitions({ client: glue.client, pageSize: 2 }, { ...target });
    for await (const { Partitions = [] } of pages) {
      seen.push(...Partitions.map(({ Values }) => Values?.[0]));
      if (seen.length === 2) {
        await create(['a', 'g']);
        await glue.client.send(new DeletePartitionCommand({ ...target, PartitionValues: ['b'] }));
      }
    }
    expect(seen).toEqual(['b', 'd', 'f', 'g', 'h']);
  });

  it('omits columns on request', async () => {
    await create(['a']);
    const { Partitions } = await glue.client.send(
      new GetPartitionsCommand({ ...target, ExcludeColumnSchema: true }),
    );
    expect(Partitions?.[0]?.StorageDescriptor).toMatchObject({ Location: 's3://bucket/day/' });
    expect(Partitions?.[0]?.StorageDescriptor?.Columns).toBeUndefined();
  });

  it('returns pages of 1,000 at the most', async () => {
    const get = (MaxResults: number) => glue.client.send(new GetPartitionsCommand({ ...target, MaxResults }));
    await expect(get(1_000)).resolves.toBeDefined();
    await expect(get(1_001)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('takes an expression of 2,048 characters, and not one more', async () => {
    const get = (characters: number) =>
      glue.client.send(
        new GetPartitionsCommand({ ...target, Expression: `ds = '${'x'.repeat(characters - 7)}'` }),
      );
    await expect(get(2_048)).resolves.toBeDefined();
    await expect(get(2_049)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('rejects an invalid token', async () => {
    await expect(
      glue.client.send(new GetPartitionsCommand({ ...target, NextToken: 'x' })),
    ).rejects.toMatchObject({ name: 'InvalidInputException' });
  });
});

describe('faults', () => {
  it('fail items of the given number of calls', async () => {
    glue.faults.set({
      glue: [{ fault: 'failPartitions', code: 'InternalServiceException', calls: 2, values: ['b'] }],
    });
    expect((await create(['a', 'b'])).Errors?.map(({ PartitionValues }) => PartitionValues)).toEqual([['b']]);
    expect((await create(['b'])).Errors).toHaveLength(1);
    expect((await create(['b'])).Errors).toEqual([]);
  });
});
