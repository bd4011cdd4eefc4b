import { defineErrorFamily, type SluiceError } from '../base/errors.ts';

/** Why one event is refused. Quarantine keeps it under the code; the rest of its batch still lands. */
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
    cause: "The event's time is not a valid time.",
    cure: 'Send epoch milliseconds or a text that docs/send.md lists, such as 2026-11-20T10:15:30Z, in the years 1 to 9999.',
  },
  SLUICE_EVENT_TIME_MICROSECONDS: {
    cause: "The event's time counts microseconds since 1970, where milliseconds are expected.",
    cure: 'Divide it by 1,000, or send a text that docs/send.md lists, such as 2026-11-20T10:15:30Z.',
  },
  SLUICE_EVENT_TIME_NANOSECONDS: {
    cause: "The event's time counts nanoseconds since 1970, where milliseconds are expected.",
    cure: 'Divide it by 1,000,000, or send a text that docs/send.md lists, such as 2026-11-20T10:15:30Z.',
  },
  SLUICE_EVENT_BAD_USER: {
    cause: "The event's user is not an object.",
    cure: 'Send the user as an object, e.g. {"userID": "…"}.',
  },
  SLUICE_EVENT_BAD_EXPOSURE: {
    cause: 'The exposure does not name a gate or a config.',
    cure: 'Send metadata with a gate or a config name.',
  },
  SLUICE_EVENT_KIND_NOT_ALLOWED: {
    cause: 'The key is not allowed to send events of this kind.',
    cure: 'Allow the kind: `sluice keys set LABEL --kinds exposures,events`. Of a key of the configuration, add it to `kinds` there and deploy.',
  },
  SLUICE_EVENT_TOO_DEEP: {
    cause: 'The event is nested too deeply.',
    cure: 'Flatten its metadata and user.',
  },
  SLUICE_EVENT_MANY_REFUSED: {
    cause:
      'Too many events of one batch were refused to keep each in a row of its own: this row holds all of them.',
    cure: 'The detail counts them by reason. Follow the cure of each reason.',
  },
  SLUICE_EVENT_TOO_LARGE: {
    cause: 'The event is larger than a Firehose record.',
    cure: 'Send less data with the event. A row can have at most 1,000 KiB.',
  },
});

/** Why one event is refused, by its code. */
export type EventCode = keyof typeof EventError.entries;

/** Errors by code and detail: each is made once. */
const known = new Map<string, SluiceError<EventCode>>();

/**
 * The error to throw for a refused event. Each code and detail has one shared error: a body may have 100,000 bad
 * events, and 100,000 stack traces would cost more than the rest of the request.
 *
 * @param detail One of a few texts. A text that differs for each event needs an error of its own.
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
