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

/** What a refused event takes in any case, in units of {@link CostMeter}; and each character of it a quarter. */
const EVENT_UNITS = 60;

/** The lists of a body that hold events. */
type EventList = 'events' | 'exposures';

interface Refusal {
  readonly code: EventCode;
  readonly detail: string;
  readonly list: EventList;
  /** The event as it came. */
  readonly sent: unknown;
}

/**
 * The refused events of one batch, as quarantine keeps them: each as a body of its own, `{"events":[…]}`, with what
 * it had in common with its batch. Sent to the collector again it would mean the same.
 *
 * What a batch has in common may be large and its bad events many, so that they have a row each only up to a size.
 * Beyond it they share one, and what they have in common is kept once.
 */
export class RefusedEvents {
  readonly #commonOf: () => JsonObject;
  readonly #redaction: Redaction | null;
  readonly #meter: CostMeter;
  readonly #refusals: Refusal[] = [];
  #inexact = false;

  /**
   * @param common Tells what events of the batch have in common, under the names it has in a body.
   * @param redaction What is taken out of all of it; null for nothing.
   * @param meter Counts what it takes to keep them.
   */
  constructor(
    common: () => Partial<Pick<Batch, 'user' | 'statsigMetadata' | 'clientTime'>>,
    redaction: Redaction | null,
    meter: CostMeter,
  ) {
    this.#commonOf = common;
    this.#redaction = redaction;
    this.#meter = meter;
  }

  /** Whether a number of theirs was met that JSON.parse could not hold. */
  get inexact(): boolean {
    return this.#inexact;
  }

  /** @param sent The event as it came. */
  add(code: EventCode, detail: string, list: EventList, sent: unknown): void {
    this.#inexact ||= !isExactJson(sent, this.#meter);
    this.#refusals.push({ code, detail, list, sent });
  }

  /** How many were refused, by code. */
  counts(): Record<string, number> {
    return new Counts(this.#refusals.map(({ code }) => code)).toObject();
  }

  /** What quarantine keeps of them. */
  rows(): RefusedEvent[] {
    if (this.#refusals.length === 0) return [];
    const sent = this.#commonOf();
    this.#inexact ||= !isExactJson(sent, this.#meter);
    const common = this.#redaction === null ? sent : this.#redaction.event(sent, this.#meter);
    const members = isJsonObject(common) ? stringifyDeep(common, this.#meter) : '{}';
    const user = isJsonObject(common) ? stringifyDeep(common['user'] ?? null, this.#meter) : 'null';
    const rows: RefusedEvent[] = [];
    let length = 0;
    for (const { code, detail, list, sent } of this.#refusals) {
      const text = this.#text(sent);
      const raw = body([[list, text]], members);
      length += raw.length + ROW_LENGTH;
      if (length > MAX_SEPARATE_ROWS_LENGTH && this.#refusals.length > 1) return [this.#together(members)];
      // Between resends the batch's metadata and its sender's clock may change.
      rows.push({ code, detail, raw, identity: user === 'null' ? text : `${text}${user}` });
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

/** A body's JSON of its lists' texts and its other members, an object's JSON. */
function body(lists: readonly (readonly [EventList, string])[], members: string): string {
  const text = lists.map(([list, events]) => `"${list}":[${events}]`).join();
  return members === '{}' ? `{${text}}` : `{${text},${members.slice(1)}`;
}

/**
 * What quarantine keeps of a body that is refused whole: the body as it was sent, if nothing in it is private. Private
 * attributes are taken out of what parses as JSON. Where they are named and can't be found, and always while redaction
 * is configured, only what {@link bodyFingerprint} tells is kept.
 *
 * @param body As it was sent.
 * @param text As it was decoded; null when it could not be. Nobody has looked into what is compressed then.
 * @param keyHash Of the SDK key: salts the hash of what is withheld where no salt is configured.
 * @param outOfTime Asked now and then: whether to give up looking for private attributes. Default never.
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

/** The JSON without private attributes; null when it is none, or takes too much work or time. */
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
 * What quarantine keeps of a body that may hold what must be taken out, where nobody can tell where: its length and a
 * salted hash, by which a resend is known.
 *
 * @param hashOf Salts and hashes a text.
 */
function bodyFingerprint(body: Uint8Array, hashOf: (text: string) => string): string {
  return `withheld: ${body.length} bytes, ${hashOf(Buffer.from(body).toString('base64'))}`;
}
