import { hash } from 'node:crypto';
import { flatten } from '../json/flatten.ts';
import { isEmptyJson } from '../json/isEmptyJson.ts';
import type { JsonObject } from '../json/JsonObject.ts';
import type { NestedJson } from '../json/NestedJson.ts';
import { sameJson } from '../json/sameJson.ts';
import type { ForwardedKind } from '../tables/Table.ts';
import type { CollectPlan } from './CollectPlan.ts';
import { environmentOf } from './environmentOf.ts';
import { userColumns } from './userColumns.ts';

/** What a user puts into each of its events' documents. */
export interface UserPart {
  /** Stands for the whole user in its events' identities, between commas: their texts stay short. */
  readonly identity: string;
  /** Members of the unit columns and all custom IDs. */
  readonly units: string;
  /** Members of environment and user, by table. */
  readonly user: Record<ForwardedKind, string>;
}

/** Writes each user of a batch once: the events of a batch come from few, and mostly one after another. */
export class UserParts {
  readonly #json: NestedJson;
  readonly #plan: CollectPlan;
  readonly #stableId: string | null;
  readonly #environment: string | null;
  readonly #known = new Map<string, UserPart>();
  #lastUser: JsonObject | null = null;
  #last: UserPart | undefined;

  /**
   * @param stableId The sender's own stable ID, for users that have none.
   * @param environment The key's own environment, for users without a tier.
   */
  constructor(json: NestedJson, plan: CollectPlan, stableId: string | null, environment: string | null) {
    this.#json = json;
    this.#plan = plan;
    this.#stableId = stableId;
    this.#environment = environment;
  }

  get(user: JsonObject | null): UserPart {
    if (this.#last !== undefined && sameJson(user, this.#lastUser)) return this.#last;
    const nested = this.#json.write(user);
    let part = this.#known.get(nested);
    if (part === undefined) {
      part = this.#write(user, nested);
      this.#known.set(nested, part);
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
    const json = stored === null ? null : stored === user ? nested : this.#json.write(stored);
    return {
      identity: `,${hash('sha256', nested, 'base64url')},`,
      units: flatten(units + exposures.customIds(all)),
      user: {
        exposures: flatten(environment + exposures.user(json)),
        events: flatten(environment + events.user(json)),
      },
    };
  }
}
