import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VERSION_NOTES, versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

describe('messages of curate', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 20));
  });
  afterEach(() => curations.close());

  it('that are not of Sluice are delivered again', async () => {
    expect(await curations.messages([{ sluice: 'other' }])).toEqual([0]);
    expect(curations.logged).toMatchObject([{ code: 'SLUICE_CURATE_MESSAGE_INVALID' }]);
  });

  it('are delivered again while the work may succeed, and no more once the day has failed or is curated', async () => {
    await curations.plan({ sluice: 'curate' });
    const [task = {}] = curations.takeTasks();
    const broken = { curate: () => Promise.reject(new Error('broken')) };
    expect(await curations.messages([task], 1, broken)).toEqual([0]);
    expect(await curations.messages([task], 2, broken)).toEqual([]);
    expect(await curations.entry()).toMatchObject({ state: 'failed' });
    expect(curations.logged.at(-1)).toMatchObject({ level: 'error', code: 'SLUICE_CURATE_STOPPED' });
    curations.nextNight();
    await curations.plan({ sluice: 'curate' });
    const [again = {}] = curations.takeTasks();
    expect(await curations.messages([again], 1)).toEqual([]);
    expect(curations.logged.at(-1)).toMatchObject({ level: 'info', outcome: 'curated', day: DAY });
  });

  it('have versions deleted that are due, of curated days alone, and again if that fails', async () => {
    const { bucket, config, landing } = curations.makeCurator();
    const due = curations.clock.now();
    const version = '20261101T000000000Z-00000000';
    const note = (table: string) => versionNoteKey({ due, table, day: DAY, version });
    const folder = (table: string) => versionPrefix(config, table, DAY, version);
    for (const table of ['curated_exposures', 'acme_events']) {
      await landing.putNote(note(table));
      await curations.store.put(bucket, `${folder(table)}a.parquet`, new Uint8Array(1));
    }
    const fault = {
      fault: 'failCalls' as const,
      code: 'SlowDown',
      operations: ['DeleteObjects'],
      calls: 'all' as const,
    };
    curations.faults.set({ s3: [fault] });
    expect(await curations.messages([{ sluice: 'sweep' }])).toEqual([0]);
    expect(await curations.keys(folder('curated_exposures'))).toHaveLength(1);
    curations.faults.clear();
    expect(await curations.messages([{ sluice: 'sweep' }])).toEqual([]);
    expect(await curations.keys(VERSION_NOTES)).toEqual([note('acme_events')]);
    expect(await curations.keys(folder('curated_exposures'))).toEqual([]);
    expect(await curations.keys(folder('acme_events'))).toHaveLength(1);
  });
});
