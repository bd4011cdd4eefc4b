import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { acmeSource, eventsDataset } from '../../../harness/configInput.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, readEvents, someEvents, THEIRS } from './startLoads.ts';

const HOUR_MS = 3_600_000;

let pieces: DayInPieces;
beforeEach(async () => {
  pieces = await DayInPieces.start();
});
afterEach(() => pieces.loads.close());

describe('a day in pieces whose files change', () => {
  it('begins anew a few times, then fails, if a file is replaced each time', async () => {
    await pieces.dropThree();
    let task = await plannedTask(pieces.loads, DAY);
    const at = (await pieces.loads.entry())?.queued?.at;
    for (const plans of [1, 2, 3, 4]) {
      expect(await pieces.loadPiece(task)).toMatchObject({ outcome: 'piece' });
      task = pieces.loads.sentTask();
      expect(await pieces.loads.entry()).toMatchObject({ run: { plans }, queued: { at, files: 3 } });
      await pieces.drop('b', someEvents(10, 12 + plans));
    }
    const failure = { code: 'SLUICE_LOAD_FILES_CHANGING' };
    expect(await pieces.loads.load(task)).toMatchObject({ outcome: 'failed', failure });
    expect((await planDay(pieces.loads, DAY)).tasks).toMatchObject([{ reason: 'changed' }]);
  });

  it('leaves files that come meanwhile to the next load', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    await pieces.drop('d', someEvents(6, 8));
    expect((await planDay(pieces.loads, DAY)).tasks).toEqual([]);
    expect(await pieces.loads.loadInPieces(pieces.loads.sentTask())).toMatchObject({
      outcome: 'succeeded',
      rows: SUM,
    });
    const changed = await plannedTask(pieces.loads, DAY);
    expect(changed).toMatchObject({ reason: 'changed' });
    expect(await pieces.loads.loadInPieces(changed)).toMatchObject({
      outcome: 'succeeded',
      rows: { out: 8 },
    });
  });

  it('settles first when a file is replaced, and the day has to', async () => {
    await pieces.loads.close();
    pieces = await DayInPieces.start({}, [], 60);
    await pieces.drop('a', someEvents(0, 2));
    await pieces.drop('b', someEvents(2, 4));
    pieces.loads.clock.advance(2 * HOUR_MS);
    const first = await plannedTask(pieces.loads, DAY);
    expect(await pieces.loadPiece(first)).toMatchObject({ outcome: 'piece' });
    await pieces.drop('b', someEvents(2, 5));
    const task = pieces.loads.sentTask();
    expect(await pieces.loads.load(task)).toMatchObject({ outcome: 'settling', again: true });
    expect(await pieces.loads.entry()).not.toHaveProperty('run');
    pieces.loads.clock.advance(2 * HOUR_MS);
    expect(await pieces.loads.load(task)).toMatchObject({ outcome: 'succeeded', rows: { out: 5 } });
  });

  it('is planned anew after a deployment that changes the mapping', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const before = (await pieces.loads.entry())?.run?.version;
    const datasets = [eventsDataset({ refusedShare: 0.9 })];
    const { sources } = defineConfig({
      bucket: 'sluice-own',
      sources: [acmeSource({ owner: THEIRS, settleMinutes: 0, datasets })],
    });
    const loader = { config: { ...pieces.loads.config, sources } };
    const task = pieces.loads.sentTask();
    expect(await pieces.loadPiece({ ...task, loader })).toMatchObject({
      outcome: 'piece',
      done: 1,
    });
    expect((await pieces.loads.entry())?.run?.version).not.toBe(before);
  });

  it.each([
    { what: 'its plan is gone', name: 'plan.json' },
    { what: 'its plan can’t be read', name: 'plan.json', text: '{' },
    { what: 'the files of the next piece are not known', name: 'files-00002.json' },
    { what: 'the files of a piece that is made are not known', name: 'files-00001.json' },
    { what: 'the result of a piece is gone', name: 'result-00001.json' },
    { what: 'the rows of a piece are gone', name: 'rows-00001.parquet' },
    { what: 'the refused rows of a piece are gone', name: '/refused-00001.parquet' },
  ])('is planned anew if $what', async ({ name, text }) => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const { version } = (await pieces.loads.entry())?.run ?? {};
    const [key = ''] = (await pieces.loads.keys()).filter((made) => made.endsWith(name));
    if (text === undefined) await pieces.loads.forget(key);
    else await pieces.loads.put(key, new TextEncoder().encode(text));
    const loaded = await pieces.loads.loadInPieces(pieces.loads.sentTask());
    expect(loaded).toMatchObject({ outcome: 'succeeded', rows: SUM, files: 3 });
    expect(await pieces.loads.read()).toEqual(readEvents(0, 6));
    expect((await pieces.loads.entry())?.version).not.toBe(version);
  });

  it('is loaded at once by the task of its next piece if only one file is left, also after a kill', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const task = pieces.loads.sentTask();
    for (const name of ['a', 'c']) await pieces.loads.remove(`${name}.parquet`);
    await pieces.drop('b', someEvents(2, 5));
    expect(await pieces.loads.load({ ...task, killAt: 'fetched' })).toBe('killed');
    expect(await pieces.loads.entry()).not.toHaveProperty('run');
    pieces.loads.clock.advance(LEASE_MS + 1);
    expect(await pieces.loads.load(task)).toMatchObject({ outcome: 'succeeded', rows: { out: 3 } });
    expect(await pieces.loads.read()).toEqual(readEvents(2, 5));
    expect(await pieces.loads.load(task)).toEqual({ outcome: 'unchanged' });
  });

  it.each([
    { what: 'when it is planned', at: 'planned', files: 3 },
    { what: 'when a piece is made', at: 'stored', files: 3 },
    { what: 'when it is handed over', at: 'recorded', files: 3 },
    { what: 'when it is loaded at once', at: 'listed', files: 1 },
  ] as const)('is lost, and sends no task, if another takes it $what', async ({ at, files }) => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const task = pieces.loads.sentTask();
    await pieces.drop('b', someEvents(2, 5));
    if (files === 1) for (const name of ['a', 'c']) await pieces.loads.remove(`${name}.parquet`);
    const taken = async () => {
      pieces.loads.clock.advance(HOUR_MS);
      const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
      await pieces.loads.ledger.claim(place, 'another', pieces.loads.clock.now() + HOUR_MS, 'f');
    };
    expect(await pieces.loads.load({ ...task, at: { [at]: taken } })).toEqual({ outcome: 'lost' });
    expect(pieces.loads.sent()).toEqual([]);
    expect(await pieces.loads.entry()).toMatchObject({ state: 'loading', lease: { owner: 'another' } });
    expect(await pieces.loads.read()).toBeNull();
  });

  it('is settled by the next invocation if it is killed once queries read it', async () => {
    await pieces.dropThree();
    await pieces.loads.load();
    const { version = '' } = (await pieces.loads.entry()) ?? {};
    await pieces.drop('b', someEvents(2, 5));
    expect(await pieces.loads.load({ killAt: 'moved' })).toBe('killed');
    pieces.loads.clock.advance(LEASE_MS + 1);
    const now = pieces.loads.clock.now();
    expect(await pieces.loads.load()).toMatchObject({ outcome: 'succeeded', rows: { out: 7 } });
    const entry = await pieces.loads.entry();
    expect(entry?.superseded).toEqual([{ version, at: now }]);
    expect(entry?.filesWritten).toEqual(['rows-00001.parquet', 'rows-00002.parquet', 'rows-00003.parquet']);
    for (const _ of [1, 2]) {
      pieces.loads.clock.advance(25 * HOUR_MS);
      await pieces.loads.sweep();
    }
    expect(await pieces.loads.rowsUnder(`statsig/ingested/acme_events/${DAY}/`)).toHaveLength(7);
    expect(await pieces.loads.read()).toEqual([...readEvents(0, 5), 'u004 seen', 'u005 seen']);
  });

  it('that failed before is not taken for loaded when it is planned anew', async () => {
    await pieces.drop('a', damaged);
    expect(await pieces.loads.load()).toMatchObject({ outcome: 'failed' });
    await pieces.dropThree();
    const { fingerprint } = await plannedTask(pieces.loads, DAY);
    await pieces.loadPiece({ reason: 'retried', fingerprint });
    const task = pieces.loads.sentTask();
    expect(await pieces.loads.entry()).toHaveProperty('failure');
    const sources = pieces.loads.config.sources.map((source) => ({
      ...source,
      datasets: source.datasets.map((dataset) => ({ ...dataset, refusedShare: 0.9 })),
    }));
    const loader = { config: { ...pieces.loads.config, sources } };
    expect(await pieces.loads.loadInPieces({ ...task, loader })).toMatchObject({
      outcome: 'succeeded',
      rows: SUM,
    });
  });

  it('is gone on with by the task that planned it anew, also after a kill', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const task = pieces.loads.sentTask();
    await pieces.drop('b', someEvents(10, 12));
    expect(await pieces.loads.load({ ...task, killAt: 'recorded' })).toBe('killed');
    pieces.loads.clock.advance(LEASE_MS + 1);
    expect(await pieces.loads.load(task)).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await pieces.loads.load(task)).toEqual({ outcome: 'unchanged' });
  });
});
