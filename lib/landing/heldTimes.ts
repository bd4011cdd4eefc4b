import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/time.ts';
import { isAside } from '../tables/objectKeys.ts';

/** A time within which events of an object may have been received, epoch milliseconds; both ends count. */
interface HeldTime {
  /** The earliest time. */
  readonly from: number;
  /** The latest time. */
  readonly to: number;
}

/** A record comes to Firehose at most so long after its request, so perhaps in the next hour. */
export const RECORD_MS = MINUTE_MS;
/** How long before an object that the collector puts itself its events may have been received. */
const PUT_WITHIN_MS = HOUR_MS;
/** Firehose tries to deliver a record for so long: https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html */
const DELIVERED_WITHIN_MS = DAY_MS;

/**
 * With more hours the metadata would be too large:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
const MOST_HOURS = 100;
/** What the metadata of an object without events has in place of hours. */
const NO_HOUR = 'none';

/**
 * The metadata of an object of `damaged/`. Copies of the object keep it:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 *
 * @param earlier The metadata of the object of the landing, which may be a copy of a damaged one.
 * @param modifiedAt When that object was written, epoch milliseconds.
 * @param hours The hours of the rows that it may hold; null: any.
 */
export function heldMetadata(
  earlier: Readonly<Record<string, string>> | undefined,
  modifiedAt: number,
  hours: ReadonlySet<string> | null,
): Record<string, string> {
  const delivered = earlier?.['delivered'] ?? String(modifiedAt);
  if (hours === null || hours.size > MOST_HOURS) return { delivered };
  return { delivered, hours: hours.size === 0 ? NO_HOUR : [...hours].join(' ') };
}

/**
 * In an object's key the day, and in Firehose's folders the hour, in which its first record came:
 * infra/streams/streams.ts.
 */
const FIRST_RECORD = /\/(?<day>\d{4}[-/]\d\d[-/]\d\d)\/(?:(?<hour>\d\d)\/)?/;

/**
 * When the events of an object of the landing, or of `damaged/`, may have been received: in the hours of its metadata, or
 * else in its folder's time, and until it was delivered.
 *
 * @param modifiedAt When the object was written. An object that was put aside or is tried again was delivered before.
 * @param metadata {@link heldMetadata}. Default none.
 */
export function heldTimes(
  key: string,
  modifiedAt: number,
  metadata: Readonly<Record<string, string>> = {},
): readonly HeldTime[] {
  const hours = heldHours(metadata['hours']);
  if (hours !== null) return hours.map((from) => ({ from, to: from + HOUR_MS - 1 }));
  const delivered = Number(metadata['delivered'] ?? Number.NaN);
  const isDeliveryKnown = delivered > 0;
  const deliveredAt = isDeliveryKnown ? delivered : modifiedAt;
  const putTime = { from: deliveredAt - PUT_WITHIN_MS - RECORD_MS, to: deliveredAt };
  const { day, hour } = FIRST_RECORD.exec(key)?.groups ?? {};
  if (day === undefined) return [putTime];
  const first = Date.parse(`${day.replaceAll('/', '-')}T${hour ?? '00'}:00:00Z`);
  if (Number.isNaN(first)) return [putTime];
  const lastRecord = first + (hour === undefined ? DAY_MS : HOUR_MS) - 1;
  const last = hour === undefined ? lastRecord : lastRecord + DELIVERED_WITHIN_MS;
  const to = Math.min(deliveredAt, last);
  // A day's folder without an hour has the objects that the collector puts itself. Only of one that was put aside it is
  // not known when that was.
  const isPutTimeKnown = hour === undefined && deliveredAt <= last && (isDeliveryKnown || !isAside(key));
  return [{ from: isPutTimeKnown ? putTime.from : first - RECORD_MS, to }];
}

/** When the hours of the metadata begin, epoch milliseconds. Null if it names none, or one that we have not written. */
function heldHours(hours: string | undefined): readonly number[] | null {
  if (hours === undefined) return null;
  if (hours === NO_HOUR) return [];
  const begins = hours.split(' ').map((hour) => Date.parse(`${hour}:00:00Z`));
  return begins.every(Number.isFinite) ? begins : null;
}
