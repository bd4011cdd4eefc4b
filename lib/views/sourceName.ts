import type { Config } from '../config/configSchema.ts';
import { quoteName } from '../sql/quoteName.ts';

/** A table or view of the configured database as views name it: always with its database. */
export function sourceName(config: Pick<Config, 'database'>, name: string): string {
  return `${quoteName(config.database)}.${quoteName(name)}`;
}
