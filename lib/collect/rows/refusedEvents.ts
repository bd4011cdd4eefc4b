import { Counts } from '../../base/Counts.ts';
import { stringifyDeep } from '../../base/deepJson.ts';
import { isExactJson } from '../../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { MAX_SEPARATE_ROWS_LENGTH, type RefusedEvent, ROW_LENGTH } from '../../landing/quarantineWriter.ts';
import { EvaluationText } from '../../wire/EvaluationText.ts';
import type { EventCode } from '../../wire/EventError.ts';
import type { ItemList } from '../../wire/parseBatch.ts';
import type { Redaction } from '../../wire/Redaction.ts';
import { hasUserId } from './eventIds.ts';

/** A refused event. */
interface Refusal {
  /** The code by which it was refused. */
  readonly code: EventCode;
  /** More about the reason; '' if there is nothing to say. */
  readonly detail: string;
  /** The list of the body that it was in. */
  readonly list: ItemList;
  /** The event as it was sent. */
  readonly sent: unknown;
}

/**
 * The refused events of one batch, as quarantine keeps them: each as a body of its own, `{"events":[…]}`, with the
 * members that its batch shares. The collector would read it in the same way if it were sent again.
 *
 * The shared members can be large and the refused events many, so each has a row only up to a total size. Beyond it, all
 * share one row, which contains the shared members once.
 */
export class RefusedEvents {
  readonly #commonOf: () => JsonObject;
  readonly #redaction: Redaction | null;
  readonly #serverId: string;
  readonly #refusals: Refusal[] = [];
  #inexact = false;

  /**
   * @param common Returns the members that the events of the batch share, as in a body.
   * @param redaction Applied to all of it; null for none.
   * @param serverId The sender in the IDs of events whose user has one, as in `event_id`. Default a client.
   */
  constructor(common: () => JsonObject, redaction: Redaction | null, serverId = '') {
    this.#commonOf = common;
    this.#redaction = redaction;
    this.#serverId = serverId;
  }

  /** Whether one of the refused events has a number that JSON.parse could not hold. */
  get inexact(): boolean {
    return this.#inexact;
  }

  /** Adds a refused event. @param item The event as the body had it. */
  add(code: EventCode, detail: string, list: ItemList, item: unknown): void {
    const sent = asSent(item);
    this.#inexact ||= !isExactJson(sent);
    this.#refusals.push({ code, detail, list, sent });
  }

  /** How many events were refused, by code. */
  counts(): Record<string, number> {
    return new Counts(this.#refusals.map(({ code }) => code)).toObject();
  }

  /** The rows for quarantine. */
  rows(): RefusedEvent[] {
    if (this.#refusals.length === 0) return [];
    const shared = this.#commonOf();
    this.#inexact ||= !isExactJson(shared);
    const common = this.#redacted(shared);
    const sharedHasUserId = hasUserId(shared['user']);
    const hasId = (event: unknown) => {
      const eventUser = isJsonObject(event) ? (event['user'] ?? null) : null;
      return eventUser === null ? sharedHasUserId : hasUserId(eventUser);
    };
    const ofUser = { senderId: this.#serverId };
    const members = isJsonObject(common) ? stringifyDeep(common) : '{}';
    const user = isJsonObject(common) ? stringifyDeep(common['user'] ?? null) : 'null';
    const rows: RefusedEvent[] = [];
    let length = 0;
    for (const { code, detail, list, sent } of this.#refusals) {
      const text = this.#text(sent);
      const raw = bodyOf([[list, text]], members);
      length += raw.length + ROW_LENGTH;
      if (length > MAX_SEPARATE_ROWS_LENGTH && this.#refusals.length > 1) {
        const all = this.#refusals.every((refusal) => hasId(refusal.sent));
        return [{ ...this.#together(members), ...(all ? ofUser : null) }];
      }
      // The batch's metadata and its sender's clock can change between resends, so they are not part of the identity.
      const identity = user === 'null' ? text : `${text}${user}`;
      rows.push({ code, detail, raw, identity, ...(hasId(sent) ? ofUser : null) });
    }
    return rows;
  }

  /** All refused events as one item: a row for each would be too many. */
  #together(members: string): RefusedEvent {
    const listed = (list: ItemList) =>
      this.#refusals.filter((refusal) => refusal.list === list).map(({ sent }) => this.#text(sent));
    const events = listed('events').join();
    const exposures = listed('exposures').join();
    const lists: [ItemList, string][] = exposures === '' ? [] : [['exposures', exposures]];
    if (events !== '') lists.unshift(['events', events]);
    const detail = Object.entries(this.counts()).map(([code, count]) => `${code}: ${count}`);
    return {
      code: 'SLUICE_EVENT_MANY_REFUSED',
      detail: `${detail.join(', ')}.`,
      raw: bodyOf(lists, members),
      identity: `${events};${exposures}`,
    };
  }

  /** An event as JSON, redacted. */
  #text(sent: unknown): string {
    return stringifyDeep(this.#redacted(sent));
  }

  /** An event without what the configuration redacts. */
  #redacted(sent: unknown): unknown {
    return this.#redaction === null ? sent : this.#redaction.event(sent);
  }
}

/** An event as it was sent: the metadata of exposures is not parsed before it is needed. */
function asSent(item: unknown): unknown {
  if (!isJsonObject(item) || !(item['metadata'] instanceof EvaluationText)) return item;
  return { ...item, metadata: item['metadata'].toObject() };
}

/**
 * A body of some events, which the collector would read in the same way.
 *
 * @param lists The JSON of the items of each list, separated by commas.
 * @param common As the JSON of an object.
 */
function bodyOf(lists: readonly (readonly [ItemList, string])[], common: string): string {
  const text = lists.map(([list, items]) => `"${list}":[${items}]`).join();
  return common === '{}' ? `{${text}}` : `{${text},${common.slice(1)}`;
}
