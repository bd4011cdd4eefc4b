import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../../../../lib/parquet/EngineError.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { DAY, type LoadOptions, someEvents } from './startLoads.ts';

let pieces: DayInPieces;
beforeEach(async () => {
  pieces = await DayInPieces.start();
});
afterEach(() => pieces.loads.close());

describe('a day in pieces of which one fails', () => {
  it('fails by the first piece with a problem, and publishes nothing', async () => {
    await pieces.drop('a', someEvents(0, 2));
    await pieces.drop('b', damaged);
    await pieces.drop('c', someEvents(2, 4));
    await pieces.drop('d', 'SELECT 1 AS something');
    await pieces.drop('e', new Uint8Array());
    const failed = await pieces.loads.loadInPieces();
    expect(failed).toMatchObject({ outcome: 'failed' });
    const fates = (await pieces.loads.entry())?.files.map(({ key, fate }) => [key.split('/').at(-1), fate]);
    expect(fates).toEqual([
      ['a.parquet', 'held'],
      ['b.parquet', 'failed'],
      ['c.parquet', 'held'],
      ['d.parquet', 'held'],
      ['e.parquet', 'held'],
    ]);
    const made = (await pieces.loads.keys('statsig/ingested/')).map((key) => key.split('/').at(-1));
    expect(made).toEqual(['rows-00001.parquet']);
    expect(await pieces.loads.read()).toBeNull();
    expect(await pieces.loads.entry()).not.toHaveProperty('run');
  });

  it.each([
    { keeps: true, failed: [`events/${DAY}/b.parquet`] },
    { keeps: false, failed: [] },
  ])(
    'fails if a piece is killed each time, by the names of its files if its plan is there: $keeps',
    async ({ keeps, failed }) => {
      await pieces.dropThree();
      for (const killAt of ['recorded', 'mapped'] as const) {
        expect(await pieces.loads.load({ killAt })).toBe('killed');
        pieces.loads.clock.advance(LEASE_MS + 1);
      }
      const [plan = ''] = (await pieces.loads.keys()).filter((key) => key.endsWith('plan.json'));
      if (!keeps) await pieces.loads.forget(plan);
      const outcome = await pieces.loads.load();
      expect(outcome).toMatchObject({ outcome: 'failed', failure: { code: 'SLUICE_LOAD_KILLED' } });
      const { failure, files = [] } = (await pieces.loads.entry()) ?? {};
      expect(failure?.message.includes('b.parquet')).toBe(keeps);
      expect(files.filter(({ fate }) => fate === 'failed').map(({ key }) => key)).toEqual(failed);
    },
  );

  it('goes on with each piece whose process was killed once, and fails by its files if it is killed again', async () => {
    await pieces.dropThree();
    const { engine } = pieces.loads.makeLoader();
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
      expect(await pieces.loads.load({ loader })).toMatchObject({ outcome: 'handed_back' });
      expect(await pieces.loads.entry()).toMatchObject({ state: 'waiting', run: { done, pieces: 3 } });
    }
    expect(await pieces.loads.load({ loader })).toMatchObject({ outcome: 'succeeded', rows: SUM });
    left.set('b', 2);
    expect(await pieces.loads.load({ reason: 'backfill', loader })).toMatchObject({ outcome: 'handed_back' });
    const failure = { code: 'SLUICE_ENGINE_KILLED', message: expect.stringContaining('b.parquet') };
    expect(await pieces.loads.load({ reason: 'backfill', loader })).toMatchObject({
      outcome: 'failed',
      failure,
    });
    const failed = (await pieces.loads.entry())?.files.filter(({ fate }) => fate === 'failed');
    expect(failed).toMatchObject([{ key: `events/${DAY}/b.parquet` }]);
  });

  it('is tried again after a kill if it failed before and pieces of it are made', async () => {
    await pieces.dropThree();
    await pieces.loadPiece({ reason: 'retried' });
    const task = pieces.loads.sentTask();
    expect(await pieces.loads.load({ ...task, killAt: 'mapped' })).toBe('killed');
    pieces.loads.clock.advance(LEASE_MS + 1);
    expect(await pieces.loads.load(task)).toMatchObject({ outcome: 'succeeded', rows: SUM });
  });

  it('is made by one of two tasks that were sent for the same piece', async () => {
    await pieces.dropThree();
    await pieces.loadPiece();
    const task = pieces.loads.sentTask();
    expect(await pieces.loadPiece(task)).toMatchObject({
      outcome: 'piece',
      done: 2,
    });
    expect(await pieces.loadPiece(task)).toEqual({ outcome: 'unchanged' });
    // While the next piece is made, its task is not sent again.
    const mapped = async () => {
      pieces.loads.clock.advance(11 * 60_000);
      expect(await pieces.loads.load(task)).toEqual({ outcome: 'unchanged' });
    };
    const run = { deadline: Number.MAX_SAFE_INTEGER };
    expect(await pieces.loads.load({ ...pieces.loads.sentTask(), run, at: { mapped } })).toMatchObject({
      outcome: 'succeeded',
      rows: SUM,
    });
    expect(pieces.loads.sent()).toEqual([]);
  });

  it('keeps the day for its message if the task of the next piece can’t be sent', async () => {
    await pieces.dropThree();
    const tasks = { send: () => Promise.reject(new Error('no queue')) };
    expect(await pieces.loads.load({ loader: { tasks }, at: { recorded: pieces.later } })).toMatchObject({
      outcome: 'handed_back',
    });
    expect(await pieces.loads.loadInPieces()).toMatchObject({ outcome: 'succeeded', rows: SUM });
  });

  it.each(['killed', 'handed_back'])(
    'goes on when a later hand-over is %s before its task is sent',
    async (how) => {
      await pieces.dropThree();
      await pieces.loadPiece();
      const task = pieces.loads.sentTask();
      const tasks = { send: () => Promise.reject(new Error('no queue')) };
      const broken: LoadOptions = how === 'killed' ? { killAt: 'handed_over' } : { loader: { tasks } };
      const second = await pieces.loadPiece({ ...task, ...broken });
      expect(second === 'killed' ? second : second.outcome).toBe(how);
      expect(pieces.loads.sent()).toEqual([]);
      // Its own message comes again, after the visibility timeout of the queue.
      pieces.loads.clock.advance(90 * 60_000);
      expect(await pieces.loads.load(task)).toEqual({ outcome: 'unchanged' });
      const again = pieces.loads.sentTask();
      expect(again.piece?.done).toBe(2);
      expect(await pieces.loads.loadInPieces(again)).toMatchObject({
        outcome: 'succeeded',
        rows: SUM,
      });
      expect(await pieces.loads.load(task)).toEqual({ outcome: 'unchanged' });
      expect(pieces.loads.sent()).toEqual([]);
    },
  );
});
