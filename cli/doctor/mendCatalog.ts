import type { Resource } from '../../infra/Resource.ts';
import { valueAt } from '../../lib/json/valueAt.ts';
import type { Visit } from './Visit.ts';

/**
 * Commands that make a database as the template has it. Databases and tables are mended in Glue, by one call each: the
 * stack knows them by their names, and finds them again.
 *
 * @param made The resource of the template, and its logical ID. No commands where the stack doesn't have it, for then a
 *   deployment makes it.
 */
export async function mendDatabase(visit: Visit, made: Made): Promise<readonly string[]> {
  if (!(await visit.resources()).has(made.logicalId)) return [];
  const input = JSON.stringify(valueAt(made.resource, ['Properties', 'DatabaseInput']));
  return [await visit.command(['glue', 'create-database', '--database-input', input])];
}

/** A resource of the template, its texts without intrinsics as far as its input goes. */
export interface Made {
  readonly logicalId: string;
  readonly resource: Resource | undefined;
}

/**
 * Commands that make a table or a view as the template has it, or make it that again. What it is partitioned by can't
 * be changed: such a table is dropped first, which leaves its files alone.
 *
 * @param how `create` where there is none, `update`, or `replace`.
 */
export async function mendTable(
  visit: Visit,
  made: Made,
  how: 'create' | 'update' | 'replace',
): Promise<readonly string[]> {
  if (!(await visit.resources()).has(made.logicalId)) return [];
  const { database } = await visit.config();
  const input = valueAt(made.resource, ['Properties', 'TableInput']);
  const of = ['--database-name', database];
  const name = String(valueAt(input, ['Name']));
  const put = (verb: string) => ['glue', verb, ...of, '--table-input', JSON.stringify(input)];
  const commands = {
    create: [put('create-table')],
    update: [put('update-table')],
    replace: [['glue', 'delete-table', ...of, '--name', name], put('create-table')],
  };
  return Promise.all(commands[how].map((words) => visit.command(words)));
}
