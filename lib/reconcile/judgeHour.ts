import { counted } from '../base/text.ts';
import type { RowCounts } from './hourlyRows.ts';

/** The states of an hour, as {@link HourState} says, the worst last. */
export const hourStates = ['whole', 'open', 'unknown', 'short'] as const;

/**
 * `whole`: what was accepted and what was finished agree, but for `unproved`. `short`: events are missing. `open`: it can't be said
 * yet. `unknown`: it could not be said for three days.
 */
export type HourState = (typeof hourStates)[number];

/** What is known of one table in one hour of receipt. Counts are events, where nothing else is said. */
export interface HourFacts {
  /** In Firehose, or in an object of the landing, when the request was answered. */
  readonly accepted: number;
  /** In objects of the landing that were written and deleted. */
  readonly finished: number;
  /** Events that may have landed besides: of requests answered 503, and of records that nobody acknowledged, or only the second time. */
  readonly notDelivered: number;
  /** Whether Firehose may have delivered records of it twice, which were then finished twice. */
  readonly isRepeated: boolean;
  /** Null: CloudWatch had no values in that hour, which is not the same as 0. */
  readonly requests: HourRequests | null;
  /** What the hour waits for, in words; null: nothing. */
  readonly waitsFor: string | null;
  /** Null: nobody has looked. */
  readonly rows: HourRows | null;
}

/** Requests of an hour, of all tables. */
export interface HourRequests {
  /** Invocations of the collector that did not fail, and requests that it counted: in the hour and a minute before and after it. */
  readonly invoked: number;
  readonly counted: number;
  /** Requests that it counted in the hour. */
  readonly inHour: number;
}

/** Where the events of an hour are, by a look at rows. */
export interface HourRows extends RowCounts {
  /** Rows that erasures took since: of any hour. */
  readonly taken: number;
}

/** Whether an hour agrees. */
export interface HourJudgement {
  readonly state: HourState;
  /** Why it is open or unknown; null of others. */
  readonly why: string | null;
  readonly missing: number;
  /** The most that could be missing unseen. */
  readonly unproved: number;
}

/** Why an hour is open of which the counts say too little. */
export const NOT_LOOKED =
  'fewer events were finished than accepted, or some perhaps twice, and no rows were looked at';

/** Requests, or their share, that may be uncounted: Lambda and the collector count in minutes of their own. */
const UNCOUNTED = 5;
const UNCOUNTED_SHARE = 0.01;

/**
 * Judges one table in one hour of receipt: by the counts, and where they differ by rows.
 *
 * @param isOver Whether an hour that is open stays unknown.
 */
export function judgeHour(facts: HourFacts, isOver: boolean): HourJudgement {
  const { accepted, finished, isRepeated, requests, rows } = facts;
  const open = (why: string): HourJudgement => ({
    state: isOver ? 'unknown' : 'open',
    why,
    missing: 0,
    unproved: Math.max(0, accepted - finished),
  });
  if (facts.waitsFor !== null) return open(facts.waitsFor);
  if (requests === null) return open('CloudWatch has no values of that hour');
  const uncounted = Math.max(0, requests.invoked - requests.counted);
  if (uncounted > Math.max(UNCOUNTED, UNCOUNTED_SHARE * requests.invoked))
    return open(`${counted(uncounted, 'request')} of ${requests.invoked} were not counted`);
  if (accepted === 0 || (finished >= accepted && !isRepeated)) return whole(facts, requests, finished);
  if (rows === null) return open(NOT_LOOKED);
  const { found, doubles, givenUp, taken } = rows;
  const known = found + givenUp;
  const missing = accepted - known - doubles - taken;
  if (missing > 0) return { state: 'short', why: null, missing, unproved: doubles + taken };
  return whole(facts, requests, known);
}

/**
 * An hour of which so many events are known. More than were accepted may hide as many that are missing, and so may events that may
 * have landed besides, and those of requests that were not counted; doubles and erased rows may be the missing ones.
 */
function whole(
  { accepted, notDelivered }: HourFacts,
  { invoked, counted: known, inHour }: HourRequests,
  events: number,
): HourJudgement {
  const mean = inHour === 0 ? 1 : accepted / inHour;
  const uncounted = Math.ceil(Math.max(0, invoked - known) * mean);
  const surplus = Math.max(events - accepted, notDelivered);
  return {
    state: 'whole',
    why: null,
    missing: 0,
    unproved: Math.max(0, accepted - events) + surplus + uncounted,
  };
}
