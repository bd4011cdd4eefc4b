import { HOUR_MS } from '../base/time.ts';
import { CLOCK_TOLERANCE_MS } from '../wire/limits.ts';

/**
 * The least milliseconds by which a clock is off that has a wrong time zone: an hour, less what a clock may be off
 * anyway.
 */
export const CLOCK_OFF_MS = HOUR_MS - CLOCK_TOLERANCE_MS;

/** The fields of a log line that decide whether it is written. */
export interface AnsweredRequest {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Counts of refused events by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Counts of what was noted of stored events, by its name, as `clock_ahead`. */
  readonly noted: Readonly<Record<string, number>>;
  /** How far the sender's clock was behind, in milliseconds; negative if it was ahead, null when it is not stated. */
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

/** Whether the sender's clock is off by {@link CLOCK_OFF_MS} or more. */
export function isClockOff({ clock_skew_ms }: Pick<AnsweredRequest, 'clock_skew_ms'>): boolean {
  return Math.abs(clock_skew_ms ?? 0) >= CLOCK_OFF_MS;
}

/** Whether the stream did not take a record that it should have taken. */
export function isHeldUp(notStreamed: string | null): boolean {
  return /^(?:held_back|not_acknowledged)\b/.test(notStreamed ?? '');
}
