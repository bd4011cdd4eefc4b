import { DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import { isAlwaysLogged, isClockOff } from '../../../../lib/collect/isAlwaysLogged.ts';
import type { Deployment } from '../../../deployment.ts';
import type { LiveRequest } from '../liveEntries.ts';
import { bySender, loggedShare, MOST_LINES, readLoggedRequests, type SentGroup } from './loggedRequests.ts';

/** So many lines of the part of requests that is logged, and more, stand for all requests. */
const FEWEST_SAMPLED = 5;

/** Events of a sender from before `timeWindow`. */
export interface LateGroup extends SentGroup {
  /** Whether their requests state the clock of the sender, which was right to the hour: then the events are old. */
  readonly isClockStated: boolean;
}

/** What the collector noted of stored events within 24 hours, as far as its log has it. */
export interface NotedEvents {
  /** Events by what was noted, of the requests that are logged. */
  readonly counts: Readonly<Record<string, number>>;
  /** Events with a time before the year 2000: every such request is logged. The most events first. */
  readonly before2000: readonly SentGroup[];
  /** Events by a clock that is off by 55 minutes or more, as of a wrong time zone, whose times are corrected. Senders whose clock is behind come first. */
  readonly corrected: readonly SentGroup[];
  /** Events by such a clock, whose times are as they were sent, in the same order. */
  readonly uncorrected: readonly SentGroup[];
  /** Events in the future of which no stated clock is the reason. */
  readonly ahead: readonly SentGroup[];
  /**
   * Events with a time before `timeWindow` that no stated clock explains, about: a part of such requests is logged. They lie in the day of
   * their receipt. Those of requests without a clock come first.
   */
  readonly late: readonly LateGroup[];
  /** Whether there are more lines than were read. */
  readonly hasMore: boolean;
}

/**
 * What the collector noted of events' times, clocks and names, from its log: at most 2,000 requests.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readNoted(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'config' | 'isLocal' | 'now'>,
): Promise<NotedEvents> {
  const { now } = deployment;
  const logged = loggedShare(deployment);
  const { requests, hasMore } = await readLoggedRequests(deployment, {
    // The name of the member: other lines do not have it.
    filterPattern: '"noted"',
    times: [
      { startTime: now - HOUR_MS, endTime: now },
      { startTime: now - DAY_MS, endTime: now - HOUR_MS - 1 },
    ],
    ...MOST_LINES,
  });
  const counts: Record<string, number> = {};
  for (const { noted } of requests)
    for (const [what, count] of Object.entries(noted)) counts[what] = (counts[what] ?? 0) + count;
  const off = requests.filter(isClockOff);
  const ways = [1, -1].map((sign) =>
    off.filter(({ clock_skew_ms }) => Math.sign(clock_skew_ms ?? 0) === sign),
  );
  const byClock = (what: string) => ways.flatMap((ofWay) => bySender(ofWay, ({ noted }) => noted[what] ?? 0));
  const isLate = (request: LiveRequest) => {
    const { clock_ahead = 0, before_2000 = 0, outside_time_window = 0 } = request.noted;
    return !isClockOff(request) && clock_ahead + before_2000 === 0 && outside_time_window > 0;
  };
  const sampled = requests.filter((request) => isLate(request) && !isAlwaysLogged(request));
  // A part of which there are few lines tells nothing of the whole.
  const lateShare = logged === 0 || sampled.length < FEWEST_SAMPLED ? 1 : logged;
  return {
    counts,
    before2000: bySender(requests, ({ noted }) => noted['before_2000'] ?? 0),
    corrected: byClock('clock_corrected'),
    uncorrected: byClock('clock_ignored'),
    ahead: bySender(requests, ({ noted }) => noted['clock_ahead'] ?? 0),
    late: [false, true].flatMap((isClockStated) => {
      const groups = bySender(requests, (request) => {
        if (!isLate(request) || (request.clock_skew_ms !== null) !== isClockStated) return 0;
        const { outside_time_window = 0 } = request.noted;
        return Math.round(outside_time_window / (isAlwaysLogged(request) ? 1 : lateShare));
      });
      return groups.map((group) => ({ ...group, isClockStated }));
    }),
    hasMore,
  };
}
