import { defineErrorFamily, type SluiceError } from '../base/errors.ts';

/** Why one event is refused. It is kept in quarantine under the code; the rest of its batch still lands. */
export const EventError = defineErrorFamily('user', {
  SLUICE_EVENT_NOT_AN_OBJECT: {
    cause: 'The event is not a JSON object.',
    cure: 'Send each event as an object with an eventName.',
  },
  SLUICE_EVENT_NO_NAME: {
    cause: 'The event has no name.',
    cure: 'Give it an eventName: text of at least one character.',
  },
  SLUICE_EVENT_BAD_TIME: {
    cause: "The event's time is no time.",
    cure: 'Send epoch milliseconds or an ISO 8601 date and time, in the years 1 to 9999.',
  },
  SLUICE_EVENT_BAD_USER: {
    cause: "The event's user is not an object.",
    cure: 'Send the user as an object, e.g. {"userID": "…"}.',
  },
  SLUICE_EVENT_BAD_EXPOSURE: {
    cause: 'The exposure does not say of what.',
    cure: 'Send metadata with a gate or a config name.',
  },
  SLUICE_EVENT_KIND_NOT_ALLOWED: {
    cause: 'The key may not send events of this kind.',
    cure: "Send them with another key, or add the kind to the key's `kinds`.",
  },
  SLUICE_EVENT_TOO_DEEP: {
    cause: 'The event is nested too deeply.',
    cure: 'Flatten its metadata and user.',
  },
  SLUICE_EVENT_MANY_REFUSED: {
    cause: 'More events of one batch were refused than are kept one by one: here they are together.',
    cure: 'The detail counts them by reason: do what is said there.',
  },
  SLUICE_EVENT_TOO_LARGE: {
    cause: 'The event is larger than a Firehose record.',
    cure: 'Send less with it: at most 1,000 KiB as a row.',
  },
});

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
