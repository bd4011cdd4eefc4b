import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';
import type { PartialRow } from '../tables/memberWriter.ts';
import { idText } from './idText.ts';

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
