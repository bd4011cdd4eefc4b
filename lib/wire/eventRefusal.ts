import type { SluiceError } from '../errors/SluiceError.ts';
import { EventError } from './EventError.ts';

/** Why one event is refused, by its code. */
export type EventCode = keyof typeof EventError.entries;

const known = new Map<string, SluiceError<EventCode>>();

/**
 * The error to throw for a refused event: one for each code and detail, whoever asks. A body may have 100,000 bad
 * events, and an error with a stack of its own for each would cost more than all the rest of the request.
 *
 * @param detail One of few: what is different for each event belongs into an error of its own.
 */
export function eventRefusal(code: EventCode, detail = ''): SluiceError<EventCode> {
  const key = `${code} ${detail}`;
  let refusal = known.get(key);
  if (refusal === undefined) {
    refusal = new EventError(code, detail);
    known.set(key, refusal);
  }
  return refusal;
}
