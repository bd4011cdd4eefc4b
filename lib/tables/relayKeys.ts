import { compactTime, isoDay, isoTimestamp, isUtcDay, parseCompactTime } from '../base/time.ts';

/** Folder of copies of requests that are to be relayed, and that the target refused. They hold SDK keys. */
export const RELAY_FOLDER = 'relay/';

/**
 * Folder of copies that wait in the bucket and not in the queue: those that are too large for a message, and those from
 * times when there was no queue.
 */
export const RELAY_WAITING_FOLDER = `${RELAY_FOLDER}waiting/`;

/** Folder of copies that the target refused for good, and of those that waited too long, by reason and day. */
export const RELAY_REFUSED_FOLDER = `${RELAY_FOLDER}refused/`;

/** The reason of copies that the target did not take within the time for which copies are tried. */
export const EXPIRED = 'expired';

/** The form of a copy's ID, `20261122T013000123Z-` and 24 hexadecimal digits: IDs sort by their time. */
const COPY_ID = /^(.*)-[0-9a-f]{24}$/;
/** The form of a reason: a status of HTTP, or {@link EXPIRED}. */
const REFUSED_REASON = /^(?:\d{3}|expired)$/;

/**
 * The ID of a copy.
 *
 * @param keptAt Epoch milliseconds.
 * @param nonce 24 hexadecimal digits, different for each copy.
 */
export function relayId(keptAt: number, nonce: string): string {
  return `${compactTime(keptAt)}-${nonce}`;
}

/** When the copy with that ID was kept, epoch milliseconds; null for a text that is not an ID. */
export function relayIdTime(id: string): number | null {
  const [, time = ''] = COPY_ID.exec(id) ?? [];
  return parseCompactTime(time);
}

/** Key of a copy that waits. */
export function relayWaitingKey(id: string): string {
  return `${RELAY_WAITING_FOLDER}${id}`;
}

/** The ID in the key of a copy that waits; null for any other key. */
export function parseRelayWaitingKey(key: string): string | null {
  if (!key.startsWith(RELAY_WAITING_FOLDER)) return null;
  const id = key.slice(RELAY_WAITING_FOLDER.length);
  return relayIdTime(id) === null ? null : id;
}

/**
 * A copy that was refused: the status of the answer, or {@link EXPIRED}; when it was refused, epoch milliseconds; and
 * its ID.
 */
interface RelayRefusedKey {
  /** The status of the answer, or {@link EXPIRED}. */
  readonly reason: string;
  /** When the copy was refused, epoch milliseconds. */
  readonly at: number;
  /** The ID of the copy: {@link relayId}. */
  readonly id: string;
}

/**
 * Key of a copy that was refused: `relay/refused/<reason>/YYYY-MM-DD/<ID>.<HHMMSSmmm>`, with day and time of the
 * refusal. A copy that is sent again and refused again is then another object, so a late deletion of the first object
 * does not delete it.
 */
export function relayRefusedKey({ reason, at, id }: RelayRefusedKey): string {
  const time = isoTimestamp(at).slice(11, 23).replaceAll(/[:.]/g, '');
  return `${RELAY_REFUSED_FOLDER}${reason}/${isoDay(at)}/${id}.${time}`;
}

/** Whether copies can be refused for that reason. */
export function isRelayReason(text: string): boolean {
  return REFUSED_REASON.test(text);
}

/** Reads the key of a copy that was refused; null for any other key. */
export function parseRelayRefusedKey(key: string): RelayRefusedKey | null {
  if (!key.startsWith(RELAY_REFUSED_FOLDER)) return null;
  const [reason = '', day = '', name = '', ...deeper] = key.slice(RELAY_REFUSED_FOLDER.length).split('/');
  const [, id = '', hour, minute, second, ms] = /^(.*)\.(\d{2})(\d{2})(\d{2})(\d{3})$/.exec(name) ?? [];
  if (!isRelayReason(reason) || !isUtcDay(day) || relayIdTime(id) === null || deeper.length > 0) return null;
  const at = Date.parse(`${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? null : { reason, at, id };
}
