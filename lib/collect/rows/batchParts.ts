import { type CanonicalJsonWriter, DepthError } from '../../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject, sameJson } from '../../base/json.ts';
import { flattenRope } from '../../base/strings.ts';
import { idText } from '../../tables/memberWriter.ts';
import type { unitColumns } from '../../tables/sharedColumns.ts';
import type { RowOf } from '../../tables/Table.ts';
import { RequestError } from '../../wire/RequestError.ts';
import { type EventIdentity, hasUserId } from './eventIds.ts';
import type { CollectPlan } from './plan.ts';
import type { BatchSender, Sender } from './sender.ts';

/** The parts of rows that come from the user. */
interface UserPart {
  /** Represents the whole user, and the sender of one without an ID, in the identities of its events, between commas. */
  readonly identity: string;
  /** Members of the unit columns and all custom IDs. */
  readonly units: string;
  /** Members from `received_at` to the user, of a row of the exposures table. */
  readonly exposures: string;
  /** Members from `received_at` to the user, of a row of the events table. */
  readonly events: string;
}

/** Writes the user of an event. */
export class UserParts {
  readonly #json: CanonicalJsonWriter;
  readonly #plan: CollectPlan;
  readonly #identity: EventIdentity;
  readonly #receivedAt: number;
  readonly #sender: BatchSender;
  readonly #environment: string | null;
  #lastUser: JsonObject | null = null;
  #last: UserPart | undefined;

  constructor(
    json: CanonicalJsonWriter,
    plan: CollectPlan,
    identity: EventIdentity,
    { receivedAt, environment = null }: Sender,
    sender: BatchSender,
  ) {
    this.#json = json;
    this.#plan = plan;
    this.#identity = identity;
    this.#receivedAt = receivedAt;
    this.#sender = sender;
    this.#environment = environment;
  }

  /**
   * The parts for a user. The last ones are kept, as events of one user mostly follow each other: without that, 20 events
   * take 38 % longer.
   *
   * @throws DepthError
   */
  get(user: JsonObject | null): UserPart {
    if (this.#last !== undefined && sameJson(user, this.#lastUser)) return this.#last;
    this.#last = this.#write(user);
    this.#lastUser = user;
    return this.#last;
  }

  /** Writes the parts of rows that come from a user. */
  #write(user: JsonObject | null): UserPart {
    const { redaction, unitIds, columns } = this.#plan;
    const { units, customIds, receipt } = columns.shared;
    const nested = this.#json.write(user);
    // The digest is made from the user as sent: see BatchCollector on identity.
    const stored = redaction === null ? user : redaction.user(user, this.#json);
    const all = stored?.['customIDs'];
    const ids =
      units(userColumns(stored, unitIds, this.#sender.stableId)) +
      customIds({ custom_ids: isEmptyJson(all) ? null : this.#json.write(all) });
    // The tier is not personal, and a row without it would count as production.
    const received = receipt({
      received_at: this.#receivedAt,
      environment: readTier(user, this.#environment),
    });
    let json: string | null = null;
    if (!isEmptyJson(stored)) json = stored === user ? nested : this.#json.write(stored);
    return {
      identity: `,${this.#identity.digest(hasUserId(user) ? nested : nested + this.#sender.senderId)},`,
      units: flattenRope(ids),
      exposures: flattenRope(received + columns.exposures.user({ user_dimensions: json })),
      events: flattenRope(received + columns.events.user({ user_object: json })),
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
): RowOf<typeof unitColumns> {
  const customIds = isJsonObject(user?.['customIDs']) ? user['customIDs'] : null;
  const row: RowOf<typeof unitColumns> & Record<string, string | null> = {
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

/** The parts of rows that come from the sender. */
interface SenderPart {
  /** The event's own metadata, for its identity: the batch's metadata can change between resends. */
  readonly added: string;
  /** Members of `statsig_metadata` and the columns of session and SDK. */
  readonly members: string;
}

/**
 * Writes the sender's columns. `statsig_metadata` is the batch's metadata, overridden by the event's own. Undocumented
 * members go under its key `event`, or `event_` if the SDK already has a member of that name. Most events have no
 * metadata of their own, or only the current page.
 */
export class SenderParts {
  readonly #json: CanonicalJsonWriter;
  readonly #plan: CollectPlan;
  readonly #batchMetadata: JsonObject;
  /** Members of session and SDK. */
  readonly #columns: string;
  /** `,"statsig_metadata":"{…,`: the batch's metadata, to be completed with the event's. */
  readonly #opening: string;
  /** Closes that column; the other columns. */
  readonly #closing: string;
  readonly #plain: SenderPart;

  /** @throws DepthError */
  constructor(
    json: CanonicalJsonWriter,
    plan: CollectPlan,
    batchMetadata: JsonObject | null,
    sender: BatchSender,
  ) {
    this.#json = json;
    this.#plan = plan;
    const { redaction } = plan;
    const shown =
      redaction === null ? batchMetadata : redaction.member('statsigMetadata', batchMetadata, json);
    const stored = isJsonObject(shown) ? shown : null;
    this.#batchMetadata = stored ?? {};
    const { senderMetadata } = plan.columns.shared;
    this.#columns = plan.columns.shared.sdk({
      session_id: sender.sessionId,
      sdk_type: sender.sdkType,
      sdk_version: sender.sdkVersion,
    });
    const own = isEmptyJson(stored) ? null : json.write(stored);
    this.#plain = {
      added: 'null',
      members: flattenRope(senderMetadata({ statsig_metadata: own }) + this.#columns),
    };
    const opening = own === null ? '{' : `${own.slice(0, -1)},`;
    this.#closing = flattenRope(`"${this.#columns}`);
    this.#opening = flattenRope(senderMetadata({ statsig_metadata: opening }).slice(0, -1));
  }

  /**
   * What an event's row and identity have of its sender.
   *
   * @param metadata The event's own metadata of its sender.
   * @param extras Undocumented members of the event.
   * @throws DepthError
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
      if (isJsonObject(metadata) && this.#onlyAdds(metadata)) {
        const added = this.#json.write(metadata);
        return { added, members: this.#opening + added.slice(1) + this.#closing };
      }
    }
    const undocumented =
      isEmptyJson(metadata) || isJsonObject(metadata) ? extras : { ...extras, statsigMetadata: metadata };
    const named = { ...this.#batchMetadata, ...(isJsonObject(metadata) ? metadata : null) };
    const all = undocumented === null ? named : { ...named, [unusedKey(named)]: undocumented };
    return {
      added: this.#added(metadata, extras),
      members:
        this.#plan.columns.shared.senderMetadata({ statsig_metadata: this.#json.write(all) }) + this.#columns,
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
}

/**
 * The parts of rows that all events of a batch share.
 *
 * @throws RequestError `SLUICE_BODY_WRONG_SHAPE` when the batch's own metadata is nested too deeply.
 */
export function senderParts(
  json: CanonicalJsonWriter,
  plan: CollectPlan,
  batchMetadata: JsonObject | null,
  sender: BatchSender,
): SenderParts {
  try {
    return new SenderParts(json, plan, batchMetadata, sender);
  } catch (error) {
    if (!(error instanceof DepthError)) throw error;
    throw new RequestError('SLUICE_BODY_WRONG_SHAPE', 'statsigMetadata is nested too deeply.');
  }
}

/** The key for undocumented members: `event`, with as many underscores as needed to be unused. */
function unusedKey(named: JsonObject): string {
  let key = 'event';
  while (Object.hasOwn(named, key)) key += '_';
  return key;
}
