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
  /** Whether these are all second copies of accepted records, which rows tell apart: no request was answered 503. */
  readonly areCopies: boolean;
  /** Whether Firehose may have delivered records of it twice, which were then finished twice. */
  readonly isRepeated: boolean;
  /** Events that the night before has missed: objects that were copied back since are finished again. Null: the hour was not short. */
  readonly missingBefore: number | null;
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

/**
 * Whether so many of all are too many to judge by the others: more than five and a hundredth. Fewer are usual, as Lambda and the
 * collector count requests in minutes of their own, and calls of Firehose fail now and then.
 */
export function isUnsure(some: number, all: number): boolean {
  return some > Math.max(5, 0.01 * all);
}

/**
 * Judges one table in one hour of receipt: by the counts, and where they differ by rows.
 *
 * `missing` is what neither shows, so never more than is lost: an object is finished once, unless it was delivered or copied back again,
 * and rows with the same ID and time within one file are of equal requests. Beyond, all may be lost that something else may stand for:
 * `unproved`. Rows of equal requests in two files are no other than those of a writer that was killed: if a line of the writer's log is
 * lost besides, as many may be told as missing.
 *
 * @param isOver Whether an hour that is open stays unknown.
 */
export function judgeHour(facts: HourFacts, isOver: boolean): HourJudgement {
  const { accepted, finished, notDelivered, isRepeated, missingBefore, requests, rows } = facts;
  const isExact = !isRepeated && missingBefore === null;
  const isAgreed = accepted === 0 || (finished >= accepted && isExact);
  const { invoked, counted: known, inHour } = requests ?? { invoked: 0, counted: 0, inHour: 0 };
  const uncounted = Math.max(0, invoked - known);
  const events = rows === null ? finished : rows.found + rows.givenUp;
  const { doubles = 0, equal = 0, taken = 0 } = rows ?? {};
  const told = isRepeated ? events + doubles : Math.max(events + equal, isExact ? finished : 0);
  const gone = Math.min(missingBefore ?? accepted, Math.max(0, accepted - told - taken));
  const whyOpen = () => {
    if (facts.waitsFor !== null) return facts.waitsFor;
    if (requests === null) return 'CloudWatch has no values of that hour';
    if (isUnsure(uncounted, invoked))
      return `${counted(uncounted, 'request')} of ${invoked} were not counted`;
    if (isAgreed) return null;
    if (rows === null) return NOT_LOOKED;
    return gone > 0 ? rows.unread : null;
  };
  const why = whyOpen();
  const missing = why === null ? gone : 0;
  /** The most that can be lost if so many are there, of which so many may stand for others. */
  const most = (there: number, others: number) =>
    Math.max(0, accepted - there) + Math.max(there - accepted, others);
  const byCounts = most(finished, notDelivered);
  const byRows = rows && most(events, (facts.areCopies ? 0 : notDelivered) + rows.restored);
  const lost = isAgreed ? Math.min(byCounts, byRows ?? byCounts) : (byRows ?? byCounts);
  const mean = inHour === 0 ? 1 : accepted / inHour;
  const settled = missing > 0 ? 'short' : 'whole';
  const open = isOver ? 'unknown' : 'open';
  return {
    state: why === null ? settled : open,
    why,
    missing,
    unproved: lost - missing + Math.ceil(uncounted * mean),
  };
}
