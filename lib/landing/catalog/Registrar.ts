import type { Config } from '../../config/configSchema.ts';
import type { DayFolders } from './DayFolders.ts';
import type { KnownPartitions } from './KnownPartitions.ts';
import type { RegistrarTarget } from './registerPartitions.ts';

/** All that one invocation of the registrar works with. */
export interface Registrar extends RegistrarTarget {
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database'>;
  readonly folders: DayFolders;
  /** Lives as long as the function is warm. */
  readonly known: KnownPartitions;
  readonly log: (fields: Record<string, unknown>) => void;
}
