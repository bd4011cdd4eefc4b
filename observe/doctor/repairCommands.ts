import type { Resource } from '../../infra/template/Resource.ts';
import { valueAt } from '../../lib/base/json.ts';
import { revertDriftWords } from '../deploymentCommands.ts';
import type { DoctorContext } from './DoctorContext.ts';

/**
 * Commands that create a database as the template has it. Databases and tables are repaired in Glue, with one call each:
 * the stack refers to them by name, so they belong to it again.
 *
 * @param expected The resource of the template, and its logical ID. No commands if the stack does not have it: then a
 *   deployment creates it.
 */
export async function createDatabaseCommands(
  doctor: DoctorContext,
  expected: TemplateResource,
): Promise<readonly string[]> {
  if (!(await doctor.resources()).has(expected.logicalId)) return [];
  const input = JSON.stringify(valueAt(expected.resource, ['Properties', 'DatabaseInput']));
  return [await doctor.command(['glue', 'create-database', '--database-input', input])];
}

/** A resource of the template whose input holds texts only, no intrinsic functions. */
export interface TemplateResource {
  readonly logicalId: string;
  readonly resource: Resource | undefined;
}

/**
 * Commands that create or restore a table or a view as the template has it. Partition keys cannot be changed: a table with
 * other ones is dropped first, which does not delete its files.
 *
 * @param how `create` if it does not exist, `update`, or `replace`.
 */
export async function repairTableCommands(
  doctor: DoctorContext,
  expected: TemplateResource,
  how: 'create' | 'update' | 'replace',
): Promise<readonly string[]> {
  if (!(await doctor.resources()).has(expected.logicalId)) return [];
  const { database } = await doctor.config();
  const input = valueAt(expected.resource, ['Properties', 'TableInput']);
  const of = ['--database-name', database];
  const name = String(valueAt(input, ['Name']));
  const put = (verb: string) => ['glue', verb, ...of, '--table-input', JSON.stringify(input)];
  const commands = {
    create: [put('create-table')],
    update: [put('update-table')],
    replace: [['glue', 'delete-table', ...of, '--name', name], put('create-table')],
  };
  return Promise.all(commands[how].map((words) => doctor.command(words)));
}

/**
 * Commands that make CloudFormation recreate what was deleted manually and revert what was changed manually: they create a
 * change set that compares the template with the resources, show it, and execute it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
 *
 * @param logicalId What is missing or differs. No commands if the stack does not have it: then a deployment creates it. No
 *   commands for the local cloud either, which recreates everything when it starts.
 */
export async function revertDriftCommands(
  doctor: DoctorContext,
  logicalId: string,
): Promise<readonly string[]> {
  if (doctor.isLocal || !(await doctor.resources()).has(logicalId)) return [];
  return Promise.all(revertDriftWords(doctor.stackName).map((words) => doctor.command(words)));
}
