import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';
import { SortedMembers } from '../json/SortedMembers.ts';
import type { PartialRow } from '../tables/memberWriter.ts';
import { scalarText } from './scalarText.ts';

/** Tier of rows whose sender named none: Statsig takes an absent tier for production. */
const DEFAULT_ENVIRONMENT = 'production';

/**
 * The unit columns of a user: `user_id`, `stable_id` and one for each configured unit ID.
 *
 * @param unitIds Unit ID and column, as configured.
 * @param deviceStableId The sender's own stable ID: client SDKs keep theirs in the batch, not in the user.
 */
export function userColumns(
  user: JsonObject | null,
  unitIds: readonly (readonly [unitId: string, column: string])[],
  deviceStableId: string | null,
): PartialRow {
  const customIds = isJsonObject(user?.['customIDs']) ? user['customIDs'] : null;
  const row: Record<string, string | null> = {
    user_id: id(user?.['userID']),
    stable_id: customId(customIds, 'stableID') ?? deviceStableId,
  };
  for (const [unitId, column] of unitIds) row[column] = customId(customIds, unitId);
  return row;
}

/** The user without what must never be stored: SDKs strip it, a hand-made request may not. */
export function withoutPrivateAttributes(user: JsonObject | null): JsonObject | null {
  if (user === null || !Object.hasOwn(user, 'privateAttributes')) return user;
  const { privateAttributes: _stripped, ...kept } = user;
  return kept;
}

/** Exposure metadata whose `bootstrapMetadata` repeats the user that js-client was bootstrapped for. */
export function withoutPrivateBootstrap(metadata: SortedMembers): SortedMembers {
  const bootstrap = metadata.get('bootstrapMetadata');
  if (!isJsonObject(bootstrap) || !isJsonObject(bootstrap['user'])) return metadata;
  const bootstrapMetadata = { ...bootstrap, user: withoutPrivateAttributes(bootstrap['user']) };
  const { keys, values } = metadata;
  return new SortedMembers({
    ...Object.fromEntries(keys.map((key, i) => [key, values[i]])),
    bootstrapMetadata,
  });
}

/**
 * The tier a user's SDK ran in.
 *
 * @param byDefault The key's own, for users without one.
 */
export function environmentOf(user: JsonObject | null, byDefault: string | null): string {
  const environment = user?.['statsigEnvironment'];
  return (isJsonObject(environment) ? id(environment['tier']) : null) ?? byDefault ?? DEFAULT_ENVIRONMENT;
}

/** Statsig looks a unit ID up as it is written, then without regard to case: server-core StatsigUser. */
function customId(customIds: JsonObject | null, unitId: string): string | null {
  if (customIds === null) return null;
  if (Object.hasOwn(customIds, unitId)) return id(customIds[unitId]);
  const folded = unitId.toLowerCase();
  const key = Object.keys(customIds).find((name) => name.toLowerCase() === folded);
  return key === undefined ? null : id(customIds[key]);
}

/** An empty ID identifies nobody. */
export function id(value: unknown): string | null {
  const text = scalarText(value);
  return text === '' ? null : text;
}
