import { memberOf } from '../base/memberOf.ts';
import { arnAt, type Place } from './Place.ts';
import type { NeededPermission } from './RecordedCall.ts';

/** Operations that are about a database and are given its name as `Name`; what Athena creates is told so, too. */
const OF_DATABASE = new Set(['GetDatabase', 'CreateDatabase', 'UpdateDatabase', 'DeleteDatabase']);
/** Operations whose `Name` is a table's; what Athena creates and changes is told so, too. */
const OF_TABLE = new Set([
  'GetTable',
  'CreateTable',
  'UpdateTable',
  'DeleteTable',
  'GetTableVersion',
  'GetTableVersions',
]);

/**
 * Glue checks the catalog, the database and the table, each by itself; a list of tables needs every table of the
 * database. https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function glueNeeds(operation: string, input: unknown, place: Place): NeededPermission[] {
  const named = (name: string) => memberOf(input, name);
  const database =
    named('DatabaseName') ??
    (OF_DATABASE.has(operation) ? named('Name') : undefined) ??
    inner(input, 'DatabaseInput');
  const table =
    named('TableName') ?? (OF_TABLE.has(operation) ? named('Name') : undefined) ?? inner(input, 'TableInput');
  const resources = ['catalog'];
  if (operation === 'GetDatabases') resources.push('database/*');
  if (database !== undefined) resources.push(`database/${database}`);
  if (database !== undefined && operation === 'GetTables') resources.push(`table/${database}/*`);
  if (database !== undefined && table !== undefined) resources.push(`table/${database}/${table}`);
  return resources.map((resource) => ({
    action: `glue:${operation}`,
    resource: arnAt(place, 'glue', resource),
    context: {},
  }));
}

function inner(input: unknown, member: string): string | undefined {
  return typeof input === 'object' && input !== null
    ? memberOf(Reflect.get(input, member), 'Name')
    : undefined;
}
