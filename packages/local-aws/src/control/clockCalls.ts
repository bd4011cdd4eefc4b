import { z } from 'zod';
import { LAST_INSTANT_MS, LONGEST_ADVANCE_MS } from '../base/clock.ts';
import type { MovableClock } from '../base/MovableClock.ts';
import { parseBody } from './parseBody.ts';

/** The answer to `GET` and `POST …/clock`. */
interface ClockReport {
  /** The local cloud's time, ISO 8601. */
  readonly now: string;
  /** How far it is ahead of the machine's, milliseconds; negative when it is behind. */
  readonly offsetMs: number;
}

/** An instant, epoch milliseconds. */
const epochMs = z.int().min(0).max(LAST_INSTANT_MS);

/** The body of a move: one of its members. */
const moveSchema = z
  .strictObject({
    /** The instant that the clock jumps to: epoch milliseconds, or ISO 8601 with an offset. */
    now: z.union([epochMs, z.iso.datetime({ offset: true }).transform(Date.parse).pipe(epochMs)]).optional(),
    /** How far the clock goes on, milliseconds. What falls due on the way is started at its own time. */
    advanceMs: z.int().min(1).max(LONGEST_ADVANCE_MS).optional(),
    /** Sets the clock back to the machine's. */
    real: z.literal(true).optional(),
  })
  .refine((move) => Object.keys(move).length === 1, 'Exactly one of now, advanceMs and real is needed.');

/** Returns the time of the local cloud. */
export function readClock(clock: MovableClock): ClockReport {
  return { now: new Date(clock.now()).toISOString(), offsetMs: clock.offsetMs };
}

/**
 * Moves the clock; resolves when everything that fell due has been started, and what schedules invoked has ended.
 *
 * @throws ControlError CONTROL_BODY
 */
export async function moveClock(clock: MovableClock, body: unknown): Promise<ClockReport> {
  const move = parseBody(moveSchema, body);
  if (move.now !== undefined) await clock.set(move.now);
  else if (move.advanceMs !== undefined) await clock.advance(move.advanceMs);
  else await clock.setReal();
  return readClock(clock);
}
