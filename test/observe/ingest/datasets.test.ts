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
  exports: [exportTo({}), exportTo({}, { name: 'archive', table: 'statsig_forwarded_exposures' })],
});

describe('datasets by name', () => {
  it.each([
    { of: 'nothing', names: {}, found: ['acme/events', 'acme/orders', 'beta/events'] },
    { of: 'a source', names: { source: 'acme' }, found: ['acme/events', 'acme/orders'] },
    { of: 'a dataset', names: { dataset: 'events' }, found: ['acme/events', 'beta/events'] },
    { of: 'both', names: { source: 'beta', dataset: 'events' }, found: ['beta/events'] },
  ])('are found by the name of $of', ({ names, found }) => {
    expect(
      namedDatasets(config, names).map(({ source, dataset }) => `${source.name}/${dataset.name}`),
    ).toEqual(found);
  });

  it.each([
    { what: 'source', names: { source: 'bet' }, meant: 'beta?' },
    { what: 'dataset', names: { dataset: 'order' }, meant: 'orders?' },
    { what: 'dataset of the source', names: { source: 'beta', dataset: 'evens' }, meant: 'events?' },
  ])('are refused if there is no such $what, with the one that is meant', ({ names, meant }) => {
    expect(() => namedDatasets(config, names)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_INGEST_NO_SOURCES',
        detail: expect.stringMatching(
          `acme/events, acme/orders, beta/events.* ${meant.replace('?', '\\?')}$`,
        ),
      }),
    );
  });

  it('are not meant if they are of another source', () => {
    expect(() => namedDatasets(config, { source: 'beta', dataset: 'order' })).toThrow(
      expect.objectContaining({ detail: expect.stringMatching(/beta\/events\.$/) }),
    );
  });

  it('are refused if there are no datasets at all', () => {
    expect(() => namedDatasets(defineConfig({ bucket: 'own' }), {})).toThrow(
      expect.objectContaining({ code: 'SLUICE_INGEST_NO_SOURCES' }),
    );
  });
});

describe('exports by name', () => {
  it.each([
    { of: 'no name', name: undefined, found: ['out', 'archive'] },
    { of: 'the name archive', name: 'archive', found: ['archive'] },
  ])('are found by $of', ({ name, found }) => {
    expect(namedExports(config, name).map((exported) => exported.name)).toEqual(found);
  });

  it('are refused if there is no such name, with the one that is meant', () => {
    expect(() => namedExports(config, 'achive')).toThrow(
      expect.objectContaining({
        code: 'SLUICE_EXPORT_UNKNOWN',
        detail: expect.stringMatching(/out, archive\..* archive\?$/),
      }),
    );
  });

  it('are refused if there are no exports at all', () => {
    expect(() => namedExports(defineConfig({ bucket: 'own' }))).toThrow(
      expect.objectContaining({ code: 'SLUICE_EXPORT_UNKNOWN' }),
    );
  });
});
