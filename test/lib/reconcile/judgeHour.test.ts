import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type HourFacts, type HourRows, judgeHour, NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';

const requests = { invoked: 1_000, counted: 1_000, inHour: 1_000 };
const usual: HourFacts = {
  accepted: 3_000,
  finished: 3_000,
  notDelivered: 0,
  isRepeated: false,
  requests,
  waitsFor: null,
  rows: null,
};
const seen: HourRows = { found: 3_000, doubles: 0, givenUp: 0, taken: 0, restored: 0, unread: null };

const judged = (more: Partial<HourFacts>, isOver = false) => {
  const { state, missing, unproved } = judgeHour({ ...usual, ...more }, isOver);
  return [state, missing, unproved];
};
const looked = (finished: number, rows: Partial<HourRows>) =>
  judged({ finished, rows: { ...seen, ...rows } });
const quiet: Partial<HourFacts> = {
  accepted: 0,
  finished: 0,
  requests: { invoked: 0, counted: 0, inHour: 0 },
};

describe('an hour is whole', () => {
  it('with nothing unproved if as many events were finished as were accepted', () => {
    expect(judged({})).toEqual(['whole', 0, 0]);
  });

  it('in a night without requests', () => expect(judged(quiet)).toEqual(['whole', 0, 0]));

  it('with the events that more were finished, or may have been, as unproved', () => {
    // As many may be lost as landed of those: nobody sees it.
    for (const finished of [3_040, 3_000])
      expect(judged({ finished, notDelivered: 40 })).toEqual(['whole', 0, 40]);
    expect(judged({ finished: 3_007 })).toEqual(['whole', 0, 7]);
  });

  it('with the events of uncounted requests at the mean: a log line of the collector is lost', () => {
    const lost = { requests: { ...requests, counted: 999, inHour: 999 } };
    expect(judged({ accepted: 2_997, ...lost })).toEqual(['whole', 0, 6]);
    // Of a table without events none.
    expect(judged({ ...quiet, ...lost })).toEqual(['whole', 0, 0]);
    expect(judged({ ...quiet, requests: { invoked: 2, counted: 0, inHour: 0 } })).toEqual(['whole', 0, 2]);
    expect(judged({ requests: { ...requests, counted: 1_001 } })).toEqual(['whole', 0, 0]);
  });

  it('if the rows clear it: a log line of the writer is lost, rows were given up, erased or redriven', () => {
    expect(looked(2_500, {})).toEqual(['whole', 0, 0]);
    expect(looked(2_500, { found: 2_990, givenUp: 10 })).toEqual(['whole', 0, 0]);
    expect(looked(2_500, { found: 2_900, taken: 100 })).toEqual(['whole', 0, 100]);
    expect(looked(2_500, { found: 3_012, unread: 'no matter' })).toEqual(['whole', 0, 12]);
    // Rows that were refused may stand in place of others.
    expect(looked(2_500, { restored: 20 })).toEqual(['whole', 0, 20]);
  });

  it('and never with 0 if 500 were lost and another 500 were written twice', () => {
    expect(looked(2_500, { found: 2_500, doubles: 500 })).toEqual(['whole', 0, 500]);
    expect(looked(2_990, { found: 2_500, doubles: 500 })).toEqual(['whole', 0, 500]);
    // Firehose delivered an object of 500 twice, which counts as many as were lost.
    const repeated = { isRepeated: true, rows: { ...seen, found: 2_500, doubles: 500 } };
    expect(judged(repeated)).toEqual(['whole', 0, 500]);
    expect(judged({ ...repeated, rows: { ...seen, doubles: 500 } })).toEqual(['whole', 0, 0]);
    expect(judged({ isRepeated: true })).toEqual(['open', 0, 0]);
    expect(judged({ ...quiet, isRepeated: true })).toEqual(['whole', 0, 0]);
  });
});

describe('an hour is short', () => {
  it('by the rows that are nowhere: an object was deleted unwritten', () => {
    expect(looked(2_500, { found: 2_500 })).toEqual(['short', 500, 0]);
    expect(looked(2_500, { found: 2_500, doubles: 20, taken: 30 })).toEqual(['short', 450, 50]);
    // The writer's line of others is lost, too, and one of the collector.
    const more = { finished: 2_400, notDelivered: 7, requests: { ...requests, counted: 999 } };
    expect(judged({ ...more, rows: { ...seen, found: 2_500 } })).toEqual(['short', 500, 10]);
  });
});

describe('an hour is open, and unknown once it is over,', () => {
  const both = (facts: Partial<HourFacts>) => [false, true].map((isOver) => judged(facts, isOver)[0]);

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
    const stateOf = ([invoked, counted]: readonly [number, number]) =>
      both({ requests: { invoked, counted, inHour: counted } });
    const pairs = [
      [100, 95],
      [1_000, 990],
      [100, 94],
      [1_000, 989],
    ] as const;
    expect(pairs.flatMap(stateOf)).toEqual([...Array(4).fill('whole'), 'open', 'unknown', 'open', 'unknown']);
  });

  it('if fewer were finished, and no rows were looked at, or an erasure is not known that may have taken them', () => {
    const open = { state: 'open', missing: 0, unproved: 500 };
    expect(judgeHour({ ...usual, finished: 2_500 }, false)).toEqual({ ...open, why: NOT_LOOKED });
    const rows = { ...seen, found: 2_500, unread: 'e.json' };
    expect(judgeHour({ ...usual, finished: 2_400, rows }, false)).toEqual({ ...open, why: 'e.json' });
  });
});

it('no more is ever missing unseen than is unproved', () => {
  const count = fc.nat(9);
  const law = (
    finished: number,
    lost: number,
    landed: number,
    restored: number,
    erased: number,
    doubles: number,
    isRepeated: boolean,
  ) => {
    const found = 30 - lost - erased + landed + restored;
    const rows = { ...seen, found, doubles, taken: erased, restored };
    const facts = { ...usual, accepted: 30, notDelivered: landed, isRepeated, rows };
    // Each is written once, if Firehose repeats nothing.
    const written = isRepeated ? 21 + finished : 30 - lost + landed;
    const { missing, unproved } = judgeHour({ ...facts, finished: written }, false);
    expect(missing + unproved).toBeGreaterThanOrEqual(lost);
  };
  fc.assert(fc.property(count, count, count, count, count, count, fc.boolean(), law));
});
