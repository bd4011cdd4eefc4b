import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import type { IngestTask } from '../../../../lib/drops/plan/messageBodies.ts';
import { NO_FILES } from '../../../../lib/ledger/LedgerEntry.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, ends, type Loads, readEvents, startLoads } from './startLoads.ts';

const SETTLE_MS = 10 * MINUTE_MS;

describe('a day that changes between its plan and its load', () => {
  let loads: Loads;
  /** Planned for `a` and `b`, which are loaded, and `late`. */
  let task: IngestTask;
  const planned = () => plannedTask(loads, DAY);
  const remove = async (...names: string[]) => {
    for (const name of names) await loads.remove(`${name}.parquet`);
  };
  const settles = (again = true) => ({ outcome: 'settling', until: loads.clock.now() + SETTLE_MS, again });
  const before = readEvents(0, 4);

  beforeEach(async () => {
    loads = await startLoads({}, [], SETTLE_MS / MINUTE_MS);
    await loads.dropEvents('a', 0, 2);
    await loads.dropEvents('b', 2, 4);
    loads.clock.advance(HOUR_MS);
    await loads.load(await planned());
    await loads.dropEvents('late', 4, 5);
    loads.clock.advance(HOUR_MS);
    task = await planned();
    expect(await loads.read()).toEqual(before);
  });
  afterEach(() => loads.close());

  it('keeps its rows while its folder is empty, and then loads the rewritten ones', async () => {
    await remove('a', 'b', 'late');
    expect(await loads.load(task)).toEqual(settles());
    expect(await loads.read()).toEqual(before);
    await loads.expectEntry({
      state: 'waiting',
      attempts: 0,
      queued: { fingerprint: NO_FILES, reason: 'settling', at: loads.clock.now() },
      files: [{ fate: 'loaded' }, { fate: 'loaded' }],
    });
    expect((await loads.entry())?.lease).toBeUndefined();
    expect((await loads.entry())?.failure).toBeUndefined();

    await loads.dropEvents('a', 0, 9, 'anew');
    expect(await loads.load(task)).toEqual(settles());
    loads.clock.advance(SETTLE_MS - 1);
    await ends(loads.load(task), 'settling', { until: loads.clock.now() + 1 });
    expect(await loads.read()).toEqual(before);
    loads.clock.advance(1);
    await ends(loads.load(task), 'succeeded');
    await loads.expectEvents(0, 9, 'anew');
  });

  it('keeps its rows while one half is written anew after the other', async () => {
    await remove('b', 'late');
    expect(await loads.load(task)).toEqual(settles());
    loads.clock.advance(1_000);
    await loads.dropEvents('a', 0, 2, 'anew');
    expect(await loads.load(task)).toEqual(settles());
    loads.clock.advance(1_000);
    await loads.dropEvents('b', 2, 4, 'anew');
    expect(await loads.load(task)).toEqual(settles());
    expect(await loads.read()).toEqual(before);
    loads.clock.advance(SETTLE_MS);
    await ends(loads.load(task), 'succeeded', { files: 2 });
    await loads.expectEvents(0, 4, 'anew');
  });

  it('keeps its rows while files are deleted during the read', async () => {
    const listed = () => remove('a', 'b');
    expect(await loads.load({ ...task, at: { listed } })).toEqual(settles());
    expect(await loads.read()).toEqual(before);
    loads.clock.advance(SETTLE_MS);
    await ends(loads.load(task), 'succeeded', { files: 1 });
    await loads.expectEvents(4, 5);
  });

  it('is found by the plan when its task is no longer retried', async () => {
    await remove('a', 'b', 'late');
    expect(await loads.load({ ...task, run: { isLastAttempt: true } })).toEqual(settles(false));
    expect(await planDay(loads, DAY)).toEqual({
      decision: { wait: 'settling', until: loads.clock.now() + SETTLE_MS },
      tasks: [],
    });
    loads.clock.advance(SETTLE_MS);
    expect(await planDay(loads, DAY)).toMatchObject({ decision: { queue: 'deleted' } });
  });

  it('is lost, and not left to settle, if another takes it meanwhile', async () => {
    await remove('b');
    const listed = async () => {
      await loads.takenByAnother();
      await remove('late');
    };
    await ends(loads.load({ ...task, at: { listed } }), 'lost');
  });

  it('is loaded immediately when the plan has seen it settled, or it was already settled', async () => {
    await remove('b');
    await planDay(loads, DAY);
    loads.clock.advance(SETTLE_MS);
    const newer = await planned();
    expect(newer.fingerprint).not.toBe(task.fingerprint);
    await ends(loads.load(task), 'succeeded', { files: 2 });
    await ends(loads.load(newer), 'unchanged');
    expect(await loads.read()).toEqual([...readEvents(0, 2), ...readEvents(4, 5)]);

    await loads.dropEvents('later', 5, 6);
    loads.clock.advance(SETTLE_MS);
    await ends(loads.load(task), 'succeeded', { files: 3 });
  });

  it.each(['triggered', 'backfill'] as const)('is loaded immediately when it was %s', async (asked) => {
    await remove('a', 'b');
    const askedTask = await plannedTask(loads, DAY, asked);
    await remove('late');
    await ends(loads.load(askedTask), 'inputs_missing');
    expect(await loads.read()).toEqual(before);
  });

  it('counts no attempt while it settles, also if it settles more often than a load has tries', async () => {
    await remove('b', 'late');
    for (const _ of [1, 2, 3]) expect(await loads.load({ ...task, run: { tries: 2 } })).toEqual(settles());
    expect((await loads.entry())?.attempts).toBe(0);
    loads.clock.advance(SETTLE_MS);
    await ends(loads.load({ ...task, run: { tries: 2 } }), 'succeeded');
  });
});
