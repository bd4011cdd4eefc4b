import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { namedDatasets, namedExports } from '../../../observe/ingest/datasets.ts';
import { acmeSource, eventsDataset, exportTo } from '../../harness/configInput.ts';

const config = defineConfig({
  bucket: 'own',
  sources: [
    acmeSource({ datasets: [eventsDataset(), eventsDataset({ name: 'orders', table: 'orders' })] }),
    acmeSource({ name: 'beta', bucket: 'beta-drops' }),
  ],
  exports: [exportTo({})],
});

describe('datasets by name', () => {
  it.each([
    { names: {}, found: ['acme/events', 'acme/orders', 'beta/events'] },
    { names: { source: 'acme' }, found: ['acme/events', 'acme/orders'] },
    { names: { dataset: 'events' }, found: ['acme/events', 'beta/events'] },
    { names: { source: 'beta', dataset: 'events' }, found: ['beta/events'] },
  ])('are $found of $names', ({ names, found }) => {
    expect(
      namedDatasets(config, names).map(({ source, dataset }) => `${source.name}/${dataset.name}`),
    ).toEqual(found);
  });

  it.each([{ source: 'acne' }, { dataset: 'order' }, { source: 'beta', dataset: 'orders' }])(
    'are refused if there is none: %j',
    (names) => {
      expect(() => namedDatasets(config, names)).toThrow(
        expect.objectContaining({ code: 'SLUICE_INGEST_NO_SOURCES' }),
      );
    },
  );
});

describe('exports by name', () => {
  it('are all without a name, else the one', () => {
    expect(namedExports(config).map(({ name }) => name)).toEqual(['out']);
    expect(namedExports(config, 'out')).toHaveLength(1);
  });

  it('are refused if there is none', () => {
    expect(() => namedExports(config, 'in')).toThrow(
      expect.objectContaining({ code: 'SLUICE_EXPORT_UNKNOWN' }),
    );
  });
});
