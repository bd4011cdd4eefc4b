import { hash } from 'node:crypto';
import { Counts } from '../base/Counts.ts';
import { stringifyDeep } from '../base/deepJson.ts';
import { isExactJson, parseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostError, CostMeter } from '../base/jsonCost.ts';
import { MAX_SEPARATE_ROWS_LENGTH, type RefusedEvent, ROW_LENGTH } from '../landing/quarantineWriter.ts';
import type { EventCode } from '../wire/EventError.ts';
import { MAX_UNITS } from '../wire/limits.ts';
import { type Batch, measureBody } from '../wire/parseBatch.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { RequestError } from '../wire/RequestError.ts';
import { namesPrivateAttributes, stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';
import { hasOwnId } from './sharedParts.ts';

/** Base cost of a refused event in units of {@link CostMeter}. Each character adds a quarter of a unit. */
const EVENT_UNITS = 60;

/** The lists of a body that hold events. */
type EventList = 'events' | 'exposures';

interface Refusal {
  readonly code: EventCode;
  readonly detail: string;
  readonly list: EventList;
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
  readonly #meter: CostMeter;
  readonly #serverId: string;
  readonly #refusals: Refusal[] = [];
  #inexact = false;

  /**
   * @param common Returns the members that the events of the batch share, as in a body.
   * @param redaction Applied to all of it; null for none.
   * @param meter Counts the work.
   * @param serverId The sender in the IDs of events whose user has one, as in `event_id`. Default a client.
   */
  constructor(
    common: () => Partial<Pick<Batch, 'user' | 'statsigMetadata' | 'clientTime'>>,
    redaction: Redaction | null,
    meter: CostMeter,
    serverId = '',
  ) {
    this.#commonOf = common;
    this.#redaction = redaction;
    this.#meter = meter;
    this.#serverId = serverId;
  }

  /** Whether one of them has a number that JSON.parse could not hold. */
  get inexact(): boolean {
    return this.#inexact;
  }

  /** @param sent The event as it was sent. */
  add(code: EventCode, detail: string, list: EventList, sent: unknown): void {
    this.#inexact ||= !isExactJson(sent, this.#meter);
    this.#refusals.push({ code, detail, list, sent });
  }

  /** How many were refused, by code. */
  counts(): Record<string, number> {
    return new Counts(this.#refusals.map(({ code }) => code)).toObject();
  }

  /** The rows for quarantine. */
  rows(): RefusedEvent[] {
    if (this.#refusals.length === 0) return [];
    const shared = this.#commonOf();
    this.#inexact ||= !isExactJson(shared, this.#meter);
    const common = this.#redaction === null ? shared : this.#redaction.event(shared, this.#meter);
    const sharedHasId = hasOwnId(shared['user']);
    const hasId = (event: unknown) => {
      const own = isJsonObject(event) ? (event['user'] ?? null) : null;
      return own === null ? sharedHasId : hasOwnId(own);
    };
    const ofUser = { senderId: this.#serverId };
    const members = isJsonObject(common) ? stringifyDeep(common, this.#meter) : '{}';
    const user = isJsonObject(common) ? stringifyDeep(common['user'] ?? null, this.#meter) : 'null';
    const rows: RefusedEvent[] = [];
    let length = 0;
    for (const { code, detail, list, sent } of this.#refusals) {
      const text = this.#text(sent);
      const raw = body([[list, text]], members);
      length += raw.length + ROW_LENGTH;
      if (length > MAX_SEPARATE_ROWS_LENGTH && this.#refusals.length > 1) {
        const all = this.#refusals.every((one) => hasId(one.sent));
        return [{ ...this.#together(members), ...(all ? ofUser : null) }];
      }
      // The batch's metadata and its sender's clock can change between resends, so they are no part of the identity.
      const identity = user === 'null' ? text : `${text}${user}`;
      rows.push({ code, detail, raw, identity, ...(hasId(sent) ? ofUser : null) });
    }
    return rows;
  }

  #together(members: string): RefusedEvent {
    const listed = (list: EventList) =>
      this.#refusals.filter((one) => one.list === list).map(({ sent }) => this.#text(sent));
    const events = listed('events').join();
    const exposures = listed('exposures').join();
    const lists: [EventList, string][] = exposures === '' ? [] : [['exposures', exposures]];
    if (events !== '') lists.unshift(['events', events]);
    const detail = Object.entries(this.counts()).map(([code, count]) => `${code}: ${count}`);
    return {
      code: 'SLUICE_EVENT_MANY_REFUSED',
      detail: `${detail.join(', ')}.`,
      raw: body(lists, members),
      identity: `${events};${exposures}`,
    };
  }

  #text(sent: unknown): string {
    const text = stringifyDeep(
      this.#redaction === null ? sent : this.#redaction.event(sent, this.#meter),
      this.#meter,
    );
    this.#meter.spend(EVENT_UNITS + (text.length >> 2));
    return text;
  }
}

/** The JSON of a body. @param members Its other members, as the JSON of an object. */
function body(lists: readonly (readonly [EventList, string])[], members: string): string {
  const text = lists.map(([list, events]) => `"${list}":[${events}]`).join();
  return members === '{}' ? `{${text}}` : `{${text},${members.slice(1)}`;
}

/**
 * The form in which quarantine keeps a refused body: the body as it was sent, if it has nothing private. Private
 * attributes are removed if it parses as JSON. If they are named but cannot be removed, and always when redaction is
 * configured, only the {@link bodyFingerprint} is kept.
 *
 * @param body As it was sent.
 * @param text As it was decoded; null when it could not be decoded.
 * @param keyHash Hash of the SDK key. It is the salt of the fingerprint if no salt is configured.
 * @param outOfTime Checked regularly: whether to give up removing private attributes. Default never.
 */
export function redactBody(
  body: Uint8Array,
  text: string | null,
  redaction: Redaction | null,
  keyHash: string,
  outOfTime: () => boolean = () => false,
): string | Uint8Array {
  if (redaction !== null) return bodyFingerprint(body, (sent) => redaction.hash(sent));
  if (!namesPrivateAttributes(text ?? Buffer.from(body).toString('latin1'))) return body;
  return (
    (text === null ? null : withoutPrivateAttributes(text, outOfTime)) ??
    bodyFingerprint(body, (sent) => hash('sha256', keyHash + sent))
  );
}

/** The JSON without private attributes; null when it is not JSON, or needs too much work or time. */
function withoutPrivateAttributes(text: string, outOfTime: () => boolean): string | null {
  const meter = new CostMeter(MAX_UNITS, () => {
    if (outOfTime()) throw new CostError();
  });
  try {
    meter.look();
    meter.spend(measureBody(text).units);
    const parsed = parseExactJson(text, meter);
    stripPrivateAttributes(parsed, text, meter);
    return stringifyDeep(parsed, meter);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CostError || error instanceof RequestError)
      return null;
    throw error;
  }
}

/**
 * Replaces a body that may contain private values in unknown places: its length and a salted hash, which identifies a
 * resend.
 *
 * @param hashOf Salts and hashes a text.
 */
function bodyFingerprint(body: Uint8Array, hashOf: (text: string) => string): string {
  return `withheld: ${body.length} bytes, ${hashOf(Buffer.from(body).toString('base64'))}`;
}
