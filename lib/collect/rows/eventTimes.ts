import type { CanonicalJsonWriter } from '../../base/canonicalJson.ts';
import { isoDay, isoTimestamp, type UtcDay } from '../../base/time.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import { clockCorrection, readTime, timeRefusal } from '../../wire/eventTime.ts';
import { CLOCK_OFF_MS } from '../isAlwaysLogged.ts';
import type { CollectPlan } from './plan.ts';
import type { Sender } from './sender.ts';

/**
 * What is noted of an event's time: the sender's clock was wrong and the time was `clock_corrected`, or too wrong for that
 * (`clock_ignored`); `clock_ahead`, it is an hour or more ahead of its receipt; `outside_time_window`, its day is the day
 * of its receipt; `before_2000`; or `time_missing`, it has none.
 */
export type TimeNote =
  | 'clock_corrected'
  | 'clock_ignored'
  | 'clock_ahead'
  | 'outside_time_window'
  | 'before_2000'
  | 'time_missing';

/** The parts of a row that come from the event's time. */
export interface EventTime {
  /** Members of the columns of both times, as JSON text. */
  readonly members: string;
  /** The day that determines its folder. */
  readonly day: UtcDay;
  /** The time as part of the event's identity. */
  readonly identity: string;
  /** What is noted of the time, if the event lands; empty for most events. */
  readonly notes: readonly TimeNote[];
  /** Milliseconds that it is ahead of its receipt, if that is noted as `clock_ahead`; else 0. */
  readonly aheadMs: number;
}

/** No SDK's event is older: such a time comes from a sender that counts seconds, or that has no clock. */
const YEAR_2000_MS = Date.UTC(2000);

/** Reads the times of one batch's events. */
export class EventTimes {
  readonly #json: CanonicalJsonWriter;
  readonly #plan: CollectPlan;
  readonly #sender: Sender;
  readonly #clockSkewMs: number | null;

  /** @param clockSkewMs How far the sender's clock was behind the collector's, in milliseconds; null if it is not stated. */
  constructor(json: CanonicalJsonWriter, plan: CollectPlan, sender: Sender, clockSkewMs: number | null) {
    this.#json = json;
    this.#plan = plan;
    this.#sender = sender;
    this.#clockSkewMs = clockSkewMs;
  }

  /**
   * The time of an event as its row has it, corrected by the sender's clock.
   *
   * @param time As the event states it; null if it states none.
   * @throws EventError `SLUICE_EVENT_BAD_TIME`, `SLUICE_EVENT_TIME_MICROSECONDS`, `SLUICE_EVENT_TIME_NANOSECONDS`.
   */
  of(time: unknown): EventTime {
    if (time === null) return this.#ofReceipt();
    const sent = readTime(time);
    if (sent === null) throw eventRefusal(timeRefusal(time));
    const { receivedAt } = this.#sender;
    const { columns, pastMs, futureMs } = this.#plan;
    const correction = clockCorrection(sent, this.#clockSkewMs, receivedAt);
    const corrected = sent + (correction ?? 0);
    const isAhead = correction === 0 && sent - receivedAt >= CLOCK_OFF_MS;
    const isInWindow = corrected >= receivedAt - pastMs && corrected <= receivedAt + futureMs;
    const notes: TimeNote[] = [];
    if (correction !== 0) notes.push(correction === null ? 'clock_ignored' : 'clock_corrected');
    if (isAhead) notes.push('clock_ahead');
    if (!isInWindow) notes.push('outside_time_window');
    if (corrected < YEAR_2000_MS) notes.push('before_2000');
    const sentText = isoTimestamp(sent);
    const correctedText = corrected === sent ? sentText : isoTimestamp(corrected);
    return {
      members: columns.shared.times({ timestamp: correctedText, client_timestamp: sentText }),
      day: isoDay(isInWindow ? corrected : receivedAt),
      // The same text as in the columns: formatting the number would take ten times as long.
      identity: sent === time ? sentText : this.#json.write(time),
      notes,
      aheadMs: isAhead ? sent - receivedAt : 0,
    };
  }

  /**
   * The time of an event that states none. The request is part of the identity: two purchases that an HTTP client without
   * a clock reports must not become one, even in one millisecond. The cost is that a resend counts twice.
   */
  #ofReceipt(): EventTime {
    const { receivedAt, requestId = null } = this.#sender;
    const { times } = this.#plan.columns.shared;
    return {
      members: times({ timestamp: isoTimestamp(receivedAt), client_timestamp: null }),
      day: isoDay(receivedAt),
      identity: requestId === null ? `received:${receivedAt}` : `request:${requestId}`,
      notes: ['time_missing'],
      aheadMs: 0,
    };
  }
}
