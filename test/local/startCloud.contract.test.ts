import { expect, it } from '@jest/globals';
import { defaultDataDirectory } from '../../local/roots.ts';
import { collectorUrl } from '../../local/startCloud.ts';

it.each([
  { what: 'its gateway', api: 'http://gateway' },
  { what: 'the Function URL of the collector without one', api: undefined },
])('the collector is reached by $what', ({ api }) => {
  const functionUrls = {
    'sluice-local-ingest-trigger': 'http://trigger',
    'sluice-local-collect': 'http://collect',
  };
  expect(collectorUrl({ api, functionUrls })).toBe(api ?? 'http://collect');
  expect(collectorUrl({ api, functionUrls: {} })).toBe(api);
});

it.each([
  { stage: undefined, folder: /\.sluice\/data$/ },
  { stage: 'local', folder: /\.sluice\/data$/ },
  { stage: 'dev', folder: /\.sluice\/data-dev$/ },
])('the data of the stage $stage is in a folder of its own', ({ stage, folder }) => {
  expect(defaultDataDirectory(stage)).toMatch(folder);
});
