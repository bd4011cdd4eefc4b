import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import {
  type EraseStore,
  erasePlaces,
  type ObjectForm,
  objectForm,
  placeFolders,
} from '../../../lib/erase/erasePlaces.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import { dayFolder, groupsFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';

const DAY = '2026-11-01';
const VERSION = '20261119T000000Z-0123456789abcdef';
const config = defineConfig({ bucket: 'acme' });
const copy = relayId(Date.UTC(2026, 10, 1), 'b'.repeat(24));
const curated = `${versionPrefix(config, config.curatedTables.events, DAY, VERSION)}a.parquet`;
const ingested = `${versionPrefix(config, 'acme_events', DAY, VERSION)}a.parquet`;

describe('an object in a place of an erasure', () => {
  it.each<{ readonly place: EraseStore; readonly key: string } & ObjectForm>([
    { place: 'landing', key: 'landing/direct/2026-11-01/a.ndjson.gz', form: 'landing' },
    { place: 'damaged', key: 'damaged/2026-11-01/a', form: 'damaged' },
    { place: 'relay', key: relayWaitingKey(copy), form: 'relay' },
    {
      place: 'relay',
      key: relayRefusedKey({ reason: 'expired', at: Date.UTC(2026, 10, 1), id: copy }),
      form: 'relay',
    },
    { place: 'quarantine', key: `${dayFolder(config, 'quarantine', DAY)}a.parquet`, form: 'parquet' },
    { place: 'quarantine-large', key: 'quarantine-large/2026-11-01/q', form: 'body' },
    {
      place: 'events',
      key: `${dayFolder(config, 'events', DAY)}a.parquet`,
      form: 'parquet',
      raw: { kind: 'events', day: DAY },
    },
    { place: 'curated', key: curated, form: 'parquet' },
    { place: 'ingested', key: ingested, form: 'parquet' },
    { place: 'query-results', key: 'query-results/a.csv', form: 'result' },
    { place: 'query-results', key: 'ledger/_loads/a/b.parquet', form: 'load' },
    { place: 'query-results', key: 'reader-tables/metabase/results/a.csv', form: 'result' },
    { place: 'query-results', key: 'query-results/another/tables/a.csv', form: 'result' },
    { place: 'query-results', key: 'reader-tables/left/results/a.csv', form: 'result' },
    {
      place: 'exposures',
      key: `${dayFolder(config, 'exposures', DAY)}a.parquet`,
      form: 'parquet',
      raw: { kind: 'exposures', day: DAY },
    },
  ])('of $place with the key $key has its form, and is found in one folder', ({ place, key, ...form }) => {
    expect(objectForm(config, place, key)).toEqual(form);
    expect(placeFolders(config, place).filter((folder) => key.startsWith(folder))).toHaveLength(1);
  });

  it.each<{ readonly place: EraseStore; readonly key: string }>([
    { place: 'landing', key: 'landing/' },
    { place: 'relay', key: 'relay/notes.txt' },
    { place: 'events', key: `${dayFolder(config, 'events', DAY).replace(DAY, 'notes')}a.parquet` },
    { place: 'curated', key: curated.replace(`${DAY}/`, '') },
    { place: 'ingested', key: ingested.replace(`${DAY}/`, '') },
    { place: 'ingested', key: curated },
    { place: 'ingested', key: `${groupsFolder(config)}${VERSION}/a.parquet` },
    { place: 'query-results', key: 'reader-tables/metabase/tables/mine/a.parquet' },
    { place: 'query-results', key: 'query-results/' },
  ])('of $place with the key $key has no form', ({ place, key }) => {
    expect(objectForm(config, place, key)).toBeNull();
  });

  it('lies in a folder of one place only, but for curated days in the folder of ingested tables', () => {
    const placesOf = (key: string) =>
      erasePlaces.filter((place) => placeFolders(config, place).some((folder) => key.startsWith(folder)));
    for (const place of erasePlaces) {
      const folders = placeFolders(config, place);
      expect(folders.length).toBeGreaterThan(0);
      const places = place === 'curated' ? ['curated', 'ingested'] : [place];
      for (const folder of folders) expect({ folder, places: placesOf(folder) }).toEqual({ folder, places });
    }
    expect(placesOf('export/a')).toEqual([]);
  });
});
