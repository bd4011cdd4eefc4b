import { z } from 'zod';
import { LAST_INSTANT_MS, LONGEST_ADVANCE_MS } from '../base/clock.ts';
import { ControlError } from '../base/errors.ts';
import type { MovableClock } from '../base/MovableClock.ts';
import { parseBody } from './parseBody.ts';

/** The answer to `GET` and `POST …/clock`. */
export interface ClockReport {
  /** The local cloud's time, ISO 8601. */
  readonly now: string;
  /** How far it is ahead of the machine's, milliseconds; negative when it is behind. */
  readonly offsetMs: number;
}

const instant = z.union([
  z.int().min(0).max(LAST_INSTANT_MS),
  z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .pipe(z.int().min(0).max(LAST_INSTANT_MS)),
]);

const moveSchema = z.union([
  z.strictObject({ now: instant }),
  z.strictObject({ advanceMs: z.int().min(1).max(LONGEST_ADVANCE_MS) }),
  z.strictObject({ real: z.literal(true) }),
]);

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
  if ('now' in move) await clock.set(move.now);
  else if ('advanceMs' in move) await advance(clock, move.advanceMs);
  else await clock.setReal();
  return readClock(clock);
}

async function advance(clock: MovableClock, ms: number): Promise<void> {
  if (clock.now() + ms > LAST_INSTANT_MS) {
    const end = new Date(LAST_INSTANT_MS).toISOString();
    throw new ControlError('CONTROL_BODY', `advanceMs: ${ms} is beyond ${end}, where time ends here.`);
  }
  await clock.advance(ms);
}
