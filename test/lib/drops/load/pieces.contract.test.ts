import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { pieceFaultPoints } from '../../../../lib/drops/load/Loader.ts';
import { EngineError } from '../../../../lib/parquet/EngineError.ts';
import { VERSION_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { configuredDatasets, unreadDrops } from '../../../../observe/facts/days/ledgerDays.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { acmeSource, eventsDataset } from '../../../harness/configInput.ts';
import { planDay } from './planDay.ts';
import {
  DAY,
  type LoadOptions,
  type Loads,
  leavingPoints,
  parquetOf,
  readEvents,
  someEvents,
  startLoads,
  THEIRS,
} from './startLoads.ts';

const HOUR_MS = 3_600_000;
const damaged = new TextEncoder().encode(`PAR1${'x'.repeat(100)}PAR1`);
/** Three rows, of which one is refused. */
const withRefused = (from: number) =>
  `${someEvents(from, from + 2)} UNION ALL SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u'`;

let loads: Loads;
beforeEach(async () => {
  loads = await startLoads({ refusedShare: 0.5 });
  loads.cutAt(1);
});
afterEach(() => loads.close());

const drop = (name: string, rows: string | Uint8Array) => loads.drop(`${name}.parquet`, rows);
/** Lets no time for another piece. */
const later = async () => loads.clock.advance(600_000);
async function dropThree() {
  await drop('a', withRefused(0));
  await drop('b', someEvents(2, 4));
  await drop('c', withRefused(4));
}
/** Does what is sent, until nothing is. */
async function runSent() {
  const outcomes: Exclude<Awaited<ReturnType<Loads['load']>>, string>[] = [];
  for (let sent = loads.sent(); sent.length > 0; sent = loads.sent())
    for (const task of sent) {
      const outcome = await loads.load({ ...task, at: { recorded: later } });
      if (typeof outcome === 'object') outcomes.push(outcome);
    }
  return outcomes;
}
const SUM = { in: 8, out: 6, refused: 2 };
const quarantined = () => loads.keys('quarantine/');

describe('a day in pieces', () => {
  it('is loaded in one invocation where the time holds, as a day of one piece is', async () => {
    await dropThree();
    expect(await loads.load()).toMatchObject({ outcome: 'succeeded', rows: SUM, files: 3 });
    expect(await loads.read()).toEqual(readEvents(0, 6));
    const files = (await loads.entry())?.files.map(({ rows, refusedBy }) => ({ rows, refusedBy }));
    expect(await quarantined()).toHaveLength(2);
    expect(loads.sent()).toEqual([]);

    loads.cutAt(2 ** 28);
    expect(await loads.load({ reason: 'backfill' })).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await loads.read()).toEqual(readEvents(0, 6));
    expect((await loads.entry())?.files.map(({ rows, refusedBy }) => ({ rows, refusedBy }))).toEqual(files);
    expect(await quarantined()).toHaveLength(1);
    expect(await loads.entry()).not.toHaveProperty('run');
    expect(await loads.keys('ledger/_loads/')).not.toContainEqual(
      expect.stringContaining((await loads.entry())?.version ?? ''),
    );
  });

  it('has pieces of a sixteenth of the disk: their rows and temporary files need as much again', async () => {
    const bytes = await parquetOf(someEvents(0, 2));
    for (const name of ['a', 'b', 'c']) await drop(name, bytes);
    const diskBytes = 16 * 2 * bytes.byteLength;
    const loaded = await loads.load({ at: { recorded: later }, loader: { diskBytes } });
    expect(loaded).toEqual({ outcome: 'piece', done: 1, pieces: 2 });
  });

  it('goes on in further invocations, and says how far it is', async () => {
    await dropThree();
    const startedAt = loads.clock.now();
    const first = await loads.load({ at: { recorded: later } });
    expect(first).toEqual({ outcome: 'piece', done: 1, pieces: 3 });
    const entry = await loads.entry();
    const run = { startedAt, done: 1, pieces: 3, rows: { in: 3, out: 2, refused: 1 } };
    expect(entry).toMatchObject({ state: 'waiting', attempts: 0, run });
    expect(entry).not.toHaveProperty('lease');
    expect(await unreadDrops(loads, configuredDatasets(loads.config))).toEqual([[]]);
    const [task, ...others] = loads.sent();
    expect(task?.piece).toEqual({ version: entry?.run?.version, done: 1 });
    expect(others).toEqual([]);
    expect(await loads.load({ ...task, at: { recorded: later } })).toMatchObject({
      outcome: 'piece',
      done: 2,
    });
    const [second] = loads.sent();
    expect(await loads.load({ ...second, at: { recorded: later } })).toMatchObject({
      outcome: 'piece',
      done: 3,
    });
    expect(await loads.read()).toBeNull();
    expect(await loads.load(loads.sent()[0])).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await loads.read()).toEqual(readEvents(0, 6));
    expect(await loads.entry()).not.toHaveProperty('run');
    expect(await loads.load(task)).toEqual({ outcome: 'unchanged' });
  });

  it.each([...leavingPoints.filter((point) => !/noted|settled/.test(point)), ...pieceFaultPoints])(
    'has its rows once after it was killed at %s',
    async (point) => {
      await dropThree();
      expect(await loads.loadInPieces({ killAt: point })).toBe('killed');
      loads.clock.advance(LEASE_MS + 1);
      const sent = loads.sent();
      await loads.loadInPieces({ reason: 'new' });
      for (const task of sent) await loads.loadInPieces(task);
      expect(await loads.read()).toEqual(readEvents(0, 6));
      expect(await loads.entry()).toMatchObject({ state: 'succeeded', rows: SUM });
      expect(await quarantined()).toHaveLength(2);
      // What was begun and not published goes, and so do the pieces.
      loads.clock.advance(97 * HOUR_MS);
      await loads.sweep();
      const version = (await loads.entry())?.version ?? '';
      const left = await loads.keys('statsig/ingested/');
      expect(left.filter((key) => !key.includes(version))).toEqual([]);
      expect(await loads.keys('ledger/_loads/')).toEqual([]);
      expect(await loads.read()).toEqual(readEvents(0, 6));
      expect(left).toHaveLength(3);
      expect(await loads.lacks()).toBe(false);
      await loads.forget(left[1] ?? '');
      expect(await loads.lacks()).toBe(true);
    },
  );

  it('is planned anew when a file is replaced between two pieces', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    const [task] = loads.sent();
    await drop('b', someEvents(10, 12));
    expect(await loads.loadInPieces({ ...task })).toMatchObject({ outcome: 'succeeded', rows: SUM });
    const expected = [...readEvents(0, 2), ...readEvents(4, 6), ...readEvents(10, 12)];
    expect((await loads.read())?.toSorted()).toEqual(expected.toSorted());
  });

  it('is planned anew when a file is deleted between two pieces', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    await loads.remove('b.parquet');
    const rows = { in: 6, out: 4, refused: 2 };
    expect(await loads.loadInPieces({ ...loads.sent()[0] })).toMatchObject({ outcome: 'succeeded', rows });
    expect((await loads.read())?.toSorted()).toEqual([...readEvents(0, 2), ...readEvents(4, 6)]);
  });

  it.each(['keep', 'empty'] as const)(
    'ends before what a person accepts of it (%s) holds',
    async (reason) => {
      await dropThree();
      expect(await loads.loadInPieces()).toMatchObject({ outcome: 'succeeded' });
      for (const name of ['a', 'b', 'c']) await drop(name, someEvents(0, 0));
      const { tasks } = await planDay(loads, DAY);
      expect(await loads.load({ ...tasks[0], at: { recorded: later } })).toMatchObject({ done: 1 });
      const [accepted] = (await planDay(loads, DAY, reason)).tasks;
      expect(await loads.load({ ...accepted, at: { recorded: later } })).toMatchObject({
        done: 2,
        pieces: 3,
      });
      await runSent();
      const isKept = reason === 'keep';
      const state = isKept ? 'succeeded' : 'succeeded_no_data';
      expect(await loads.entry()).toMatchObject({ state, accepted: true });
      expect(await loads.read()).toHaveLength(isKept ? 6 : 0);
    },
  );

  it('begins anew a few times, then fails, if a file is replaced each time', async () => {
    await dropThree();
    let [task]: readonly (LoadOptions | undefined)[] = (await planDay(loads, DAY)).tasks;
    const at = (await loads.entry())?.queued?.at;
    for (const plans of [1, 2, 3, 4]) {
      expect(await loads.load({ ...task, at: { recorded: later } })).toMatchObject({ outcome: 'piece' });
      [task] = loads.sent();
      expect(await loads.entry()).toMatchObject({ run: { plans }, queued: { at, files: 3 } });
      await drop('b', someEvents(10, 12 + plans));
    }
    const failure = { code: 'SLUICE_LOAD_FILES_CHANGING' };
    expect(await loads.load(task)).toMatchObject({ outcome: 'failed', failure });
    expect((await planDay(loads, DAY)).tasks).toMatchObject([{ reason: 'changed' }]);
  });

  it('leaves files that come meanwhile to the next load', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    await drop('d', someEvents(6, 8));
    expect((await planDay(loads, DAY)).tasks).toEqual([]);
    expect(await loads.loadInPieces({ ...loads.sent()[0] })).toMatchObject({
      outcome: 'succeeded',
      rows: SUM,
    });
    const { tasks } = await planDay(loads, DAY);
    expect(tasks).toMatchObject([{ reason: 'changed' }]);
    expect(await loads.loadInPieces(tasks[0])).toMatchObject({ outcome: 'succeeded', rows: { out: 8 } });
  });

  it('settles first when a file is replaced, and the day has to', async () => {
    await loads.close();
    loads = await startLoads({}, [], 60);
    loads.cutAt(1);
    await drop('a', someEvents(0, 2));
    await drop('b', someEvents(2, 4));
    loads.clock.advance(2 * HOUR_MS);
    const { tasks } = await planDay(loads, DAY);
    expect(await loads.load({ ...tasks[0], at: { recorded: later } })).toMatchObject({ outcome: 'piece' });
    await drop('b', someEvents(2, 5));
    const [task] = loads.sent();
    expect(await loads.load(task)).toMatchObject({ outcome: 'settling', again: true });
    expect(await loads.entry()).not.toHaveProperty('run');
    loads.clock.advance(2 * HOUR_MS);
    expect(await loads.load(task)).toMatchObject({ outcome: 'succeeded', rows: { out: 5 } });
  });

  it('is planned anew after a deployment that changes the mapping', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    const before = (await loads.entry())?.run?.version;
    const datasets = [eventsDataset({ refusedShare: 0.9 })];
    const { sources } = defineConfig({
      bucket: 'sluice-own',
      sources: [acmeSource({ owner: THEIRS, settleMinutes: 0, datasets })],
    });
    const loader = { config: { ...loads.config, sources } };
    const [task] = loads.sent();
    expect(await loads.load({ ...task, loader, at: { recorded: later } })).toMatchObject({
      outcome: 'piece',
      done: 1,
    });
    expect((await loads.entry())?.run?.version).not.toBe(before);
  });

  it.each(['backfill', 'triggered', 'changed'] as const)(
    'ends before it is loaded again for whoever asks between two pieces (%s), if it still differs',
    async (reason) => {
      for (const differs of [true, false]) {
        await dropThree();
        await loads.load({ reason: 'retried', at: { recorded: later } });
        const { version } = (await loads.entry())?.run ?? {};
        if (differs) await drop('d', someEvents(6, 8));
        const { fingerprint = '' } = (await planDay(loads, DAY, 'backfill')).tasks[0] ?? {};
        // The chain's own message waits behind it.
        const asked = { reason, fingerprint, at: { recorded: later } };
        expect(await loads.load(asked)).toEqual({ outcome: 'piece', done: 2, pieces: 3 });
        expect(await loads.entry()).toMatchObject({ run: { version } });
        const outcomes = await runSent();
        const ended = outcomes
          .filter(({ outcome }) => outcome === 'succeeded')
          .map((outcome) => 'rows' in outcome && outcome.rows.out);
        expect(ended).toEqual(differs ? [6, 8] : [6]);
        await loads.close();
        loads = await startLoads({ refusedShare: 0.5 });
        loads.cutAt(1);
      }
    },
  );

  it('is loaded again for who asked while a piece is made, and after a run that failed', async () => {
    await dropThree();
    await drop('b', damaged);
    const noted: unknown[] = [];
    const recorded = async () => {
      noted.push(await loads.load({ reason: 'backfill', fingerprint: 'of them' }));
      await drop('b', someEvents(2, 4));
      await later();
    };
    expect(await loads.load({ at: { recorded } })).toMatchObject({ outcome: 'piece', done: 1 });
    expect(noted).toEqual([{ outcome: 'noted' }]);
    const outcomes = await runSent();
    expect(outcomes.at(-1)).toMatchObject({ outcome: 'unchanged' });
    expect(await loads.read()).toEqual(readEvents(0, 6));
  });

  it('keeps what is asked of a day whose loads were killed each time', async () => {
    await dropThree();
    for (const killAt of ['recorded', 'mapped'] as const) {
      expect(await loads.load({ killAt })).toBe('killed');
      loads.clock.advance(LEASE_MS + 1);
    }
    expect(await loads.load({ reason: 'backfill', fingerprint: 'of them' })).toMatchObject({
      outcome: 'failed',
    });
    expect(await runSent()).toContainEqual(expect.objectContaining({ outcome: 'succeeded', rows: SUM }));
  });

  // Of a version that is begun and planned already.
  it.each(
    [...leavingPoints, ...pieceFaultPoints].filter((point) => !/begun|noted|planned|handed/.test(point)),
  )('keeps what is asked when it is killed at %s', async (killAt) => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    await drop('d', someEvents(6, 8));
    const [asked] = (await planDay(loads, DAY, 'backfill')).tasks;
    expect(await loads.load({ ...asked, killAt })).toBe('killed');
    loads.clock.advance(LEASE_MS + 1);
    // Its message comes again.
    await loads.load({ ...asked, at: { recorded: later } });
    await runSent();
    expect(await loads.read()).toEqual(readEvents(0, 8));
    expect(await loads.entry()).toMatchObject({ state: 'succeeded' });
  });

  it('fails by the first piece with a problem, and publishes nothing', async () => {
    await drop('a', someEvents(0, 2));
    await drop('b', damaged);
    await drop('c', someEvents(2, 4));
    await drop('d', 'SELECT 1 AS something');
    await drop('e', new Uint8Array());
    const failed = await loads.loadInPieces();
    expect(failed).toMatchObject({ outcome: 'failed' });
    const fates = (await loads.entry())?.files.map(({ key, fate }) => [key.split('/').at(-1), fate]);
    expect(fates).toEqual([
      ['a.parquet', 'held'],
      ['b.parquet', 'failed'],
      ['c.parquet', 'held'],
      ['d.parquet', 'held'],
      ['e.parquet', 'held'],
    ]);
    const made = (await loads.keys('statsig/ingested/')).map((key) => key.split('/').at(-1));
    expect(made).toEqual(['rows-00001.parquet']);
    expect(await loads.read()).toBeNull();
    expect(await loads.entry()).not.toHaveProperty('run');
  });

  it('is judged by the refused rows of all pieces', async () => {
    await drop('a', someEvents(0, 2));
    await drop(
      'b',
      `SELECT TIMESTAMP '${DAY} 11:00:00' AS timestamp, NULL AS event_name, 'u' AS unit_id FROM range(3)`,
    );
    const failure = { code: 'SLUICE_LOAD_ROWS_REFUSED' };
    expect(await loads.loadInPieces()).toMatchObject({ outcome: 'failed', failure });
    expect(await quarantined()).toHaveLength(1);
    await drop('a', someEvents(0, 3));
    expect(await loads.loadInPieces({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
  });

  it('fails by the names of the files of a piece that is killed each time', async () => {
    await dropThree();
    for (const killAt of ['recorded', 'mapped'] as const) {
      expect(await loads.load({ killAt })).toBe('killed');
      loads.clock.advance(LEASE_MS + 1);
    }
    const outcome = await loads.load();
    expect(outcome).toMatchObject({ outcome: 'failed', failure: { code: 'SLUICE_LOAD_KILLED' } });
    const entry = await loads.entry();
    expect(entry?.failure?.message).toContain('b.parquet');
    const failed = entry?.files.filter(({ fate }) => fate === 'failed').map(({ key }) => key);
    expect(failed).toEqual([`events/${DAY}/b.parquet`]);
  });

  it('goes on with each piece whose process was killed once, and fails by its files if it is killed again', async () => {
    await dropThree();
    const { engine } = loads.makeLoader();
    const left = new Map([
      ['b', 1],
      ['c', 1],
    ]);
    const load: typeof engine.load = async (request) => {
      const [name = ''] = request.files.map((file) => file.name.slice(-9, -8));
      const kills = left.get(name) ?? 0;
      left.set(name, kills - 1);
      if (kills > 0) throw new EngineError('SLUICE_ENGINE_KILLED', 'SIGKILL.');
      return engine.load(request);
    };
    const loader = { engine: { ...engine, load } };
    for (const done of [1, 2]) {
      expect(await loads.load({ loader })).toMatchObject({ outcome: 'handed_back' });
      expect(await loads.entry()).toMatchObject({ state: 'waiting', run: { done, pieces: 3 } });
    }
    expect(await loads.load({ loader })).toMatchObject({ outcome: 'succeeded', rows: SUM });
    left.set('b', 2);
    expect(await loads.load({ reason: 'backfill', loader })).toMatchObject({ outcome: 'handed_back' });
    const failure = { code: 'SLUICE_ENGINE_KILLED', message: expect.stringContaining('b.parquet') };
    expect(await loads.load({ reason: 'backfill', loader })).toMatchObject({ outcome: 'failed', failure });
    const failed = (await loads.entry())?.files.filter(({ fate }) => fate === 'failed');
    expect(failed).toMatchObject([{ key: `events/${DAY}/b.parquet` }]);
  });

  it('is planned anew if a file of its version is gone before it is published', async () => {
    await dropThree();
    let pieces = 0;
    const recorded = async () => {
      pieces += 1;
      if (pieces !== 3) return;
      const [key = ''] = await loads.keys('statsig/ingested/');
      await loads.forget(key);
    };
    expect(await loads.load({ at: { recorded } })).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await loads.read()).toEqual(readEvents(0, 6));
  });

  it('does not bring rows back that an erasure took out of a piece that is made', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    const [key = ''] = await loads.keys('statsig/ingested/');
    await loads.put(key, await parquetOf(`SELECT 'u001' AS user_id, 'seen' AS event_name`));
    expect(await loads.loadInPieces({ ...loads.sent()[0] })).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(1, 6));
  });

  it('that failed before is not taken for loaded when it is planned anew', async () => {
    await drop('a', damaged);
    expect(await loads.load()).toMatchObject({ outcome: 'failed' });
    await dropThree();
    const { fingerprint = '' } = (await planDay(loads, DAY)).tasks[0] ?? {};
    await loads.load({ reason: 'retried', fingerprint, at: { recorded: later } });
    const [task] = loads.sent();
    expect(await loads.entry()).toHaveProperty('failure');
    const sources = loads.config.sources.map((source) => ({
      ...source,
      datasets: source.datasets.map((dataset) => ({ ...dataset, refusedShare: 0.9 })),
    }));
    const loader = { config: { ...loads.config, sources } };
    expect(await loads.loadInPieces({ ...task, loader })).toMatchObject({ outcome: 'succeeded', rows: SUM });
  });

  it('is gone on with by the task that planned it anew, also after a kill', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    const [task] = loads.sent();
    await drop('b', someEvents(10, 12));
    expect(await loads.load({ ...task, killAt: 'recorded' })).toBe('killed');
    loads.clock.advance(LEASE_MS + 1);
    expect(await loads.load(task)).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await loads.load(task)).toEqual({ outcome: 'unchanged' });
  });

  it('is made by one of two tasks that were sent for the same piece', async () => {
    await dropThree();
    await loads.load({ at: { recorded: later } });
    const [task] = loads.sent();
    expect(await loads.load({ ...task, at: { recorded: later } })).toMatchObject({
      outcome: 'piece',
      done: 2,
    });
    expect(await loads.load({ ...task, at: { recorded: later } })).toEqual({ outcome: 'unchanged' });
    const sent = loads.sent();
    expect(sent).toHaveLength(1);
    expect(await loads.load(sent[0])).toMatchObject({ outcome: 'succeeded', rows: SUM });
  });

  it('keeps the day for its message if the task of the next piece can’t be sent', async () => {
    await dropThree();
    const tasks = { send: () => Promise.reject(new Error('no queue')) };
    expect(await loads.load({ loader: { tasks }, at: { recorded: later } })).toMatchObject({
      outcome: 'handed_back',
    });
    expect(await loads.loadInPieces()).toMatchObject({ outcome: 'succeeded', rows: SUM });
  });

  it.each(['killed', 'handed_back'])(
    'goes on when a later hand-over is %s before its task is sent',
    async (how) => {
      await dropThree();
      await loads.load({ at: { recorded: later } });
      const [task] = loads.sent();
      const tasks = { send: () => Promise.reject(new Error('no queue')) };
      const broken: LoadOptions = how === 'killed' ? { killAt: 'handed_over' } : { loader: { tasks } };
      const second = await loads.load({ ...task, ...broken, at: { recorded: later } });
      expect(second === 'killed' ? second : second.outcome).toBe(how);
      expect(loads.sent()).toEqual([]);
      // Its own message comes again, after the visibility timeout of the queue.
      loads.clock.advance(90 * 60_000);
      expect(await loads.load(task)).toEqual({ outcome: 'unchanged' });
      const [again] = loads.sent();
      expect(again?.piece?.done).toBe(2);
      expect(await loads.loadInPieces({ ...again })).toMatchObject({ outcome: 'succeeded', rows: SUM });
      expect(await loads.load(task)).toEqual({ outcome: 'unchanged' });
      expect(loads.sent()).toEqual([]);
    },
  );

  it('hands over before a file that is larger than the time holds', async () => {
    await drop('a', someEvents(0, 2));
    await drop('b', someEvents(2, 4_000));
    const recorded = async () => loads.clock.advance(100_000);
    const run = { deadline: loads.clock.now() + 400_000 };
    expect(await loads.load({ run, at: { recorded } })).toEqual({ outcome: 'piece', done: 1, pieces: 2 });
    expect(await loads.load({ ...loads.sent()[0] })).toMatchObject({ outcome: 'succeeded' });
  });

  it('takes an acceptance for the files that it was said of, also after a deployment', async () => {
    await dropThree();
    await loads.loadInPieces();
    const accepted = (await planDay(loads, DAY)).tasks[0]?.fingerprint ?? 'as planned';
    for (const name of ['a', 'b', 'c']) await drop(name, someEvents(0, 0));
    // The folder is another than when a person accepted it.
    expect(
      await loads.load({ reason: 'empty', fingerprint: accepted, at: { recorded: later } }),
    ).toMatchObject({ outcome: 'piece' });
    const [task] = loads.sent();
    const sources = loads.config.sources.map((source) => ({
      ...source,
      datasets: source.datasets.map((dataset) => ({ ...dataset, refusedShare: 0.9 })),
    }));
    const loader = { config: { ...loads.config, sources } };
    expect(await loads.loadInPieces({ ...task, loader })).toMatchObject({ outcome: 'inputs_missing' });
    expect(await loads.read()).toEqual(readEvents(0, 6));
  });

  it('is swept by no sweep while it lasts, however long', async () => {
    await dropThree();
    const slow = async () => loads.clock.advance(13 * HOUR_MS);
    let last = await loads.load({ at: { recorded: slow }, run: { leaseUntil: Number.MAX_SAFE_INTEGER } });
    for (let [task] = loads.sent(); task !== undefined; [task] = loads.sent()) {
      await loads.sweep();
      last = await loads.load({ ...task, at: { recorded: slow } });
    }
    expect(last).toMatchObject({ outcome: 'succeeded', rows: SUM });
    expect(await loads.read()).toEqual(readEvents(0, 6));
    expect(await loads.keys(VERSION_NOTES)).toHaveLength(1);
    await loads.sweep();
    expect(await loads.keys(VERSION_NOTES)).toEqual([]);
    expect(await loads.keys('ledger/_loads/')).toEqual([]);
    expect(await loads.read()).toEqual(readEvents(0, 6));
  });

  it('keeps its rows, or lets them go, when none of the pieces has any', async () => {
    await dropThree();
    await loads.loadInPieces();
    for (const name of ['a', 'b', 'c']) await drop(name, someEvents(0, 0));
    expect(await loads.loadInPieces({ reason: 'changed' })).toMatchObject({
      outcome: 'inputs_missing',
      rows: SUM,
    });
    const { fingerprint = '' } = (await loads.entry()) ?? {};
    const empty = { reason: 'empty', fingerprint: fingerprint ?? '' } as const;
    expect(await loads.loadInPieces(empty)).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await loads.read()).toEqual([]);
  });

  it('has the rows, refused rows, counts and fates of one piece, whatever its cut', async () => {
    const good = fc.record({ rows: fc.integer({ min: 0, max: 4 }), refused: fc.integer({ min: 0, max: 2 }) });
    const file = fc.oneof(
      { weight: 9, arbitrary: good },
      { weight: 1, arbitrary: fc.constant('damaged' as const) },
    );
    const days = fc.array(file, { minLength: 1, maxLength: 6 });
    let day = DAY;
    await fc.assert(
      fc.asyncProperty(days, fc.integer({ min: 1, max: 3_000 }), async (files, bytes) => {
        day = addDays(day, 1);
        const put = (i: number, rows: string | Uint8Array) => loads.drop(`file-${i}.parquet`, rows, day);
        let from = 0;
        for (const [i, path] of files.entries()) {
          if (path === 'damaged') await put(i, damaged);
          else {
            const refused = `SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u' FROM range(${path.refused})`;
            await put(i, `${someEvents(from, from + path.rows)} UNION ALL ${refused}`);
            from += path.rows;
          }
        }
        const loaded = async (mostBytes: number) => {
          loads.cutAt(mostBytes);
          const outcome = await loads.loadInPieces({ day, reason: 'backfill' });
          const { state, rows, fingerprint, failure, files: fates } = (await loads.entry(day)) ?? {};
          const { code } = failure ?? {};
          const isFailed = state === 'failed';
          // A day fails by its first piece with a problem.
          const named = fates?.map(({ key, fate, reason, rows: counts, refusedBy }) =>
            isFailed ? key : { key, fate, reason, counts, refusedBy },
          );
          const read = (await loads.read(day))?.toSorted();
          return {
            outcome: outcome === 'killed' ? outcome : outcome.outcome,
            state,
            rows,
            fingerprint,
            code,
            named,
            read,
          };
        };
        const whole = await loaded(2 ** 28);
        expect(await loaded(bytes)).toEqual(whole);
      }),
      { seed: 72, numRuns: 6 },
    );
  });
});
