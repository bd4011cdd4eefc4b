import type { Resource } from '../../infra/template/Resource.ts';
import { valueAt } from '../../lib/base/json.ts';
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

/** CloudFormation deletes the change set after it was executed. */
const CHANGE_SET = 'sluice-repair';

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
  if (doctor.local || !(await doctor.resources()).has(logicalId)) return [];
  return Promise.all(revertDriftWords(doctor.stackName).map((words) => doctor.command(words)));
}

/** The words after `aws` of each command. */
export function revertDriftWords(stackName: string): readonly (readonly string[])[] {
  const of = ['--stack-name', stackName, '--change-set-name', CHANGE_SET];
  const shown = 'Changes[].ResourceChange.[Action,LogicalResourceId,PhysicalResourceId]';
  return [
    [
      ...['cloudformation', 'create-change-set', ...of, '--use-previous-template'],
      ...['--deployment-mode', 'REVERT_DRIFT', '--capabilities', 'CAPABILITY_NAMED_IAM'],
    ],
    ['cloudformation', 'wait', 'change-set-create-complete', ...of],
    ['cloudformation', 'describe-change-set', ...of, '--query', shown, '--output', 'table'],
    ['cloudformation', 'execute-change-set', ...of],
  ];
}
