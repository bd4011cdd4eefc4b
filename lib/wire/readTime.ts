import { isUtcDay } from '../time/utcDay.ts';
import { MAX_TIME_MS, MIN_TIME_MS } from './limits.ts';

const NUMBER = /^-?\d+(?:\.\d+)?$/;
/** ISO 8601 as APIs write it; without an offset it is UTC. */
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:([Zz])|([+-]\d{2}):?(\d{2}))?)?$/;

/**
 * A time as SDKs and the HTTP API send it, in epoch milliseconds: a number of milliseconds, the same as
 * text, or an ISO 8601 date and time. Null when it is no time, or none of the years 1 to 9999.
 */
export function readTime(value: unknown): number | null {
  if (typeof value === 'number') return inRange(value);
  if (typeof value !== 'string') return null;
  if (NUMBER.test(value)) return inRange(Number(value));
  const match = ISO.exec(value);
  if (match === null) return null;
  const [, date = '', minutes = '00:00', seconds = '00', fraction = '', , hours, offsetMinutes = '00'] =
    match;
  const millis = fraction.padEnd(3, '0').slice(0, 3);
  const offset = hours === undefined ? 'Z' : `${hours}:${offsetMinutes}`;
  const time = Date.parse(`${date}T${minutes}:${seconds}.${millis}${offset}`);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(time) || !isUtcDay(date)) return null;
  return inRange(time);
}

/** NaN compares as false, so it is out of range too. */
function inRange(time: number): number | null {
  const whole = Math.floor(time);
  return whole >= MIN_TIME_MS && whole <= MAX_TIME_MS ? whole : null;
}
