import { isoTimestamp, isUtcDay, type UtcDay } from '../base/time.ts';

/** Folder of copies of requests that are to be relayed, and that the target refused. They hold SDK keys. */
export const RELAY_FOLDER = 'relay/';

/** Folder of copies that wait in the bucket, not in the queue: those beyond a message's size, and of times without a queue. */
export const RELAY_WAITING_FOLDER = `${RELAY_FOLDER}waiting/`;

/** Folder of copies that the target refused for good, and of those that waited too long, by reason and day. */
export const RELAY_REFUSED_FOLDER = `${RELAY_FOLDER}refused/`;

/** Key of the claim that one run over waiting copies has. */
export const RELAY_RUN_CLAIM = `${RELAY_FOLDER}run.json`;

/** Reason of copies that were not taken within the time for which copies are tried. */
export const EXPIRED = 'expired';

/** `20261122T013000123Z-` and 24 hexadecimal digits: IDs sort by their time. */
const ID = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-[0-9a-f]{24}$/;
/** A status of HTTP, or {@link EXPIRED}. */
const REASON = /^(?:\d{3}|expired)$/;

/**
 * The ID of a copy.
 *
 * @param keptAt Epoch milliseconds.
 * @param nonce 24 hexadecimal digits, different for each copy.
 */
export function relayId(keptAt: number, nonce: string): string {
  return `${isoTimestamp(keptAt).replaceAll(/[-:.]/g, '')}-${nonce}`;
}

/** When the copy with that ID was kept, epoch milliseconds; null for a text that is no ID. */
export function relayIdTime(id: string): number | null {
  const [, year, month, day, hour, minute, second, ms] = ID.exec(id) ?? [];
  if (year === undefined) return null;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(time) ? null : time;
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

/** A copy that was refused: the status of its answer, or {@link EXPIRED}; the day of that; its ID. */
export interface RelayRefusedKey {
  readonly reason: string;
  readonly day: UtcDay;
  readonly id: string;
}

/** Key of a copy that was refused: `relay/refused/<reason>/YYYY-MM-DD/<ID>`. */
export function relayRefusedKey({ reason, day, id }: RelayRefusedKey): string {
  return `${RELAY_REFUSED_FOLDER}${reason}/${day}/${id}`;
}

/** Whether copies can be refused for that reason. */
export function isRelayReason(text: string): boolean {
  return REASON.test(text);
}

/** Reads the key of a copy that was refused; null for any other key. */
export function parseRelayRefusedKey(key: string): RelayRefusedKey | null {
  if (!key.startsWith(RELAY_REFUSED_FOLDER)) return null;
  const [reason = '', day = '', id = '', ...deeper] = key.slice(RELAY_REFUSED_FOLDER.length).split('/');
  if (!isRelayReason(reason) || !isUtcDay(day) || relayIdTime(id) === null || deeper.length > 0) return null;
  return { reason, day, id };
}
