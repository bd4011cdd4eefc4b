import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { loadFaultPoints, pieceFaultPoints } from '../../../../lib/drops/load/Loader.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { DayInPieces, SUM } from './DayInPieces.ts';
import { firstRows, LoadedDay } from './LoadedDay.ts';
import { plannedTask } from './planDay.ts';
import { DAY, ends, type Loads } from './startLoads.ts';

/** Steps that leave something: a kill at another one leaves what the step before did. */
const leavingPoints = loadFaultPoints.filter((point) => !/listed|fetched|mapped/.test(point));
/** Those of a day without files. */
const emptyingPoints = leavingPoints.filter((point) => !/quarantined|begun|uploaded/.test(point));

let loads: Loads;
afterEach(() => loads.close());

describe('a loaded day', () => {
  let day: LoadedDay;
  beforeEach(async () => {
    day = await LoadedDay.start();
    ({ loads } = day);
  });

  it.each(loadFaultPoints)('is read as before once its files are, killed at %s meanwhile', async (killAt) => {
    await loads.dropEvents('a', 0, 2, 'second');
    await loads.kill({ killAt, reason: 'changed' });
    await loads.dropEvents('a', 0, 2);
    const isMoved = loadFaultPoints.indexOf(killAt) >= loadFaultPoints.indexOf('moved');
    const outcome = isMoved ? 'succeeded' : 'unchanged';
    await ends(loads.load({ reason: 'changed' }), outcome);
    await day.afterNights({ rows: firstRows, state: 'succeeded' });
    const { version = '' } = (await loads.entry()) ?? {};
    const keys = await loads.keys('statsig/ingested/');
    expect(keys).not.toEqual([]);
    for (const key of keys) expect(key).toContain(`/${DAY}/${version}/`);
  });

  it.each(emptyingPoints)('is read as before when its deletion was killed at %s', async (killAt) => {
    await day.remove('a', 'b');
    const task = await plannedTask(loads, DAY, 'empty');
    await loads.kill({ ...task, killAt });
    await loads.dropEvents('a', 0, 2);
    await loads.dropEvents('b', 2, 5);
    await loads.load({ reason: 'changed' });
    await day.afterNights({ rows: firstRows, state: 'succeeded' });
  });

  it.each(emptyingPoints)('is empty in the end when an accepted load was killed at %s', async (killAt) => {
    await day.remove('a', 'b');
    const task = await plannedTask(loads, DAY, 'empty');
    await loads.kill({ ...task, killAt });
    await loads.load(task);
    await day.afterNights({ rows: [], state: 'succeeded_no_data' });
  });

  it.each(leavingPoints)('keeps what queries read after other loads were killed at %s', async (point) => {
    await loads.dropEvents('a', 0, 9, 'anew');
    await day.remove('b');
    const anew = await plannedTask(loads, DAY);
    await loads.kill({ ...anew, killAt: point });
    const read = await loads.read();
    await day.remove('a');
    // Its message comes again.
    for (const killAt of ['claimed', 'listed', 'settled'] as const) {
      await loads.kill({ reason: 'deleted', killAt });
    }
    await day.afterNights({ rows: read, state: 'inputs_missing' });
    const [file = '', ...others] = await loads.keys('statsig/ingested/');
    expect(others).toEqual([]);
    expect(await loads.lacks()).toBe(false);
    await loads.forget(file);
    expect(await loads.lacks()).toBe(true);
    await ends(day.run('empty'), 'succeeded_no_data');
    await day.afterNights({ rows: [] });
    expect(await loads.lacks()).toBe(false);
  });
});

describe('a day in pieces', () => {
  let pieces: DayInPieces;
  beforeEach(async () => {
    pieces = await DayInPieces.start();
    ({ loads } = pieces);
    await pieces.dropThree();
  });

  it.each([...leavingPoints.filter((point) => !/noted|settled/.test(point)), ...pieceFaultPoints])(
    'has its rows once after it was killed at %s',
    async (killAt) => {
      await ends(loads.loadInPieces({ killAt }), 'killed');
      loads.clock.advance(LEASE_MS + 1);
      const sent = loads.sent();
      await loads.loadInPieces({ reason: 'new' });
      for (const task of sent) await loads.loadInPieces(task);
      await loads.expectEvents(0, 6);
      await loads.expectEntry({ state: 'succeeded', rows: SUM });
      expect(await loads.keys('quarantine/')).toHaveLength(2);
      // What was begun and not published goes, and so do the pieces.
      loads.clock.advance(97 * HOUR_MS);
      await loads.sweep();
      const version = (await loads.entry())?.version ?? '';
      const left = await loads.keys('statsig/ingested/');
      expect(left.filter((key) => !key.includes(version))).toEqual([]);
      expect(await loads.keys('ledger/_loads/')).toEqual([]);
      await loads.expectEvents(0, 6);
      expect(left).toHaveLength(3);
      expect(await loads.lacks()).toBe(false);
      await loads.forget(left[1] ?? '');
      expect(await loads.lacks()).toBe(true);
    },
  );

  // Of a version that is begun and planned already.
  it.each(
    [...leavingPoints, ...pieceFaultPoints].filter((point) => !/begun|noted|planned|handed/.test(point)),
  )('keeps what is asked when it is killed at %s', async (killAt) => {
    await pieces.loadPiece();
    await loads.dropEvents('d', 6, 8);
    const asked = await plannedTask(loads, DAY, 'backfill');
    await loads.kill({ ...asked, killAt });
    // Its message comes again.
    await pieces.loadPiece(asked);
    await pieces.runSent();
    await loads.expectEvents(0, 8);
    await loads.expectEntry({ state: 'succeeded' });
  });
});
