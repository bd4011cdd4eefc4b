import type { CanonicalJsonWriter } from '../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject, sameJson } from '../base/json.ts';
import { flattenRope } from '../base/strings.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { idText } from '../tables/columnText.ts';
import type { PartialRow } from '../tables/memberWriter.ts';
import type { CollectPlan } from './CollectPlan.ts';
import type { EventIdentity } from './EventIdentity.ts';

/** What a user puts into each of its events' documents. */
export interface UserPart {
  /** Stands for the whole user in its events' identities, between commas: their texts stay short. */
  readonly identity: string;
  /** Members of the unit columns and all custom IDs, and the opening of the event's time. */
  readonly units: string;
  /** Closes the event's time; members from `received_at` to the user, by table. */
  readonly received: Record<ForwardedKind, string>;
}

/**
 * Longest user that is looked up among those before it, as JSON. V8 takes the length of a text of 16,384 characters and
 * more for its hash: a map would compare each such user with all others of that length.
 */
const LONGEST_USER = 8_192;

/** Writes each user of a batch once: the events of a batch come from few, and mostly one after another. */
export class UserParts {
  readonly #json: CanonicalJsonWriter;
  readonly #plan: CollectPlan;
  readonly #identity: EventIdentity;
  readonly #received: string;
  readonly #stableId: string | null;
  readonly #environment: string | null;
  readonly #known = new Map<string, UserPart>();
  #lastUser: JsonObject | null = null;
  #last: UserPart | undefined;

  /**
   * @param identity Of the events whose users they are.
   * @param received Member of the time received, which stands between what the user puts there.
   * @param stableId The sender's own stable ID, for users that have none.
   * @param environment The key's own environment, for users without a tier.
   */
  constructor(
    json: CanonicalJsonWriter,
    plan: CollectPlan,
    identity: EventIdentity,
    received: string,
    stableId: string | null,
    environment: string | null,
  ) {
    this.#json = json;
    this.#plan = plan;
    this.#identity = identity;
    this.#received = received;
    this.#stableId = stableId;
    this.#environment = environment;
  }

  get(user: JsonObject | null): UserPart {
    if (this.#last !== undefined && sameJson(user, this.#lastUser)) return this.#last;
    const nested = this.#json.write(user);
    const isShort = nested.length <= LONGEST_USER;
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
    // The digest stays that of the user as sent: see BatchWalk on identity.
    const stored = redaction === null ? user : redaction.user(user, this.#json);
    const customIds = stored?.['customIDs'];
    const all = isEmptyJson(customIds) ? null : this.#json.write(customIds);
    // Both tables have the same unit columns, in the same order.
    const units = exposures.units(userColumns(stored, unitIds, this.#stableId));
    // The tier says nothing of a person, and without it a row would pass for production's.
    const environment = exposures.environment({ environment: environmentOf(user, this.#environment) });
    const json =
      stored === null || isEmptyJson(stored) ? null : stored === user ? nested : this.#json.write(stored);
    return {
      identity: `,${this.#identity.digest(nested)},`,
      // Both tables open the time in the same way, too.
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
 * @param deviceStableId The sender's own stable ID: client SDKs keep theirs in the batch, not in the user.
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

/** Statsig looks a unit ID up as it is written, then without regard to case: server-core StatsigUser. */
function customId(customIds: JsonObject | null, unitId: string): string | null {
  if (customIds === null) return null;
  if (Object.hasOwn(customIds, unitId)) return idText(customIds[unitId]);
  const folded = unitId.toLowerCase();
  const key = Object.keys(customIds).find((name) => name.toLowerCase() === folded);
  return key === undefined ? null : idText(customIds[key]);
}

/** Tier of rows whose sender named none: Statsig takes an absent tier for production. */
const DEFAULT_ENVIRONMENT = 'production';

/**
 * The tier a user's SDK ran in.
 *
 * @param byDefault The key's own, for users without one.
 */
function environmentOf(user: JsonObject | null, byDefault: string | null): string {
  const environment = user?.['statsigEnvironment'];
  return (isJsonObject(environment) ? idText(environment['tier']) : null) ?? byDefault ?? DEFAULT_ENVIRONMENT;
}
