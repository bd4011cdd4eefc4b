import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { existingResources } from '../../local/existingResources.ts';

const KEY = 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';

describe('what the local cloud makes because the configuration takes it as existing', () => {
  const made = (existing: Parameters<typeof defineConfig>[0]['existing']) => {
    const config = defineConfig({ bucket: 'acme', database: 'own', ...(existing && { existing }) });
    return existingResources({ keys: [] }, config);
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

  it('is the bucket, with its key', () => {
    const { buckets } = made({ bucket: true, keyArn: KEY });
    expect(buckets).toMatchObject([{ name: 'acme', eventBridge: true, keyArn: KEY }]);
  });
});
