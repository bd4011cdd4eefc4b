import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type HourFacts, type HourRows, judgeHour, NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';

const requests = { invoked: 1_000, counted: 1_000, inHour: 1_000 };
const usual: HourFacts = {
  accepted: 3_000,
  finished: 3_000,
  notDelivered: 0,
  areCopies: false,
  isRepeated: false,
  missingBefore: null,
  requests,
  waitsFor: null,
  rows: null,
};
/** The rows of a usual hour. */
const seen: HourRows = {
  found: 3_000,
  doubles: 0,
  equal: 0,
  givenUp: 0,
  taken: 0,
  restored: 0,
  unread: null,
};

/** Judges an hour of 3,000 events that differs so from a usual one. */
const judged = (more: Partial<HourFacts>, isOver = false) => {
  const { state, missing, unproved } = judgeHour({ ...usual, ...more }, isOver);
  return { state, missing, unproved };
};
/** What becomes of events: all are there but for those that nothing proves. */
const whole = (unproved: number) => ({ state: 'whole', missing: 0, unproved });
const short = (missing: number, unproved: number) => ({ state: 'short', missing, unproved });
const open = { state: 'open', missing: 0, unproved: 0 };
/** The same, once somebody has looked at its rows. @param finished Events that the writer has counted. */
const looked = (finished: number, rows: Partial<HourRows>) =>
  judged({ finished, rows: { ...seen, ...rows } });
/** An hour without a request. */
const quiet: Partial<HourFacts> = {
  accepted: 0,
  finished: 0,
  requests: { invoked: 0, counted: 0, inHour: 0 },
};

describe('an hour is whole', () => {
  it('with nothing unproved if as many events were finished as were accepted', () => {
    expect(judged({})).toEqual(whole(0));
  });

  it('in a night without requests', () => expect(judged(quiet)).toEqual(whole(0)));

  it('with the events that more were finished, or may have been, as unproved', () => {
    // As many may be lost as landed of those: nobody sees it.
    for (const finished of [3_040, 3_000]) expect(judged({ finished, notDelivered: 40 })).toEqual(whole(40));
    expect(judged({ finished: 3_007 })).toEqual(whole(7));
  });

  it('with the events of uncounted requests at the mean: a log line of the collector is lost', () => {
    const lost = { requests: { ...requests, counted: 999, inHour: 999 } };
    expect(judged({ accepted: 2_997, ...lost })).toEqual(whole(6));
    // Of a table without events none.
    expect(judged({ ...quiet, ...lost })).toEqual(whole(0));
    expect(judged({ ...quiet, requests: { invoked: 2, counted: 0, inHour: 0 } })).toEqual(whole(2));
    expect(judged({ requests: { ...requests, counted: 1_001 } })).toEqual(whole(0));
  });

  it('if the rows clear it: a log line of the writer is lost, rows were given up, erased or redriven', () => {
    expect(looked(2_500, {})).toEqual(whole(0));
    expect(looked(2_500, { found: 2_990, givenUp: 10 })).toEqual(whole(0));
    expect(looked(2_500, { found: 2_900, taken: 100 })).toEqual(whole(100));
    expect(looked(2_500, { found: 3_012, unread: 'no matter' })).toEqual(whole(12));
    // Rows that were refused may stand in place of others.
    expect(looked(2_500, { restored: 20 })).toEqual(whole(20));
  });

  it('with what rows prove, once somebody looks: nobody acknowledged 679 records that all are there', () => {
    const unacknowledged = { notDelivered: 679, areCopies: true };
    expect(judged(unacknowledged)).toEqual(whole(679));
    expect(judged({ ...unacknowledged, rows: seen })).toEqual(whole(0));
    // What the counts prove is true all the same: two requests were equal, and are one event.
    expect(judged({ ...unacknowledged, rows: { ...seen, found: 2_990, doubles: 10 } })).toEqual(whole(10));
    expect(judged({ rows: { ...seen, found: 2_990, doubles: 10 } })).toEqual(whole(0));
    // A request that was answered 503 may be among the rows in place of another.
    expect(judged({ ...unacknowledged, areCopies: false, rows: seen })).toEqual(whole(679));
  });

  it('and never with 0 if Firehose delivered an object of 500 twice, which counts as many as were lost', () => {
    const repeated = { isRepeated: true, rows: { ...seen, found: 2_500, doubles: 500 } };
    expect(judged(repeated)).toEqual(whole(500));
    expect(judged({ ...repeated, rows: { ...seen, doubles: 500 } })).toEqual(whole(0));
    expect(judged({ isRepeated: true })).toEqual(open);
    expect(judged({ ...quiet, isRepeated: true })).toEqual(whole(0));
  });
});

describe('an hour is short', () => {
  it('by the rows that are nowhere: an object was deleted unwritten', () => {
    expect(looked(2_500, { found: 2_500 })).toEqual(short(500, 0));
    expect(looked(2_500, { found: 2_500, taken: 30 })).toEqual(short(470, 30));
    // The writer's line of others is lost, too, and one of the collector.
    const more = { finished: 2_400, notDelivered: 7, requests: { ...requests, counted: 999 } };
    expect(judged({ ...more, rows: { ...seen, found: 2_500 } })).toEqual(short(500, 10));
  });

  it('whatever rows are there twice: a writer was killed between file and deletion', () => {
    expect(looked(2_500, { found: 2_500, doubles: 500 })).toEqual(short(500, 0));
    // Of what the counts say is finished, and no row proves, nobody knows.
    expect(looked(2_990, { found: 2_500, doubles: 500 })).toEqual(short(10, 490));
    expect(looked(2_500, { found: 2_500, doubles: 20, taken: 30 })).toEqual(short(470, 30));
  });

  it('by no equal requests within a millisecond, whose rows are in one file, if a line of the writer is lost', () => {
    const equal = { found: 2_700, doubles: 300, equal: 300 };
    expect(looked(2_900, equal)).toEqual(whole(300));
    expect(looked(2_700, { ...equal, found: 2_600 })).toEqual(short(100, 300));
  });

  it('until its rows are there: an object that was copied back is finished again', () => {
    const again = (found: number) =>
      judged({ missingBefore: 500, rows: { ...seen, found, doubles: 3_000 - found } });
    expect(again(2_500)).toEqual(short(500, 0));
    expect(again(2_900)).toEqual(short(100, 0));
    expect(again(3_000)).toEqual(whole(0));
    // A loss does not grow: these are of equal requests.
    expect(again(2_490)).toEqual(short(500, 10));
    expect(judged({ missingBefore: 500 })).toEqual(open);
  });
});

describe('an hour is open, and unknown once it is over,', () => {
  /** The states before and after the nights that it is open for. */
  const both = (facts: Partial<HourFacts>) => [false, true].map((isOver) => judged(facts, isOver).state);

  it('while something waits: a stream that holds for six hours, an object, a damaged one', () => {
    const waitsFor = 'the stream is late';
    expect(both({ finished: 0, waitsFor })).toEqual(['open', 'unknown']);
    expect(judgeHour({ ...usual, waitsFor }, false).why).toBe(waitsFor);
  });

  it('if CloudWatch was silent, also without a request', () => {
    expect(both({ requests: null })).toEqual(['open', 'unknown']);
    expect(both({ ...quiet, requests: null })).toEqual(['open', 'unknown']);
  });

  it('if more than five requests and a hundredth were not counted', () => {
    const counting = (counted: number, invoked: number) =>
      both({ requests: { invoked, counted, inHour: counted } });
    expect(counting(95, 100)).toEqual(['whole', 'whole']);
    expect(counting(990, 1_000)).toEqual(['whole', 'whole']);
    expect(counting(94, 100)).toEqual(['open', 'unknown']);
    expect(counting(989, 1_000)).toEqual(['open', 'unknown']);
  });

  it('if fewer were finished, and no rows were looked at, or an erasure is not known that may have taken them', () => {
    const ofFewer = { ...open, unproved: 500 };
    expect(judgeHour({ ...usual, finished: 2_500 }, false)).toEqual({ ...ofFewer, why: NOT_LOOKED });
    const rows = { ...seen, found: 2_500, unread: 'e.json' };
    expect(judgeHour({ ...usual, finished: 2_400, rows }, false)).toEqual({ ...ofFewer, why: 'e.json' });
  });
});

it('no more is missing than was lost, and no more was lost than is missing or unproved', () => {
  // Most hours have few kinds of faults: one hides what another shows.
  const count = fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, fc.nat(9));
  const hour = fc.record({
    lost: count,
    // Rows of a writer that was killed, of a second delivery, and of equal requests within a millisecond.
    doubles: count,
    repeated: count,
    equal: count,
    inOneFile: fc.boolean(),
    // Besides: of requests answered 503, second copies, and what did not land.
    landed: count,
    copies: count,
    others: count,
    erasedBefore: count,
    erasedAfter: count,
    refused: count,
    redriven: count,
    unlogged: count,
    isAsked: fc.boolean(),
  });
  const accepted = 60;
  fc.assert(
    fc.property(hour, (counts) => {
      const there = accepted - counts.lost - counts.erasedBefore + counts.landed;
      // A line of the writer's is lost. Rows of equal requests in two files are then no other than those that are written twice.
      const unlogged = counts.equal > 0 && !counts.inOneFile ? 0 : counts.unlogged;
      const rows: HourRows = {
        found: there - counts.equal - counts.erasedAfter + Math.min(counts.redriven, counts.refused),
        doubles: counts.doubles + counts.equal + counts.copies + counts.repeated,
        // Firehose may deliver both copies of a record in one object.
        equal: counts.inOneFile ? counts.equal + counts.copies : 0,
        givenUp: 0,
        taken: counts.erasedBefore + counts.erasedAfter,
        restored: counts.refused,
        unread: null,
      };
      const facts: HourFacts = {
        ...usual,
        accepted,
        finished: there + counts.copies + counts.repeated - unlogged,
        notDelivered: counts.landed + counts.copies + counts.others,
        areCopies: counts.landed === 0,
        isRepeated: counts.repeated > 0,
        rows: null,
      };
      const judgedAs = judgeHour(facts, false);
      const { missing, unproved } =
        counts.isAsked || judgedAs.why === NOT_LOOKED ? judgeHour({ ...facts, rows }, false) : judgedAs;
      expect(missing).toBeLessThanOrEqual(counts.lost);
      expect(missing + unproved).toBeGreaterThanOrEqual(counts.lost);
    }),
    { numRuns: 2_000 },
  );
});
