import { HOUR_MS } from '../base/time.ts';
import { CLOCK_TOLERANCE_MS } from '../wire/limits.ts';

/**
 * From so many milliseconds on a clock is off by hours: a clock with a wrong time zone is ahead by an hour, less the
 * time of the request's way.
 */
export const CLOCK_OFF_MS = HOUR_MS - CLOCK_TOLERANCE_MS;

/** The fields of a log line that decide whether it is written. */
export interface AnsweredRequest {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Refused events by code, and what was noted of stored ones. */
  readonly refused: Readonly<Record<string, number>>;
  /** What was noted of stored events, by what it is: `clock_ahead`. */
  readonly noted: Readonly<Record<string, number>>;
  /** How far the sender's clock was behind, in milliseconds; null when it is not stated. */
  readonly clock_skew_ms: number | null;
  /** Why the stream does not have its record, `held_back` or `held_back: SlowDown`; null if it has. */
  readonly not_streamed: string | null;
  /** Outcome of its copy for relay; null if nothing is relayed. */
  readonly relay: string | null;
}

/** Whether a request needs attention, so that its line is in the log however few successful ones are. */
export function isAlwaysLogged(request: AnsweredRequest): boolean {
  const { status, refused, noted, not_streamed, relay } = request;
  return (
    status >= 400 ||
    Object.keys(refused).length > 0 ||
    ['before_2000', 'clock_ahead', 'not_a_number'].some((name) => (noted[name] ?? 0) > 0) ||
    isClockOff(request) ||
    isHeldUp(not_streamed) ||
    relay === 'not_kept'
  );
}

/** Whether the sender's clock is off by an hour or more. */
export function isClockOff({ clock_skew_ms }: Pick<AnsweredRequest, 'clock_skew_ms'>): boolean {
  return Math.abs(clock_skew_ms ?? 0) >= CLOCK_OFF_MS;
}

/** Whether the stream did not take a record that it should have taken. */
export function isHeldUp(notStreamed: string | null): boolean {
  return /^(?:held_back|not_acknowledged)\b/.test(notStreamed ?? '');
}
