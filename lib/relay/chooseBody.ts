import { hash } from 'node:crypto';
import { stringifyDeep } from '../base/deepJson.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostError, CostMeter } from '../base/jsonCost.ts';
import { type EventFilter, eventFilter } from '../collect/eventFilter.ts';
import type { RelayChoice } from '../schema/relay.ts';
import { idText } from '../tables/memberWriter.ts';
import { type DecodedBody, encodeBody } from '../wire/decodeBody.ts';
import type { ResolvedName } from '../wire/experimentNames.ts';
import { measureBody } from '../wire/jsonBody.ts';
import { MAX_UNITS } from '../wire/limits.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { RequestError } from '../wire/RequestError.ts';
import { EXPOSURE_KINDS, fromCustomExposure } from '../wire/readEvent.ts';
import { stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';

/** The part of a body to relay: all of it as it was sent, some of it, or nothing; or the body is unreadable. */
export type ChosenBody =
  | { readonly kind: 'as_sent' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable' }
  | {
      readonly kind: 'changed';
      /** In the encoding of the one that was sent. */
      readonly body: Uint8Array;
      /** Events in it. */
      readonly events: number;
    };

/** Selects the data to relay. Prepared once. */
export interface RelayPlan {
  readonly choice: RelayChoice;
  /** By names of events; null when all are relayed. */
  readonly filter: EventFilter | null;
  /** Null without `redacted`, and without rules. */
  readonly redaction: Redaction | null;
}

/** @param redaction Of the configuration; null without rules. @param resolve Resolves hashed names of experiments. */
export function relayPlan(
  choice: RelayChoice,
  redaction: Redaction | null,
  resolve: (sent: string) => ResolvedName,
): RelayPlan {
  const { redacted } = choice;
  return { choice, filter: eventFilter(choice, resolve), redaction: redacted ? redaction : null };
}

/** Whether bodies have to be read: without that they are relayed unseen. */
function isChoosy({ choice, filter }: RelayPlan): boolean {
  return choice.redacted || filter !== null || choice.kinds.length === 1 || choice.share < 1;
}

/**
 * Chooses what of a body is relayed. A body all of whose events are chosen stays as it was sent, byte for byte, unless it is to
 * be redacted. Otherwise it is written again, in the same encoding.
 *
 * @param drawnBy Who is drawn by `share` where an event names nobody.
 * @param outOfTime Checked regularly: whether to give up.
 */
export function chooseBody(
  decoded: DecodedBody,
  plan: RelayPlan,
  drawnBy: string,
  outOfTime: () => boolean,
): ChosenBody {
  if (!isChoosy(plan)) return { kind: 'as_sent' };
  const meter = new CostMeter(MAX_UNITS, () => {
    if (outOfTime()) throw new CostError();
  });
  try {
    return choose(decoded, plan, drawnBy, meter);
  } catch (error) {
    if (error instanceof CostError || error instanceof SyntaxError || error instanceof RequestError)
      return { kind: 'unreadable' };
    throw error;
  }
}

function choose(
  { text, encoding }: DecodedBody,
  plan: RelayPlan,
  drawnBy: string,
  meter: CostMeter,
): ChosenBody {
  const { choice, redaction } = plan;
  meter.look();
  meter.spend(measureBody(text).units);
  const parsed = parseExactJson(text, meter);
  if (!isJsonObject(parsed)) return { kind: 'unreadable' };
  const isChosen = eventTest(parsed, plan, drawnBy);
  const events = chosen(parsed['events'], isChosen);
  const exposures = chosen(parsed['exposures'], (item) => isChosen(fromCustomExposure(item)));
  const count = (events?.left.length ?? 0) + (exposures?.left.length ?? 0);
  if (count === 0) return { kind: 'nothing' };
  if (!choice.redacted && events?.isWhole !== false && exposures?.isWhole !== false)
    return { kind: 'as_sent' };
  const { events: _, exposures: __, ...common } = parsed;
  const whole: JsonObject = {
    ...common,
    ...(events === null ? null : { events: events.left }),
    ...(exposures === null ? null : { exposures: exposures.left }),
  };
  if (choice.redacted) stripPrivateAttributes(whole, text, meter);
  const shown = redaction === null ? whole : redact(whole, redaction, meter);
  const left = lengthOf(shown['events']) + lengthOf(shown['exposures']);
  if (left === 0) return { kind: 'nothing' };
  return { kind: 'changed', body: encodeBody(stringifyDeep(shown, meter), encoding), events: left };
}

/** The items of a list that are chosen; null where there is no list. */
function chosen(list: unknown, isChosen: (item: unknown) => boolean) {
  if (!Array.isArray(list)) return null;
  const left: unknown[] = list.filter(isChosen);
  return { left, isWhole: left.length === list.length };
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

function redact(
  { events, exposures, ...common }: JsonObject,
  redaction: Redaction,
  meter: CostMeter,
): JsonObject {
  // Items that cannot be redacted are null, and are removed.
  const each = (list: unknown) =>
    Array.isArray(list)
      ? list.map((item) => redaction.event(item, meter)).filter((item) => item !== null)
      : undefined;
  const [redacted, custom] = [each(events), each(exposures)];
  const shared = redaction.event(common, meter);
  return {
    ...(isJsonObject(shared) ? shared : null),
    ...(redacted === undefined ? null : { events: redacted }),
    ...(custom === undefined ? null : { exposures: custom }),
  };
}

function eventTest(
  batch: JsonObject,
  { choice: { kinds, share }, filter }: RelayPlan,
  drawnBy: string,
): (event: unknown) => boolean {
  return (event) => {
    const name = isJsonObject(event) ? event['eventName'] : undefined;
    const kind = typeof name === 'string' && EXPOSURE_KINDS.has(name) ? 'exposures' : 'events';
    if (!kinds.includes(kind)) return false;
    if (filter !== null && filter(event) !== null) return false;
    return share === 1 || isDrawn(personOf(event, batch) ?? drawnBy, share);
  };
}

/** Whom an event is about: the stable ID of its user or of its sender, else the user ID; null when it says neither. */
function personOf(event: unknown, batch: JsonObject): string | null {
  const own = isJsonObject(event) ? event['user'] : undefined;
  const user = isJsonObject(own) ? own : batch['user'];
  const sender = batch['statsigMetadata'];
  const member = (of: unknown, name: string) => (isJsonObject(of) ? idText(of[name]) : null);
  const custom = isJsonObject(user) ? user['customIDs'] : undefined;
  return (
    member(custom, 'stableID') ??
    member(user, 'stableID') ??
    member(sender, 'stableID') ??
    member(user, 'userID')
  );
}

/** Equal texts are drawn alike, in every batch and by every collector. */
function isDrawn(text: string, share: number): boolean {
  return Number.parseInt(hash('sha256', `sluice relay ${text}`).slice(0, 8), 16) < share * 2 ** 32;
}
