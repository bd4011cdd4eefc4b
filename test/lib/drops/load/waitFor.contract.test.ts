import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, ends, type Loads, startLoads } from './startLoads.ts';

/** The content of a marker. */
const none = new Uint8Array();

let loads: Loads;
beforeEach(async () => {
  loads = await startLoads({ waitFor: 'READY.txt' }, [], 10);
});
afterEach(() => loads.close());

const later = () => loads.clock.advance(60 * MINUTE_MS);
/** The decision on a day that waits: it is looked at again after a quarter of an hour. */
const waits = () => ({
  decision: { wait: 'marker', until: loads.clock.now() + 15 * MINUTE_MS },
  tasks: [],
});
/** Plans the day an hour later, and loads it if it is queued; null if it is not. */
async function run(asked?: 'triggered' | 'backfill') {
  later();
  const [task] = (await planDay(loads, DAY, asked)).tasks;
  return task === undefined ? null : loads.load(task);
}

describe('a day of a dataset that waits for a marker', () => {
  /** A day with a file, whose marker is only below its folder. */
  async function startWithoutMarker(): Promise<void> {
    await loads.dropEvents('a', 0, 2);
    await loads.drop('hour=01/READY.txt', none);
    await loads.drop('_SUCCESS', none);
    later();
    expect(await planDay(loads, DAY)).toEqual(waits());
  }

  it('waits while the marker is in a folder below its own, which is noted', async () => {
    await startWithoutMarker();
    await loads.expectEntry({
      state: 'waiting',
      queued: { reason: `waiting for READY.txt but ${DAY}/hour=01/READY.txt` },
    });
  });

  it('is noted once, if it is planned twice', async () => {
    await startWithoutMarker();
    const { token } = (await loads.entry()) ?? {};
    later();
    expect(await planDay(loads, DAY)).toEqual(waits());
    expect((await loads.entry())?.token).toBe(token);
  });

  it('is loaded once the marker is in its folder, of which no row is made', async () => {
    await startWithoutMarker();
    await loads.drop('READY.txt', Buffer.from('done'));
    await ends(run(), 'succeeded');
    await loads.expectEvents(0, 2);
    const fates = (await loads.entry())?.files.map(({ fate, reason }) => reason ?? fate);
    expect(fates).toEqual(['loaded', 'success_marker', 'success_marker', 'success_marker']);
  });

  it('keeps its rows while it is rewritten, until the marker is back', async () => {
    await loads.dropEvents('a', 0, 2);
    await loads.drop('READY.txt', none);
    await run();
    for (const name of ['READY.txt', 'a.parquet']) await loads.remove(name);
    expect(await run()).toBeNull();
    await loads.dropEvents('b', 0, 1);
    expect(await run()).toBeNull();
    await loads.expectEvents(0, 2);
    await loads.drop('READY.txt', none);
    await ends(run(), 'succeeded');
    await loads.expectEvents(0, 1);
  });

  it('waits again when the marker is deleted between plan and load, without a failure', async () => {
    await loads.dropEvents('a', 0, 2);
    await loads.drop('READY.txt', none);
    later();
    const task = await plannedTask(loads, DAY);
    await loads.remove('READY.txt');
    const until = loads.clock.now() + 15 * MINUTE_MS;
    await ends(loads.load(task), 'settling', { until, again: true });
    await loads.expectEntry({
      state: 'waiting',
      attempts: 0,
      queued: { reason: 'waiting for READY.txt' },
    });
    await loads.drop('READY.txt', none);
    await ends(run(), 'succeeded');
  });

  it.each(['triggered', 'backfill'] as const)('does not wait when it is %s', async (asked) => {
    await loads.dropEvents('a', 0, 2);
    await ends(run(asked), 'succeeded');
  });
});
