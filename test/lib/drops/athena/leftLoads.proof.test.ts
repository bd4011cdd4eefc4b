import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { goOnTask } from '../../../../lib/drops/load/loadTask.ts';
import { ATHENA_NOTES, parseAthenaNote } from '../../../../lib/tables/ledgerKeys.ts';
import { LOADS_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import { planDay } from '../load/planDay.ts';
import { DAY, LEASE_MS, type Loads, readEvents, someEvents, startLoads } from '../load/startLoads.ts';

const TWO_DAYS_MS = 2 * 86_400_000;

let loads: Loads;
beforeEach(async () => {
  loads = await startLoads({ engine: 'athena' });
  await loads.drop('a.parquet', someEvents(0, 20));
});
afterEach(() => loads.close());

async function fingerprint(): Promise<string> {
  const { athena } = (await loads.entry()) ?? {};
  if (athena === undefined) throw new Error('Athena does not load the day.');
  return athena.fingerprint;
}

/** Looks once at the load that is noted. */
async function lookOnce(tries: number) {
  const [key = ''] = await loads.keys(ATHENA_NOTES);
  const note = parseAthenaNote(key);
  if (note === null) throw new Error('no note');
  return goOnTask(loads.makeLoader(), loads.makeRun({ tries }), note);
}

describe('a load by Athena that can not go on', () => {
  it('fails with its last try if Athena refuses every call', async () => {
    await loads.load();
    loads.refuse('athena', 'GetQueryExecution', 'all');
    for (let attempt = 1; attempt < 3; attempt += 1)
      expect(await lookOnce(3)).toMatchObject({ outcome: 'handed_back' });
    expect(await lookOnce(3)).toMatchObject({ outcome: 'failed' });
    expect(await loads.entry()).toMatchObject({
      state: 'failed',
      failure: { code: 'SLUICE_ATHENA_UNAVAILABLE' },
    });
    expect(await loads.keys(ATHENA_NOTES)).toEqual([]);
  });

  it('begins anew after a day, when the sweep has deleted what it needs', async () => {
    await loads.load();
    const planned = { fingerprint: await fingerprint() };
    loads.clock.advance(TWO_DAYS_MS);
    await loads.sweep();
    expect(await loads.load(planned)).toMatchObject({ outcome: 'started', step: 'rows' });
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 20));
  });

  it('begins anew before the sweep deletes what it has written', async () => {
    await loads.load();
    const { athena: before } = (await loads.entry()) ?? {};
    loads.clock.advance(TWO_DAYS_MS);
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    const entry = await loads.entry();
    expect(entry?.version).not.toBe(before?.version);
    await loads.sweep();
    expect(await loads.read()).toEqual(readEvents(0, 20));
    expect(await loads.keys(LOADS_FOLDER)).toEqual([]);
  });

  it('is left to the function when its dataset is no longer loaded by Athena', async () => {
    await loads.load();
    const planned = { fingerprint: await fingerprint() };
    expect(await loads.load({ ...planned, loader: { athena: undefined } })).toMatchObject({
      outcome: 'succeeded',
    });
    expect(await loads.read()).toEqual(readEvents(0, 20));
    expect((await loads.entry())?.athena).toBeUndefined();
  });

  it('is stopped if the files change, also if the function was killed before it knew the execution', async () => {
    const { athena } = loads.makeLoader();
    if (athena === undefined) throw new Error('no Athena');
    const started: string[] = [];
    const stopped: string[] = [];
    const watched = {
      ...athena,
      start: async (...statement: Parameters<typeof athena.start>) => {
        const execution = await athena.start(...statement);
        started.push(execution);
        return execution;
      },
      stop: (execution: string) => {
        stopped.push(execution);
        return athena.stop(execution);
      },
    };
    expect(await loads.load({ killAt: 'athena_started', loader: { athena: watched } })).toBe('killed');
    await loads.drop('b.parquet', someEvents(20, 30));
    loads.clock.advance(LEASE_MS + 1);
    const newer = { fingerprint: 'newer', loader: { athena: watched } };
    expect(await loads.load(newer)).toMatchObject({ outcome: 'started' });
    expect(stopped).toEqual([started[0]]);
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 30));
  });
});

describe('a day that is requested by hand and loaded by Athena', () => {
  it('may lack files once that is accepted, as with the function', async () => {
    await loads.drop('b.parquet', someEvents(20, 30));
    await loads.load();
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    await loads.remove('b.parquet');
    await loads.drop('c.parquet', new Uint8Array());
    expect(await loads.load()).toMatchObject({ failure: { code: 'SLUICE_SOURCE_FILES_REPLACED' } });
    const { tasks } = await planDay(loads, DAY, 'empty');
    expect(await loads.load(tasks[0])).toMatchObject({ outcome: 'started' });
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 20));
  });
});

describe('a day that changes while Athena reads it', () => {
  beforeEach(async () => {
    await loads.close();
    loads = await startLoads({ engine: 'athena' }, [], 10);
    await loads.drop('a.parquet', someEvents(0, 20));
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({ outcome: 'started' });
    await loads.drop('b.parquet', someEvents(20, 30));
    expect(await loads.goOn()).toMatchObject({ outcome: 'settling' });
  });

  it('is looked at until it has settled, and then loaded', async () => {
    const { athena: left } = (await loads.entry()) ?? {};
    loads.clock.advance(9 * 60_000);
    expect(await loads.goOn()).toMatchObject({ outcome: 'settling' });
    expect(await loads.read()).toBeNull();
    expect(await loads.keys(LOADS_FOLDER)).toEqual([]);
    loads.clock.advance(60_000);
    expect(await loads.goOn()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 30));
    expect(await loads.keys(ATHENA_NOTES)).toEqual([]);
    const { athena } = (await loads.entry()) ?? {};
    expect(athena?.version).not.toBe(left?.version);
  });

  it('is left to the task that the plan has sent meanwhile', async () => {
    const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
    await loads.ledger.noteQueued(place, { fingerprint: 'as planned', reason: 'changed' });
    expect(await loads.goOn()).toMatchObject({ outcome: 'unchanged' });
    expect(await loads.keys(ATHENA_NOTES)).toEqual([]);
  });

  it('is not looked at for longer than a day', async () => {
    expect(await loads.keys(ATHENA_NOTES)).toHaveLength(1);
    loads.clock.advance(TWO_DAYS_MS);
    await loads.sweep();
    expect(await loads.keys(ATHENA_NOTES)).toEqual([]);
  });
});

describe('an execution that Athena does not know', () => {
  it('is none, and fails its load under its ID', async () => {
    await loads.load();
    const { athena } = loads.makeLoader();
    expect(await athena?.find('00000000-0000-4000-8000-000000000000')).toBeNull();
    const [key = ''] = await loads.keys(ATHENA_NOTES);
    const note = parseAthenaNote(key);
    if (note === null || athena === undefined) throw new Error('no note');
    const forgetful = { ...athena, find: () => athena.find('00000000-0000-4000-8000-000000000000') };
    const outcome = await goOnTask(loads.makeLoader({ athena: forgetful }), loads.makeRun(), note);
    expect(outcome).toMatchObject({
      outcome: 'failed',
      failure: {
        code: 'SLUICE_ATHENA_QUERY_FAILED',
        message: expect.stringContaining('Athena does not know it'),
      },
    });
    expect((await loads.entry())?.athena).toMatchObject({ usd: 0 });
  });
});
