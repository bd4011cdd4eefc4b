import type { ErrorEntry } from '../errors/SluiceError.ts';
import { EventError } from '../wire/EventError.ts';
import { RequestError } from '../wire/RequestError.ts';
import { FirehoseFailure } from './FirehoseFailure.ts';

// Of a request that is refused for these, nothing is kept: its body was not read, or there is none.
const {
  SLUICE_METHOD_NOT_ALLOWED: _method,
  SLUICE_PATH_RESERVED: _path,
  SLUICE_KEY_MISSING: _noKey,
  SLUICE_KEY_UNKNOWN: _otherKey,
  SLUICE_KEY_NOT_FOR_EVENTS: _otherUse,
  SLUICE_BODY_EMPTY: _nothing,
  ...bodyReasons
} = RequestError.entries;

/**
 * Every `reason` of what was sent to us and is in quarantine, with its meaning and cure: bodies that can't be read, events
 * that can't be taken, rows that Firehose could not deliver. Rows of customers' files have reasons of their own, `rowReasons`
 * in lib/drops/engine. docs/quarantine.md lists both; a test holds them together.
 */
export const quarantineReasons = {
  ...bodyReasons,
  ...EventError.entries,
  ...FirehoseFailure.entries,
} satisfies Record<string, ErrorEntry>;

/** A stable code that quarantine rows may have. */
export type QuarantineReason = keyof typeof quarantineReasons;

/** Whether what was refused under a code is kept. */
export function isQuarantineReason(code: string): code is QuarantineReason {
  return Object.hasOwn(quarantineReasons, code);
}
