import type { TableEntry } from '../../glue/index.ts';
import { statementError } from '../engine/StatementError.ts';
import type { SessionColumn } from '../engine/tableSql.ts';
import { type KeyProjection, readKeyProjection } from './keyProjections.ts';

/** The partitions that a table's properties describe, in place of those in Glue. */
export interface Projection {
  /** In the order of the partition keys. */
  readonly keys: readonly KeyProjection[];
  /** The `s3://` location of the partition with these values. */
  readonly locationOf: (values: readonly string[]) => string;
}

/** Whether Athena computes the partitions of a table. It ignores the properties of a table without partition keys. */
export function isProjected({ input }: TableEntry): boolean {
  const { PartitionKeys = [], Parameters = {} } = input;
  return PartitionKeys.length > 0 && Parameters['projection.enabled']?.trim().toLowerCase() === 'true';
}

/**
 * Reads the partition projection of a table. https://docs.aws.amazon.com/athena/latest/ug/partition-projection-setting-up.html
 * The messages are of Trino's PartitionProjectionProperties (https://github.com/trinodb/trino).
 *
 * @param columns The table's partition keys.
 * @param now What `NOW` stands for, in epoch milliseconds.
 * @throws StatementError INVALID_TABLE_PROPERTY
 */
export function readProjection(
  { databaseName, input }: TableEntry,
  columns: readonly SessionColumn[],
  now: number,
): Projection {
  const { Parameters = {}, StorageDescriptor } = input;
  const property = (column: string, name: string) => Parameters[`projection.${column}.${name}`];
  const missing = columns.filter(({ name }) => property(name, 'type') === undefined);
  if (missing.length > 0)
    throw statementError(
      'INVALID_TABLE_PROPERTY',
      `Table ${databaseName}.${input.Name} is configured for partition projection, but the following partition columns are missing projection configuration: [${missing.map(({ name }) => name).join(', ')}]`,
    );
  const keys = columns.map((column) => readKeyProjection(column, (name) => property(column.name, name), now));
  const own = Parameters['storage.location.template'];
  const absent = columns.find(({ name }) => own !== undefined && !own.includes(placeholder(name)));
  if (absent !== undefined)
    throw statementError(
      'INVALID_TABLE_PROPERTY',
      `Partition projection location template: ${own} is missing partition column: '${absent.name}' placeholder`,
    );
  const folder = (StorageDescriptor?.Location ?? '').replace(/\/?$/, '/');
  const template = own ?? `${folder}${columns.map(({ name }) => `${name}=${placeholder(name)}`).join('/')}/`;
  return {
    keys,
    // Values are not escaped: clients write the folder of a time with its colons, and Athena finds it
    // (tests/unit/test_athena_projection.py in https://github.com/aws/aws-sdk-pandas).
    locationOf: (values) =>
      template.replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
        const index = columns.findIndex((column) => column.name === name);
        return keys[index]?.inLocation(values[index] ?? '') ?? whole;
      }),
  };
}

function placeholder(name: string): string {
  return `\${${name}}`;
}
