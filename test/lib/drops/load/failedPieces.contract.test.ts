import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { EngineError } from '../../../../lib/parquet/EngineError.ts';
import { DayInPieces, damaged, SUM } from './DayInPieces.ts';
import { DAY, ends, type LoadOptions, type Loads } from './startLoads.ts';

let pieces: DayInPieces;
let loads: Loads;
beforeEach(async () => {
  pieces = await DayInPieces.start();
  ({ loads } = pieces);
});
afterEach(() => loads.close());

const B = `events/${DAY}/b.parquet`;
const failedKeys = async () =>
  (await loads.entry())?.files.flatMap(({ key, fate }) => (fate === 'failed' ? [key] : []));
const tasks = { send: () => Promise.reject(new Error('no queue')) };

describe('a day in pieces of which one fails', () => {
  it('fails by the first piece with a problem, and publishes nothing', async () => {
    await loads.dropEvents('a', 0, 2);
    await pieces.drop('b', damaged);
    await loads.dropEvents('c', 2, 4);
    await pieces.drop('d', 'SELECT 1 AS something');
    await pieces.drop('e', new Uint8Array());
    await ends(loads.loadInPieces(), 'failed');
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

  it.each([
    { keeps: true, failed: [B] },
    { keeps: false, failed: [] },
  ])(
    'fails if a piece is killed each time, by the names of its files if its plan is there: $keeps',
    async ({ keeps, failed }) => {
      await pieces.dropThree();
      for (const killAt of ['recorded', 'mapped'] as const) await loads.kill({ killAt });
      const [plan = ''] = (await loads.keys()).filter((key) => key.endsWith('plan.json'));
      if (!keeps) await loads.forget(plan);
      await ends(loads.load(), 'failed', { failure: { code: 'SLUICE_LOAD_KILLED' } });
      expect((await loads.entry())?.failure?.message.includes('b.parquet')).toBe(keeps);
      expect(await failedKeys()).toEqual(failed);
    },
  );

  it('goes on with each piece whose process was killed once, and fails by its files if it is killed again', async () => {
    await pieces.dropThree();
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
      await ends(loads.load({ loader }), 'handed_back');
      await loads.expectEntry({ state: 'waiting', run: { done, pieces: 3 } });
    }
    await ends(loads.load({ loader }), 'succeeded', { rows: SUM });
    left.set('b', 2);
    await ends(loads.load({ reason: 'backfill', loader }), 'handed_back');
    const failure = { code: 'SLUICE_ENGINE_KILLED', message: expect.stringContaining('b.parquet') };
    await ends(loads.load({ reason: 'backfill', loader }), 'failed', { failure });
    expect(await failedKeys()).toEqual([B]);
  });

  it('is tried again after a kill if it failed before and pieces of it are made', async () => {
    const task = await pieces.begin({ reason: 'retried' });
    await loads.kill({ ...task, killAt: 'mapped' });
    await ends(loads.load(task), 'succeeded', { rows: SUM });
  });

  it('is made by one of two tasks that were sent for the same piece', async () => {
    const task = await pieces.begin();
    await ends(pieces.loadPiece(task), 'piece', { done: 2 });
    await ends(pieces.loadPiece(task), 'unchanged');
    // While the next piece is made, its task is not sent again.
    const mapped = async () => {
      loads.clock.advance(11 * MINUTE_MS);
      await ends(loads.load(task), 'unchanged');
    };
    const run = { deadline: Number.MAX_SAFE_INTEGER };
    await ends(loads.load({ ...loads.sentTask(), run, at: { mapped } }), 'succeeded', { rows: SUM });
    expect(loads.sent()).toEqual([]);
  });

  it('keeps the day for its message if the task of the next piece can’t be sent', async () => {
    await pieces.dropThree();
    await ends(loads.load({ loader: { tasks }, at: { recorded: pieces.later } }), 'handed_back');
    await ends(loads.loadInPieces(), 'succeeded', { rows: SUM });
  });

  it.each(['killed', 'handed_back'])(
    'goes on when a later hand-over is %s before its task is sent',
    async (how) => {
      const task = await pieces.begin();
      const broken: LoadOptions = how === 'killed' ? { killAt: 'handed_over' } : { loader: { tasks } };
      const second = await pieces.loadPiece({ ...task, ...broken });
      expect(second === 'killed' ? second : second.outcome).toBe(how);
      expect(loads.sent()).toEqual([]);
      // Its own message comes again, after the visibility timeout of the queue.
      loads.clock.advance(90 * MINUTE_MS);
      await ends(loads.load(task), 'unchanged');
      const again = loads.sentTask();
      expect(again.piece?.done).toBe(2);
      await ends(loads.loadInPieces(again), 'succeeded', { rows: SUM });
      await ends(loads.load(task), 'unchanged');
      expect(loads.sent()).toEqual([]);
    },
  );
});
