import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { existingResources } from '../../local/existingResources.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';

describe('what the local cloud makes because the configuration takes it as existing', () => {
  const made = (existing: ConfigInput['existing']) => {
    const config = defineConfig({ bucket: 'acme', database: 'own', ...(existing && { existing }) });
    return existingResources(config);
  };

  it('is nothing by default', () => {
    expect(made(undefined)).toEqual({ buckets: [], databases: [], workGroups: [] });
  });

  it.each([
    { existing: { database: true }, databases: ['own'] },
    { existing: { stagingDatabase: true }, databases: ['statsig_staging'] },
  ])('is the database that is named: $existing', ({ existing, databases }) => {
    expect(made(existing).databases.map(({ name }) => name)).toEqual(databases);
  });

  it('is the bucket, with its key if it has one', () => {
    const { buckets } = made({ bucket: true, keyArn: KEY });
    expect(buckets).toMatchObject([{ name: 'acme', eventBridge: true, keyArn: KEY }]);
    const config = defineConfig({ bucket: 'acme', encryption: 's3', existing: { bucket: true } });
    expect(existingResources(config).buckets).toMatchObject([{ keyArn: undefined }]);
  });

  it('is the workgroup, which writes to the bucket', () => {
    expect(made({ workgroup: true }).workGroups).toMatchObject([
      {
        name: 'sluice',
        properties: {
          Name: 'sluice',
          WorkGroupConfiguration: {
            EnforceWorkGroupConfiguration: true,
            ResultConfiguration: { OutputLocation: 's3://acme/query-results/' },
          },
        },
      },
    ]);
  });

  it('is what readers use, but for what the stack makes', () => {
    const owox = { kind: 'owox', resultsBucket: 'acme-owox' } as const;
    const { buckets, workGroups } = existingResources(
      defineConfig({
        bucket: 'acme',
        readers: [
          { ...owox, name: 'a', existingResultsBucket: true, resultsKeyArn: KEY },
          { ...owox, name: 'b', resultsBucket: 'other-owox', ownDatabase: 'other' },
          { kind: 'metabase', name: 'c', workgroup: 'theirs' },
          { kind: 'metabase', name: 'd' },
        ],
      }),
    );
    expect(buckets).toMatchObject([{ name: 'acme-owox', eventBridge: false, keyArn: KEY }]);
    expect(workGroups).toMatchObject([
      { name: 'theirs', properties: { WorkGroupConfiguration: { EnforceWorkGroupConfiguration: false } } },
    ]);
  });
});
