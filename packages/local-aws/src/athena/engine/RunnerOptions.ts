import type { Clock } from '../../../../../lib/time/Clock.ts';
import type { Catalog } from '../../glue/Catalog.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import type { PreparedStatements } from './StatementRunner.ts';

/** What statements are run on. */
export interface RunnerOptions {
  readonly catalog: Catalog;
  /** Where tables' objects are, and where CTAS, INSERT and UNLOAD write. */
  readonly store: ObjectStore;
  readonly prepared: PreparedStatements;
  /** For `current_timestamp`. */
  readonly clock: Clock;
  /** A folder for what doesn't fit into memory and what is being written; emptied when the runner opens. */
  readonly directory: string;
}
