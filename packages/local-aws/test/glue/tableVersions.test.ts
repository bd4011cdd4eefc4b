import {
  BatchDeleteTableVersionCommand,
  CreateTableCommand,
  DeleteTableVersionCommand,
  GetTableVersionCommand,
  GetTableVersionsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { Catalog } from '../../src/glue/Catalog.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { dayTable, startGlue } from './startGlue.ts';

const at = { DatabaseName: 'lake', TableName: 'exposures' };

describe('the versions of a table', () => {
  let glue: Awaited<ReturnType<typeof startGlue>>;
  const update = (Description: string, SkipArchive?: boolean) =>
    glue.client.send(
      new UpdateTableCommand({ DatabaseName: 'lake', TableInput: { ...dayTable, Description }, SkipArchive }),
    );
  const list = async (more: object = {}) => {
    const { TableVersions = [], NextToken } = await glue.client.send(
      new GetTableVersionsCommand({ ...at, ...more }),
    );
    return { found: TableVersions.map(({ VersionId, Table }) => [VersionId, Table?.Description]), NextToken };
  };

  beforeEach(async () => {
    glue = await startGlue();
    glue.catalog.createDatabase({ Name: 'lake' });
    await glue.client.send(new CreateTableCommand({ DatabaseName: 'lake', TableInput: dayTable }));
    await update('first');
    await update('second', true);
    await update('third');
  });
  afterEach(() => glue.close());

  it('are those that updates replaced, unless an update skips the archive', async () => {
    const all = [
      ['3', 'third'],
      ['2', 'second'],
      ['0', undefined],
    ];
    expect((await list()).found).toEqual(all);
    const first = await list({ MaxResults: 2 });
    expect(first.found).toEqual(all.slice(0, 2));
    expect(await list({ MaxResults: 2, NextToken: first.NextToken })).toEqual({ found: all.slice(2) });
    const read = async (VersionId?: string) =>
      (await glue.client.send(new GetTableVersionCommand({ ...at, VersionId }))).TableVersion?.Table
        ?.Description;
    expect([await read(), await read('2')]).toEqual(['third', 'second']);
    expect(await failureOf(read('1'))).toMatchObject({ name: 'EntityNotFoundException' });
    const reopened = Catalog.open({ directory: glue.directory, clock: realClock });
    expect(reopened.versions('lake', 'exposures').map(({ version }) => version)).toEqual([3, 2, 0]);
  });

  it('can be deleted, but for the current one', async () => {
    const { Errors } = await glue.client.send(
      new BatchDeleteTableVersionCommand({ ...at, VersionIds: ['0', '1', '3'] }),
    );
    expect(Errors?.map(({ VersionId, ErrorDetail }) => [VersionId, ErrorDetail?.ErrorCode])).toEqual([
      ['1', 'EntityNotFoundException'],
      ['3', 'InvalidInputException'],
    ]);
    await glue.client.send(new DeleteTableVersionCommand({ ...at, VersionId: '2' }));
    expect((await list()).found).toEqual([['3', 'third']]);
  });
});
