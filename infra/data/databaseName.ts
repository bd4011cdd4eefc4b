import { ref } from '../template/intrinsics.ts';
import type { Value } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/** Name of the Glue database of the tables, the stack's own or brought. */
export function databaseName({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.database ? config.database : ref(logicalIds.database);
}

/** The same in the notation of `Fn::Sub`. */
export function databaseText({ config }: Pick<Stack, 'config'>): string {
  return config.existing.database ? config.database : `\${${logicalIds.database}}`;
}

/** Name of the Glue database that Statsig stages in, the stack's own or brought. */
export function stagingDatabaseName({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.stagingDatabase ? config.athena.stagingDatabase : ref(logicalIds.stagingDatabase);
}
