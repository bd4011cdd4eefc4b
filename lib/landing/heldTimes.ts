import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/time.ts';
import { isAside } from '../tables/objectKeys.ts';

/** A time within which events of an object may have come, epoch milliseconds. */
export interface HeldTime {
  readonly from: number;
  readonly to: number;
}

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
  return hours === null || hours.size > MOST_HOURS
    ? { delivered }
    : { delivered, hours: [...hours].join(' ') || NO_HOUR };
}

/** The day, and in Firehose's folders the hour, in which the first record of an object came: infra/streams/streams.ts. */
const FIRST = /\/(\d{4}[-/]\d\d[-/]\d\d)\/(?:(\d\d)\/)?/;

/**
 * When the events of an object of the landing, or of `damaged/`, may have come: in its folder's time, and until it was delivered.
 *
 * @param modifiedAt When the object was written. An object that was put aside or is tried again was delivered before.
 * @param metadata {@link heldMetadata}. Default none.
 */
export function heldTimes(
  key: string,
  modifiedAt: number,
  { hours, delivered }: Readonly<Record<string, string>> = {},
): readonly HeldTime[] {
  const known = hours?.split(' ').filter((hour) => hour !== NO_HOUR);
  const begins = known?.map((hour) => Date.parse(`${hour}:00:00Z`));
  // An hour that does not exist was not written by us, and says nothing of the others.
  if (begins?.every(Number.isFinite))
    return begins.map((from) => ({ from: from + MINUTE_MS, to: from + HOUR_MS - 1 }));
  const [, day = '', hour] = FIRST.exec(key) ?? [];
  const first = Date.parse(`${day.replaceAll('/', '-')}T${hour ?? '00'}:00:00Z`);
  // Firehose tries to deliver a record for 24 hours: https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html
  const last = first + DAY_MS + (hour === undefined ? 0 : HOUR_MS) - 1;
  const at = Number(delivered) || modifiedAt;
  // An object that the collector has put itself holds events that came just before.
  const isPut = hour === undefined && !(at > last) && (delivered !== undefined || !isAside(key));
  const isAnywhere = Number.isNaN(first);
  return [{ from: isPut || isAnywhere ? at - HOUR_MS : first, to: isAnywhere ? at : Math.min(at, last) }];
}
