import type { Resource } from '../../infra/template/Resource.ts';
import { valueAt } from '../../lib/base/json.ts';
import type { DoctorContext } from './DoctorContext.ts';

/**
 * Commands that make a database as the template has it. Databases and tables are mended in Glue, by one call each: the
 * stack knows them by their names, and finds them again.
 *
 * @param made The resource of the template, and its logical ID. No commands where the stack doesn't have it, for then a
 *   deployment makes it.
 */
export async function createDatabaseCommands(
  doctor: DoctorContext,
  made: TemplateResource,
): Promise<readonly string[]> {
  if (!(await doctor.resources()).has(made.logicalId)) return [];
  const input = JSON.stringify(valueAt(made.resource, ['Properties', 'DatabaseInput']));
  return [await doctor.command(['glue', 'create-database', '--database-input', input])];
}

/** A resource of the template, its texts without intrinsics as far as its input goes. */
export interface TemplateResource {
  readonly logicalId: string;
  readonly resource: Resource | undefined;
}

/**
 * Commands that make a table or a view as the template has it, or make it that again. What it is partitioned by can't
 * be changed: such a table is dropped first, which leaves its files alone.
 *
 * @param how `create` where there is none, `update`, or `replace`.
 */
export async function repairTableCommands(
  doctor: DoctorContext,
  made: TemplateResource,
  how: 'create' | 'update' | 'replace',
): Promise<readonly string[]> {
  if (!(await doctor.resources()).has(made.logicalId)) return [];
  const { database } = await doctor.config();
  const input = valueAt(made.resource, ['Properties', 'TableInput']);
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

/** Its change set goes by itself once it was executed. */
const CHANGE_SET = 'sluice-mend';

/**
 * Commands that have CloudFormation make again what somebody deleted and set back what somebody changed: it makes a
 * change set that compares the template with what is there, shows it, and executes it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
 *
 * @param logicalId What is missing or differs. No commands where the stack doesn't have it, for then a deployment makes
 *   it; nor for the local cloud, which makes everything anew when it starts.
 */
export async function revertDriftCommands(
  doctor: DoctorContext,
  logicalId: string,
): Promise<readonly string[]> {
  if (doctor.local || !(await doctor.resources()).has(logicalId)) return [];
  return Promise.all(revertDriftWords(doctor.stackName).map((words) => doctor.command(words)));
}

/** The words after `aws` of each of the commands. */
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
