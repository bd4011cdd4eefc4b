import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, ends, type Loads, readEvents } from './startLoads.ts';

let pieces: DayInPieces;
let loads: Loads;
beforeEach(async () => {
  pieces = await DayInPieces.start();
  ({ loads } = pieces);
});
afterEach(() => loads.close());

describe('a day in pieces whose files change', () => {
  it('begins anew a few times, then fails, if a file is replaced each time', async () => {
    await pieces.dropThree();
    let task = await plannedTask(loads, DAY);
    const at = (await loads.entry())?.queued?.at;
    for (const plans of [1, 2, 3, 4]) {
      await ends(pieces.loadPiece(task), 'piece');
      task = loads.sentTask();
      await loads.expectEntry({ run: { plans }, queued: { at, files: 3 } });
      await loads.dropEvents('b', 10, 12 + plans);
    }
    const failure = { code: 'SLUICE_LOAD_FILES_CHANGING' };
    await ends(loads.load(task), 'failed', { failure });
    expect((await planDay(loads, DAY)).tasks).toMatchObject([{ reason: 'changed' }]);
  });

  it('leaves files that come meanwhile to the next load', async () => {
    const task = await pieces.begin();
    await loads.dropEvents('d', 6, 8);
    expect((await planDay(loads, DAY)).tasks).toEqual([]);
    await ends(loads.loadInPieces(task), 'succeeded', { rows: SUM });
    const changed = await plannedTask(loads, DAY);
    expect(changed).toMatchObject({ reason: 'changed' });
    await ends(loads.loadInPieces(changed), 'succeeded', { rows: { out: 8 } });
  });

  it('settles first when a file is replaced, and the day has to', async () => {
    await loads.close();
    pieces = await DayInPieces.start({}, [], 60);
    ({ loads } = pieces);
    await loads.dropEvents('a', 0, 2);
    await loads.dropEvents('b', 2, 4);
    loads.clock.advance(2 * HOUR_MS);
    await pieces.loadPiece(await plannedTask(loads, DAY));
    await loads.dropEvents('b', 2, 5);
    const task = loads.sentTask();
    await ends(loads.load(task), 'settling', { again: true });
    expect(await loads.entry()).not.toHaveProperty('run');
    loads.clock.advance(2 * HOUR_MS);
    await ends(loads.load(task), 'succeeded', { rows: { out: 5 } });
  });

  it('is planned anew after a deployment that changes the mapping', async () => {
    const task = await pieces.begin();
    const before = (await loads.entry())?.run?.version;
    const loader = { config: loads.configWith({ refusedShare: 0.9 }) };
    await ends(pieces.loadPiece({ ...task, loader }), 'piece', { done: 1 });
    expect((await loads.entry())?.run?.version).not.toBe(before);
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
    const task = await pieces.begin();
    const { version } = (await loads.entry())?.run ?? {};
    const [key = ''] = (await loads.keys()).filter((made) => made.endsWith(name));
    if (text === undefined) await loads.forget(key);
    else await loads.put(key, Buffer.from(text));
    await ends(loads.loadInPieces(task), 'succeeded', { rows: SUM, files: 3 });
    await loads.expectEvents(0, 6);
    expect((await loads.entry())?.version).not.toBe(version);
  });

  it('is loaded at once by the task of its next piece if only one file is left, also after a kill', async () => {
    const task = await pieces.begin();
    for (const name of ['a', 'c']) await loads.remove(`${name}.parquet`);
    await loads.dropEvents('b', 2, 5);
    await loads.kill({ ...task, killAt: 'fetched' });
    expect(await loads.entry()).not.toHaveProperty('run');
    await ends(loads.load(task), 'succeeded', { rows: { out: 3 } });
    await loads.expectEvents(2, 5);
    await ends(loads.load(task), 'unchanged');
  });

  it.each([
    { what: 'when it is planned', at: 'planned', files: 3 },
    { what: 'when a piece is made', at: 'stored', files: 3 },
    { what: 'when it is handed over', at: 'recorded', files: 3 },
    { what: 'when it is loaded at once', at: 'listed', files: 1 },
  ] as const)('is lost, and sends no task, if another takes it $what', async ({ at, files }) => {
    const task = await pieces.begin();
    await loads.dropEvents('b', 2, 5);
    if (files === 1) for (const name of ['a', 'c']) await loads.remove(`${name}.parquet`);
    await ends(loads.load({ ...task, at: { [at]: () => loads.takenByAnother() } }), 'lost');
    expect(loads.sent()).toEqual([]);
    await loads.expectEntry({ state: 'loading', lease: { owner: 'another' } });
    expect(await loads.read()).toBeNull();
  });

  it('is settled by the next invocation if it is killed once queries read it', async () => {
    await pieces.dropThree();
    await loads.load();
    const { version = '' } = (await loads.entry()) ?? {};
    await loads.dropEvents('b', 2, 5);
    await loads.kill({ killAt: 'moved' });
    const now = loads.clock.now();
    await ends(loads.load(), 'succeeded', { rows: { out: 7 } });
    const entry = await loads.entry();
    expect(entry?.superseded).toEqual([{ version, at: now }]);
    expect(entry?.filesWritten).toEqual(['rows-00001.parquet', 'rows-00002.parquet', 'rows-00003.parquet']);
    for (const _ of [1, 2]) {
      loads.clock.advance(25 * HOUR_MS);
      await loads.sweep();
    }
    expect(await loads.rowsUnder(`statsig/ingested/acme_events/${DAY}/`)).toHaveLength(7);
    expect(await loads.read()).toEqual([...readEvents(0, 5), 'u004 seen', 'u005 seen']);
  });

  it('that failed before is not taken for loaded when it is planned anew', async () => {
    await pieces.drop('a', damaged);
    await ends(loads.load(), 'failed');
    const task = await pieces.begin({ reason: 'retried' });
    expect(await loads.entry()).toHaveProperty('failure');
    const loader = { config: loads.configWith({ refusedShare: 0.9 }) };
    await ends(loads.loadInPieces({ ...task, loader }), 'succeeded', { rows: SUM });
  });

  it('is gone on with by the task that planned it anew, also after a kill', async () => {
    const task = await pieces.begin();
    await loads.dropEvents('b', 10, 12);
    await loads.kill({ ...task, killAt: 'recorded' });
    await ends(loads.load(task), 'succeeded', { rows: SUM });
    await ends(loads.load(task), 'unchanged');
  });
});
