import { counted } from '../base/text.ts';
import type { RowCounts } from './hourlyRows.ts';

/** The states of an hour, as {@link HourState} says, the worst last. */
export const hourStates = ['whole', 'open', 'unknown', 'short'] as const;

/**
 * `whole`: what was accepted and what was finished agree, except for `unproved`. `short`: events are missing. `open`:
 * the hour can't be judged yet. `unknown`: the hour could not be judged for three days.
 */
export type HourState = (typeof hourStates)[number];

/** What is known of one table in one hour of receipt. Counts are of events, unless something else is said. */
export interface HourFacts {
  /** Events that were in Firehose, or in an object of the landing, when the request was answered. */
  readonly accepted: number;
  /** Events in objects of the landing that were written and deleted. */
  readonly finished: number;
  /**
   * Events that may have landed besides: those of requests that were answered 503, and of records that Firehose never
   * acknowledged, or only at the second call.
   */
  readonly notDelivered: number;
  /**
   * Whether all of `notDelivered` are second copies of accepted records, which rows tell apart: then no request was
   * answered 503.
   */
  readonly areCopies: boolean;
  /** Whether Firehose may have delivered records of the hour twice. Their events were then finished twice. */
  readonly isRepeated: boolean;
  /**
   * Events that were missing in the judgement of an earlier night: objects that were copied back since are finished
   * again. Null: the hour was not short.
   */
  readonly missingBefore: number | null;
  /** Null: CloudWatch had no values of that hour, which is not the same as 0. */
  readonly requests: HourRequests | null;
  /** What the hour waits for, in words; null: nothing. */
  readonly waitsFor: string | null;
  /** What a look at rows has found. Null: nobody has looked. */
  readonly rows: HourRows | null;
}

/** Requests of an hour, of all tables. */
export interface HourRequests {
  /** Invocations of the collector that did not fail, in the hour and a minute before and after it. */
  readonly invoked: number;
  /** Requests that the collector counted in the same time. */
  readonly counted: number;
  /** Requests that the collector counted in the hour itself. */
  readonly inHour: number;
}

/** Where the events of an hour are, by a look at rows. */
export interface HourRows extends RowCounts {
  /** Rows of any hour that erasures have deleted since. */
  readonly taken: number;
  /** Rows of the hour that were refused, and may have been landed in this table since: at most so many. */
  readonly restored: number;
  /** Why it is not known how many rows were deleted; null: it is known. */
  readonly unread: string | null;
}

/** Whether an hour agrees. */
export interface HourJudgement {
  /** What is known of the hour. */
  readonly state: HourState;
  /** Why the hour is open or unknown; null for other states. */
  readonly why: string | null;
  /** Events that were accepted and that neither the counts nor the rows of tables show. */
  readonly missing: number;
  /** At most so many events could be missing without being seen. */
  readonly unproved: number;
}

/** Why an hour is open of which the counts say too little. */
export const NOT_LOOKED =
  'fewer events were finished than accepted, or some perhaps twice, and no rows were looked at';

/**
 * Whether a part of all is so large that the rest says too little: more than five, and more than a hundredth. A smaller
 * part is usual, as Lambda and the collector count requests in minutes of their own, and calls of Firehose fail now and
 * then.
 */
export function isUnsure(part: number, all: number): boolean {
  return part > Math.max(5, 0.01 * all);
}

/**
 * Judges one table in one hour of receipt: by the counts, and by rows where the counts differ.
 *
 * `missing` are events that neither counts nor rows show, so never more than are lost: an object is finished once,
 * unless it was delivered or copied back again, and rows with the same ID and time within one file are of equal
 * requests. `unproved` are further events that may all be lost, because something else may have been counted in their
 * place. One case counts too much as missing: a writer that was killed leaves equal rows in two files, as equal
 * requests would. If a line of the writer's log is lost as well, as many events as are in these rows may count as
 * missing.
 *
 * @param isOver Whether the hour is too old to stay open: then it becomes unknown.
 */
export function judgeHour(facts: HourFacts, isOver: boolean): HourJudgement {
  const { accepted, finished, notDelivered, isRepeated, missingBefore, requests, rows } = facts;
  const isExact = !isRepeated && missingBefore === null;
  const isAgreed = accepted === 0 || (finished >= accepted && isExact);
  const { invoked, counted: known, inHour } = requests ?? { invoked: 0, counted: 0, inHour: 0 };
  const uncounted = Math.max(0, invoked - known);
  const events = rows === null ? finished : rows.found + rows.givenUp;
  const { doubles = 0, equal = 0, taken = 0 } = rows ?? {};
  const explained = isRepeated ? events + doubles : Math.max(events + equal, isExact ? finished : 0);
  const gone = Math.min(missingBefore ?? accepted, Math.max(0, accepted - explained - taken));
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
  /** The most events that can be lost if `there` events are there, of which `others` may stand for other events. */
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
