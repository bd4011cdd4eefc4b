import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadFaultPoints, pieceFaultPoints } from '../../../../lib/drops/load/Loader.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { DayInPieces, SUM } from './DayInPieces.ts';
import { planDay } from './planDay.ts';
import { DAY, type Loads, readEvents, someEvents } from './startLoads.ts';

/** Steps that leave something: a kill at another one leaves what the step before did. */
const leavingPoints = loadFaultPoints.filter((point) => !/listed|fetched|mapped/.test(point));

let loads: Loads;
afterEach(() => loads.close());
const afterLease = () => loads.clock.advance(LEASE_MS + 1);

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
      expect(await loads.loadInPieces({ killAt })).toBe('killed');
      afterLease();
      const sent = loads.sent();
      await loads.loadInPieces({ reason: 'new' });
      for (const task of sent) await loads.loadInPieces(task);
      expect(await loads.read()).toEqual(readEvents(0, 6));
      expect(await loads.entry()).toMatchObject({ state: 'succeeded', rows: SUM });
      expect(await loads.keys('quarantine/')).toHaveLength(2);
      // What was begun and not published goes, and so do the pieces.
      loads.clock.advance(97 * 3_600_000);
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

  // Of a version that is begun and planned already.
  it.each(
    [...leavingPoints, ...pieceFaultPoints].filter((point) => !/begun|noted|planned|handed/.test(point)),
  )('keeps what is asked when it is killed at %s', async (killAt) => {
    await pieces.loadPiece();
    await pieces.drop('d', someEvents(6, 8));
    const [asked] = (await planDay(loads, DAY, 'backfill')).tasks;
    expect(await loads.load({ ...asked, killAt })).toBe('killed');
    afterLease();
    // Its message comes again.
    await pieces.loadPiece(asked);
    await pieces.runSent();
    expect(await loads.read()).toEqual(readEvents(0, 8));
    expect(await loads.entry()).toMatchObject({ state: 'succeeded' });
  });
});
