import { expect, it } from '@jest/globals';
import { dropKey } from '../../../cli/ingest/dropFiles.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../harness/configInput.ts';

it.each<{ readonly what: string; readonly options: Partial<DatasetInput>; readonly key: string }>([
  { what: 'a folder a day', options: {}, key: 'events/2026-11-19/a.parquet' },
  {
    what: 'a folder ds=… a day',
    options: { dayFormat: 'ds=YYYY-MM-DD' },
    key: 'events/ds=2026-11-19/a.parquet',
  },
  { what: 'a file a day', options: { layout: 'x/YYYY-MM-DD.parquet' }, key: 'events/x/2026-11-19.parquet' },
])('a file of a day of a dataset with $what has the key $key', ({ options, key }) => {
  const { sources } = defineConfig({
    bucket: 'own',
    sources: [acmeSource({ datasets: [eventsDataset(options)] })],
  });
  const [dataset] = sources.flatMap(({ datasets }) => datasets);
  expect(dataset && dropKey(dataset, '2026-11-19', 'a.parquet')).toBe(key);
});
