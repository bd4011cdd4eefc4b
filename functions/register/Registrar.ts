import type { DayFolders } from '../../lib/catalog/DayFolders.ts';
import type { KnownPartitions } from '../../lib/catalog/KnownPartitions.ts';
import type { RegistrarTarget } from '../../lib/catalog/registerPartitions.ts';
import type { Config } from '../../lib/config/configSchema.ts';

/** All that one invocation of the registrar works with. */
export interface Registrar extends RegistrarTarget {
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database'>;
  readonly folders: DayFolders;
  /** Lives as long as the function is warm. */
  readonly known: KnownPartitions;
  readonly log: (fields: Record<string, unknown>) => void;
}
