import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';
import { idText } from './idText.ts';

/** Tier of rows whose sender named none: Statsig takes an absent tier for production. */
const DEFAULT_ENVIRONMENT = 'production';

/**
 * The tier a user's SDK ran in.
 *
 * @param byDefault The key's own, for users without one.
 */
export function environmentOf(user: JsonObject | null, byDefault: string | null): string {
  const environment = user?.['statsigEnvironment'];
  return (isJsonObject(environment) ? idText(environment['tier']) : null) ?? byDefault ?? DEFAULT_ENVIRONMENT;
}
