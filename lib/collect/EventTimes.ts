import type { Counts } from '../base/Counts.ts';
import type { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { flattenRope } from '../base/strings.ts';
import { isoDay, isoTimestamp, type UtcDay } from '../base/time.ts';
import { eventRefusal } from '../wire/EventError.ts';
import { clockCorrection, readTime } from '../wire/eventTime.ts';
import type { RowPlan } from './RowPlan.ts';

/** The parts of a document that come from the event's time. */
export interface EventTime {
  /** The document from the value of the first time to the value of the last. */
  readonly times: string;
  /** The document's end: the day that determines its folder. */
  readonly ds: string;
  /** The time as part of the event's identity. */
  readonly identity: string;
}

/** Reads the times of one batch's events, by its sender's clock. */
export class EventTimes {
  readonly #plan: RowPlan;
  readonly #json: CanonicalJsonWriter;
  readonly #receivedAt: number;
  readonly #clockSkewMs: number | null;
  readonly #noted: Counts;

  /**
   * @param receivedAt Epoch milliseconds.
   * @param clockSkewMs How far the sender's clock was behind the collector's; null when it is not stated.
   * @param noted Counts times that are missing, corrected, or outside the configured window.
   */
  constructor(
    plan: RowPlan,
    json: CanonicalJsonWriter,
    receivedAt: number,
    clockSkewMs: number | null,
    noted: Counts,
  ) {
    this.#plan = plan;
    this.#json = json;
    this.#receivedAt = receivedAt;
    this.#clockSkewMs = clockSkewMs;
    this.#noted = noted;
  }

  /** @throws EventError `SLUICE_EVENT_BAD_TIME`. */
  read(time: unknown): EventTime {
    const receivedAt = this.#receivedAt;
    if (time === null) {
      this.#noted.add('time_missing');
      // The time received is also part of the identity: two purchases that an HTTP client without a clock reports must
      // not become one. The cost is that a resend counts twice.
      return {
        times: isoTimestamp(receivedAt),
        ds: dsMember(isoDay(receivedAt)),
        identity: `received:${receivedAt}`,
      };
    }
    const sent = readTime(time);
    if (sent === null) throw eventRefusal('SLUICE_EVENT_BAD_TIME');
    const correction = clockCorrection(sent, this.#clockSkewMs, receivedAt);
    const timestamp = sent + (correction ?? 0);
    if (correction !== 0) this.#noted.add(correction === null ? 'clock_ignored' : 'clock_corrected');
    const sentText = isoTimestamp(sent);
    let times = timestamp === sent ? sentText : isoTimestamp(timestamp);
    // Both tables have the two columns next to each other.
    times += this.#plan.runs.exposures.clientTimestamp;
    times += sentText;
    // The same text as in the columns: formatting the number would take ten times as long.
    const identity = sent === time ? sentText : this.#json.write(time);
    const { pastMs, futureMs } = this.#plan;
    if (timestamp >= receivedAt - pastMs && timestamp <= receivedAt + futureMs) {
      return { times, ds: dsMember(isoDay(timestamp)), identity };
    }
    this.#noted.add('outside_time_window');
    return { times, ds: dsMember(isoDay(receivedAt)), identity };
  }
}

let lastDay: UtcDay = '';
let lastMember = '';

/** The same for most documents of a batch. */
function dsMember(day: UtcDay): string {
  if (day !== lastDay) {
    lastDay = day;
    lastMember = flattenRope(`,"ds":"${day}"}`);
  }
  return lastMember;
}
