import { EntityNotFoundException, GlueClient } from '@aws-sdk/client-glue';
import { describe, expect, it } from '@jest/globals';
import { gluePartitionCatalog } from '../../../lib/aws/gluePartitionCatalog.ts';
import { glueViews } from '../../../lib/aws/glueViews.ts';
import { CURATE_PARAMETER } from '../../../lib/curate/ViewCatalog.ts';
import { answering, named } from '../../harness/answering.ts';

describe('a view in Glue', () => {
  const Table = {
    Name: 'v',
    VersionId: '7',
    ViewOriginalText: 'old',
    Parameters: { [CURATE_PARAMETER]: 'true', other: 'x' },
  };
  /** What an update may name besides: what it does not name is gone. */
  const kept = {
    Description: 'a comment',
    Owner: 'o',
    LastAccessTime: new Date(1),
    LastAnalyzedTime: new Date(2),
    Retention: 3,
    StorageDescriptor: { Columns: [{ Name: 'c', Type: 'string' }] },
    PartitionKeys: [{ Name: 'ds', Type: 'date' }],
    ViewExpandedText: '/* Presto View */',
    TableType: 'VIRTUAL_VIEW',
    TargetTable: { Name: 't' },
  };
  const set = { CreateTime: new Date(0), DatabaseName: 'd', IsRegisteredWithLakeFormation: false };
  const missing = new EntityNotFoundException({ message: 'no', $metadata: {} });

  it.each([
    { what: 'the table is missing', answer: missing },
    { what: 'the answer has no table', answer: {} },
    { what: 'the table has no version', answer: { Table: { ...Table, VersionId: undefined } } },
  ])('is none if $what', async ({ answer }) => {
    const { client } = answering(GlueClient, answer);
    expect(await glueViews(client, 'd').read('experiment_exposures')).toBeNull();
  });

  it('is not read after a denial, and says so', async () => {
    const { client } = answering(GlueClient, named('AccessDeniedException'));
    await expect(glueViews(client, 'd').read('experiment_exposures')).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
  });

  it('is replaced if it still has the version that was read, without an archived version', async () => {
    const conflict = named('ConcurrentModificationException');
    const denied = named('AccessDeniedException');
    const { client, asked } = answering(
      GlueClient,
      { Table: { ...Table, ...kept, ...set } },
      {},
      conflict,
      denied,
    );
    const view = await glueViews(client, 'd').read('experiment_exposures');
    expect(view).toMatchObject({ text: 'old', isCurated: true });
    expect(await view?.replaceText('new')).toBe(true);
    const { Name, Parameters } = Table;
    expect(asked.at(-1)?.input).toEqual({
      DatabaseName: 'd',
      VersionId: '7',
      SkipArchive: true,
      TableInput: { ...kept, Name, Parameters, ViewOriginalText: 'new' },
    });
    expect(await view?.replaceText('new')).toBe(false);
    await expect(view?.replaceText('new')).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });

  it('is not curated if it does not say so', async () => {
    const { client } = answering(GlueClient, { Table: { Name: 'v', VersionId: '7' } });
    expect(await glueViews(client, 'd').read('experiment_exposures')).toMatchObject({
      text: '',
      isCurated: false,
    });
  });
});

it('an empty token of Glue is the end of a list', async () => {
  const page = { Partitions: [{ Values: ['2026-11-19'], StorageDescriptor: { Location: 's3://b/x' } }] };
  const { client } = answering(GlueClient, { ...page, NextToken: '' }, { ...page, NextToken: '' });
  expect((await gluePartitionCatalog(client).listPage('d', 't', undefined)).next).toBeUndefined();
  expect(await glueViews(client, 'd').partitions('t', undefined)).toEqual({
    items: [{ day: '2026-11-19', location: 's3://b/x' }],
    next: undefined,
  });
});
