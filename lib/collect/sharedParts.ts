import type { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject, sameJson } from '../base/json.ts';
import { flattenRope } from '../base/strings.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { idText, type PartialRow } from '../tables/memberWriter.ts';
import type { Redaction } from '../wire/Redaction.ts';
import type { BatchDocuments, EventIdentity } from './EventIdentity.ts';
import type { EventTimes } from './EventTimes.ts';
import type { RowPlan } from './RowPlan.ts';

/** The writers that the rows of one batch share. */
export interface BatchParts {
  readonly json: CanonicalJsonWriter;
  readonly users: UserParts;
  readonly senders: SenderParts;
  readonly times: EventTimes;
  readonly documents: BatchDocuments;
}

/** A batch's sender as in its rows. */
export interface BatchSender {
  /** The server's session, '' of a client: part of every ID. A server keeps it as long as its process lives. */
  readonly serverId: string;
  /** The device's stable ID, else the session: part of the IDs of events whose user has none of their own. */
  readonly senderId: string;
  readonly stableId: string | null;
  readonly sessionId: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
}

/**
 * The sender of a batch. Values in the body take precedence over headers and query.
 *
 * @param stated Values of headers and query.
 */
export function batchSender(
  statsigMetadata: JsonObject | null,
  stated: Pick<BatchSender, 'sessionId' | 'sdkType' | 'sdkVersion'> & {
    readonly serverSession?: string | null;
  },
  redaction: Redaction | null,
  json: CanonicalJsonWriter,
): BatchSender {
  const stableId = idText(statsigMetadata?.['stableID']);
  const sessionId = idText(statsigMetadata?.['sessionID']) ?? stated.sessionId;
  const sentBy = stableId ?? sessionId ?? '';
  // Values from headers and query are redacted under their names in the body, too.
  const stored = (name: string, value: string | null) => {
    if (redaction === null) return value;
    const kept = redaction.member('statsigMetadata', { [name]: value }, json);
    return isJsonObject(kept) ? idText(kept[name]) : null;
  };
  const identity = (text: string) => (redaction === null ? text : redaction.hash(text));
  return {
    // A client that sends the header of servers has a stable ID, and can send in a later session again.
    serverId: identity(stableId === null ? (stated.serverSession ?? '') : ''),
    senderId: identity(sentBy),
    stableId: stored('stableID', stableId),
    sessionId: stored('sessionID', sessionId),
    sdkType: stored('sdkType', idText(statsigMetadata?.['sdkType']) ?? stated.sdkType),
    sdkVersion: stored('sdkVersion', idText(statsigMetadata?.['sdkVersion']) ?? stated.sdkVersion),
  };
}

/**
 * Whether a user has an ID of their own. It then identifies their events together with the rest of the event: js-client
 * sends a batch again with the stable ID and session that it has by then.
 */
export function hasOwnId(user: unknown): boolean {
  if (!isJsonObject(user)) return false;
  if (idText(user['userID']) !== null) return true;
  const customIds = user['customIDs'];
  return isJsonObject(customIds) && Object.values(customIds).some((id) => idText(id) !== null);
}

/** The parts of documents that come from the user. */
export interface UserPart {
  /** Represents the whole user, and the sender of one without an ID, in the identities of its events, between commas. */
  readonly identity: string;
  /** Members of the unit columns and all custom IDs, and the opening of the event's time. */
  readonly units: string;
  /** Closes the event's time; members from `received_at` to the user, by table. */
  readonly received: Record<ForwardedKind, string>;
}

/**
 * Longest user that is looked up among earlier ones, as JSON. V8 uses the length of a text of 16,384 or more characters
 * as its hash, so a map would compare each such user with all others of that length.
 */
const MAX_SHARED_USER_LENGTH = 8_192;

/** Writes each user of a batch once. The events of a batch have few users, and mostly the same one in a row. */
export class UserParts {
  readonly #json: CanonicalJsonWriter;
  readonly #plan: RowPlan;
  readonly #identity: EventIdentity;
  readonly #received: string;
  readonly #sender: Pick<BatchSender, 'senderId' | 'stableId'>;
  readonly #environment: string | null;
  readonly #known = new Map<string, UserPart>();
  #lastUser: JsonObject | null = null;
  #last: UserPart | undefined;

  /**
   * @param identity The identity of the batch's events.
   * @param received The member with the time received, which stands between the parts of the user.
   * @param sender Its stable ID is for users without one.
   * @param environment The key's environment, for users without a tier.
   */
  constructor(
    json: CanonicalJsonWriter,
    plan: RowPlan,
    identity: EventIdentity,
    received: string,
    sender: Pick<BatchSender, 'senderId' | 'stableId'>,
    environment: string | null,
  ) {
    this.#json = json;
    this.#plan = plan;
    this.#identity = identity;
    this.#received = received;
    this.#sender = sender;
    this.#environment = environment;
  }

  get(user: JsonObject | null): UserPart {
    if (this.#last !== undefined && sameJson(user, this.#lastUser)) return this.#last;
    const nested = this.#json.write(user);
    const isShort = nested.length <= MAX_SHARED_USER_LENGTH;
    let part = isShort ? this.#known.get(nested) : undefined;
    if (part === undefined) {
      part = this.#write(user, nested);
      if (isShort) this.#known.set(nested, part);
    }
    this.#lastUser = user;
    this.#last = part;
    return part;
  }

  #write(user: JsonObject | null, nested: string): UserPart {
    const { exposures, events } = this.#plan.runs;
    const { redaction, unitIds } = this.#plan;
    // The digest is made from the user as sent: see BatchCollector on identity.
    const stored = redaction === null ? user : redaction.user(user, this.#json);
    const customIds = stored?.['customIDs'];
    const all = isEmptyJson(customIds) ? null : this.#json.write(customIds);
    // Both tables have the same unit columns, in the same order.
    const units = exposures.units(userColumns(stored, unitIds, this.#sender.stableId));
    // The tier is not personal, and a row without it would count as production.
    const environment = exposures.environment({ environment: readTier(user, this.#environment) });
    const json = isEmptyJson(stored) ? null : stored === user ? nested : this.#json.write(stored);
    return {
      identity: `,${this.#identity.digest(hasOwnId(user) ? nested : nested + this.#sender.senderId)},`,
      // Both tables also open the time in the same way.
      units: flattenRope(units + exposures.customIds(all) + exposures.timestamp),
      received: {
        exposures: flattenRope(`"${this.#received}${environment}${exposures.user(json)}`),
        events: flattenRope(`"${this.#received}${environment}${events.user(json)}`),
      },
    };
  }
}

/**
 * The unit columns of a user: `user_id`, `stable_id` and one for each configured unit ID.
 *
 * @param unitIds Unit ID and column, as configured.
 * @param deviceStableId The sender's stable ID: client SDKs send it with the batch, not with the user.
 */
function userColumns(
  user: JsonObject | null,
  unitIds: readonly (readonly [unitId: string, column: string])[],
  deviceStableId: string | null,
): PartialRow {
  const customIds = isJsonObject(user?.['customIDs']) ? user['customIDs'] : null;
  const row: Record<string, string | null> = {
    user_id: idText(user?.['userID']),
    stable_id: customId(customIds, 'stableID') ?? deviceStableId,
  };
  for (const [unitId, column] of unitIds) row[column] = customId(customIds, unitId);
  return row;
}

/** Statsig looks up a unit ID by its exact name first, then case-insensitively: server-core StatsigUser. */
function customId(customIds: JsonObject | null, unitId: string): string | null {
  if (customIds === null) return null;
  if (Object.hasOwn(customIds, unitId)) return idText(customIds[unitId]);
  const folded = unitId.toLowerCase();
  return idText(Object.entries(customIds).find(([name]) => name.toLowerCase() === folded)?.[1]);
}

/** Tier of rows without one: Statsig treats an absent tier as production. */
const DEFAULT_ENVIRONMENT = 'production';

/**
 * The tier a user's SDK ran in.
 *
 * @param byDefault The key's environment, for users without a tier.
 */
function readTier(user: JsonObject | null, byDefault: string | null): string {
  const environment = user?.['statsigEnvironment'];
  return (isJsonObject(environment) ? idText(environment['tier']) : null) ?? byDefault ?? DEFAULT_ENVIRONMENT;
}

/** Cost of a copied member and of an undocumented one, in units of the meter (lib/base/jsonCost.ts). */
const COPY_UNITS = 50;
const EXTRA_UNITS = 300;

/** The parts of documents that come from the sender. */
export interface SenderPart {
  /** The event's own metadata, for its identity: the batch's metadata can change between resends. */
  readonly added: string;
  /** Members of `statsig_metadata` and the session's and SDK's columns. */
  readonly members: string;
}

/** The columns that identify a batch's sender. */
export type SenderColumns = {
  readonly session_id: string | null;
  readonly sdk_type: string | null;
  readonly sdk_version: string | null;
};

/**
 * Writes the sender's columns. `statsig_metadata` is the batch's metadata, overridden by the event's own. Undocumented
 * members go under its key `event`, or `event_` if the SDK already has a member of that name. The metadata of events
 * mostly differs in the current page, if at all.
 */
export class SenderParts {
  readonly #json: CanonicalJsonWriter;
  readonly #plan: RowPlan;
  readonly #batchMetadata: JsonObject;
  /** Cost of a copy, in units of the meter. */
  readonly #copyUnits: number;
  /** Members of session and SDK. */
  readonly #columns: string;
  /** `,"statsig_metadata":"{…,`: the batch's metadata, to be completed with the event's. */
  readonly #opening: string;
  readonly #plain: SenderPart;
  /** Parts of events whose metadata is a single text, by that text. */
  readonly #known = new Map<string, { readonly key: string; readonly part: SenderPart }>();

  constructor(
    json: CanonicalJsonWriter,
    plan: RowPlan,
    batchMetadata: JsonObject | null,
    columns: SenderColumns,
  ) {
    this.#json = json;
    this.#plan = plan;
    const { redaction } = plan;
    const shown =
      redaction === null ? batchMetadata : redaction.member('statsigMetadata', batchMetadata, json);
    const stored = isJsonObject(shown) ? shown : null;
    this.#batchMetadata = stored ?? {};
    this.#copyUnits = COPY_UNITS * Object.keys(this.#batchMetadata).length;
    // Both tables have the same columns of the sender, in the same order.
    const { sender, senderMetadata } = plan.runs.exposures;
    this.#columns = sender(columns);
    const own = isEmptyJson(stored) ? null : json.write(stored);
    this.#plain = { added: 'null', members: flattenRope(senderMetadata(own) + this.#columns) };
    const opening = own === null ? '{' : `${own.slice(0, -1)},`;
    this.#opening = flattenRope(senderMetadata(opening).slice(0, -1));
  }

  /**
   * @param metadata The event's own `statsigMetadata`.
   * @param extras Undocumented members of the event.
   */
  get(metadata: unknown, extras: JsonObject | null): SenderPart {
    const { redaction } = this.#plan;
    if (redaction === null) return this.#part(metadata, extras);
    const stored = redaction.member('statsigMetadata', metadata, this.#json);
    const shown = extras === null ? null : redaction.members(extras, this.#json);
    return {
      added: this.#added(metadata, extras),
      members: this.#part(stored, isEmptyJson(shown) ? null : shown).members,
    };
  }

  #part(metadata: unknown, extras: JsonObject | null): SenderPart {
    if (extras === null) {
      if (isEmptyJson(metadata)) return this.#plain;
      if (isJsonObject(metadata) && this.#onlyAdds(metadata)) return this.#beside(metadata);
    }
    const undocumented =
      isEmptyJson(metadata) || isJsonObject(metadata) ? extras : { ...extras, statsigMetadata: metadata };
    this.#json.meter.spend(
      this.#copyUnits + (extras === null ? 0 : EXTRA_UNITS * Object.keys(extras).length),
    );
    const named = { ...this.#batchMetadata, ...(isJsonObject(metadata) ? metadata : null) };
    const all = undocumented === null ? named : { ...named, [unusedKey(named)]: undocumented };
    return {
      added: this.#added(metadata, extras),
      members: this.#plan.runs.exposures.senderMetadata(this.#json.write(all)) + this.#columns,
    };
  }

  /** It depends on the event alone, because the batch's metadata can differ between resends. */
  #added(metadata: unknown, extras: JsonObject | null): string {
    if (isEmptyJson(metadata)) return extras === null ? this.#plain.added : this.#json.write([null, extras]);
    return this.#json.write(extras === null && isJsonObject(metadata) ? metadata : [metadata, extras]);
  }

  /** Whether the event overrides nothing of the batch's metadata, as is usual, so that its text can be reused. */
  #onlyAdds(metadata: JsonObject): boolean {
    for (const key in metadata) if (Object.hasOwn(this.#batchMetadata, key)) return false;
    return true;
  }

  #beside(metadata: JsonObject): SenderPart {
    const text = singleText(metadata);
    const known = text === null ? undefined : this.#known.get(text);
    if (known !== undefined && Object.hasOwn(metadata, known.key)) return known.part;
    const added = flattenRope(this.#json.write(metadata));
    const part = { added, members: flattenRope(`${this.#opening}${added.slice(1)}"${this.#columns}`) };
    const [key] = Object.keys(metadata);
    if (text !== null && key !== undefined) this.#known.set(text, { key, part });
    return part;
  }
}

/** The key for undocumented members: `event`, with as many underscores as needed to be unused. */
function unusedKey(named: JsonObject): string {
  let key = 'event';
  while (Object.hasOwn(named, key)) key += '_';
  return key;
}

/** Longest text that is looked up among earlier ones: V8 does not hash very long texts in full. */
const MAX_SINGLE_TEXT_LENGTH = 4_096;

/** The only member if it is a text, such as the current page; null if there are more members, or if it is very long. */
function singleText(metadata: JsonObject): string | null {
  let only: string | null = null;
  for (const key in metadata) {
    const value = metadata[key];
    if (only !== null || typeof value !== 'string' || value.length > MAX_SINGLE_TEXT_LENGTH) return null;
    only = value;
  }
  return only;
}
