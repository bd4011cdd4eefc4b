import { ExactNumber } from '../base/json.ts';
import { LOCAL_TIME, TIME_REWRITES, ZONED_TIME } from '../base/timeForms.ts';
import { CLOCK_TOLERANCE_MS, MAX_AGE_WHEN_SENT_MS, MAX_TIME_MS, MIN_TIME_MS } from './limits.ts';

/** Matches a text that is a number of milliseconds, as some SDKs send it. */
const NUMBER = /^-?\d+(?:\.\d+)? *$/;
const ISO = [ZONED_TIME, LOCAL_TIME].map((pattern) => new RegExp(`^${pattern}$`));
const REWRITES = TIME_REWRITES.map(([pattern, replacement]) => [new RegExp(pattern), replacement] as const);

/**
 * Reads a time as SDKs and the HTTP API send it, in epoch milliseconds: a number of milliseconds, as a number or a text,
 * or a text of TIME_FORMS, which is UTC if it names no zone. Null when it is not a time, or outside the years 1 to 9999.
 */
export function readTime(value: unknown): number | null {
  if (typeof value === 'number') return inRange(value);
  if (typeof value !== 'string') return null;
  if (NUMBER.test(value)) return inRange(Number(value));
  const text = REWRITES.reduce(
    (all, [pattern, written]) => all.replace(pattern, written),
    value.toUpperCase(),
  );
  const match = ISO.map((pattern) => pattern.exec(text)).find((found) => found !== null);
  if (match === undefined) return null;
  const [, date = '', hours = '', minutes = '', seconds = '', fraction = '', zone = 'Z'] = match;
  const clock = [hours, minutes, seconds].map((part) => part.padStart(2, '0')).join(':');
  // V8 reads a fraction of more than nine digits wrongly if it begins with a zero.
  const millis = fraction.padEnd(3, '0').slice(0, 3);
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const midnight = new Date(`${date}T00:00:00.000Z`);
  // Date reads 30 February as 2 March.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(date)) return null;
  return inRange(Date.parse(`${date}T${clock}.${millis}${offset}`));
}

/**
 * Why a time that {@link readTime} does not read is refused: it is a time of this century in another unit, or none at
 * all.
 */
export function timeRefusal(
  value: unknown,
): 'SLUICE_EVENT_TIME_MICROSECONDS' | 'SLUICE_EVENT_TIME_NANOSECONDS' | 'SLUICE_EVENT_BAD_TIME' {
  // Nanoseconds are more than a double holds.
  const isText = typeof value === 'string' || value instanceof ExactNumber;
  const text = isText && NUMBER.test(String(value)) ? Number(value) : Number.NaN;
  const number = typeof value === 'number' ? value : text;
  const isOfCentury = (time: number) => time >= Date.UTC(2000) && time < Date.UTC(2100);
  if (isOfCentury(number / 1_000)) return 'SLUICE_EVENT_TIME_MICROSECONDS';
  return isOfCentury(number / 1_000_000) ? 'SLUICE_EVENT_TIME_NANOSECONDS' : 'SLUICE_EVENT_BAD_TIME';
}

/** NaN compares as false, so it is out of range too. */
function inRange(time: number): number | null {
  const whole = Math.floor(time);
  return whole >= MIN_TIME_MS && whole <= MAX_TIME_MS ? whole : null;
}

/**
 * Milliseconds to add to an event's time: 0 unless its sender's clock is off by more than 5 minutes. A smaller
 * correction would move the events of a resend by the duration of the network transfer, even to another day.
 *
 * The clock is trusted only if, by that clock, the event was sent after it happened and within 30 days. The corrected
 * time is then at most 30 days before the arrival. Without this check, a clock in seconds or of 0 would move correct
 * times by decades.
 *
 * @param time The event's time by its sender's clock, epoch milliseconds.
 * @param skew From {@link clockSkew}.
 * @param receivedAt Epoch milliseconds.
 * @returns null when the clock is off but not trusted: the time stays as it is.
 */
export function clockCorrection(time: number, skew: number | null, receivedAt: number): number | null {
  const offsetMs = skew ?? 0;
  if (Math.abs(offsetMs) <= CLOCK_TOLERANCE_MS) return 0;
  const age = receivedAt - offsetMs - time;
  return age >= -CLOCK_TOLERANCE_MS && age <= MAX_AGE_WHEN_SENT_MS ? offsetMs : null;
}

/**
 * Milliseconds by which the sender's clock is behind the collector's, including the network time; null when it is not
 * stated.
 *
 * @param stated The sender's clock when it sent the batch, from all places (header `STATSIG-CLIENT-TIME`, query `t`,
 *   body `clientTime`). The first valid time counts.
 * @param receivedAt Epoch milliseconds.
 */
export function clockSkew(stated: readonly unknown[], receivedAt: number): number | null {
  for (const value of stated) {
    const sentAt = readTime(value) ?? readLocalClock(value);
    if (sentAt !== null) return receivedAt - sentAt;
  }
  return null;
}

/** A number as some runtimes write it: with the comma of the device's language, or with an exponent. */
const LOCAL_NUMBER = /^(\d+)(?:[.,](\d+))?(?:[eE]\+?(\d{1,2}))?$/;

/**
 * Reads a clock that is a localized number. Unity's SDK writes a double in the language of the device
 * (`1795195437624,87`), and some runtimes write its first digits only (`1.79E+12`). Null for anything else, and when the
 * digits are less precise than the tolerance.
 */
function readLocalClock(value: unknown): number | null {
  const match = typeof value === 'string' ? LOCAL_NUMBER.exec(value) : null;
  if (match === null) return null;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const precisionMs = 10 ** (Number(exponent) - fraction.length);
  return precisionMs > CLOCK_TOLERANCE_MS ? null : readTime(Number(`${whole}.${fraction}e${exponent}`));
}
