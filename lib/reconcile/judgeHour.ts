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
  /** The most rows of it that were refused, and may be in this table since. */
  readonly restored: number;
  /** Why it is not known how many were taken; null: it is. */
  readonly unread: string | null;
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
 * More events than were accepted may hide as many that are missing, and so may events that may have landed besides, and those of
 * requests that were not counted; doubles and erased rows may be the missing ones.
 *
 * @param isOver Whether an hour that is open stays unknown.
 */
export function judgeHour(facts: HourFacts, isOver: boolean): HourJudgement {
  const { accepted, finished, notDelivered, requests } = facts;
  const isAgreed = accepted === 0 || (finished >= accepted && !facts.isRepeated);
  const rows = isAgreed ? null : facts.rows;
  const events = rows === null ? finished : rows.found + rows.givenUp;
  const gone = rows === null ? 0 : Math.max(0, accepted - events - rows.doubles - rows.taken);
  const { invoked, counted: known, inHour } = requests ?? { invoked: 0, counted: 0, inHour: 0 };
  const uncounted = Math.max(0, invoked - known);
  const whyOpen = () => {
    if (facts.waitsFor !== null) return facts.waitsFor;
    if (requests === null) return 'CloudWatch has no values of that hour';
    if (uncounted > Math.max(UNCOUNTED, UNCOUNTED_SHARE * invoked))
      return `${counted(uncounted, 'request')} of ${invoked} were not counted`;
    if (isAgreed) return null;
    if (rows === null) return NOT_LOOKED;
    return gone > 0 ? rows.unread : null;
  };
  const why = whyOpen();
  const open = isOver ? 'unknown' : 'open';
  const missing = why === null ? gone : 0;
  const settled = missing > 0 ? 'short' : 'whole';
  const surplus = Math.max(events - accepted, notDelivered + (rows?.restored ?? 0));
  const mean = inHour === 0 ? 1 : accepted / inHour;
  return {
    state: why === null ? settled : open,
    why,
    missing,
    unproved: Math.max(0, accepted - events - missing) + surplus + Math.ceil(uncounted * mean),
  };
}
