import type { Visit } from './Visit.ts';

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
export async function mendStack(visit: Visit, logicalId: string): Promise<readonly string[]> {
  if (visit.local || !(await visit.resources()).has(logicalId)) return [];
  return Promise.all(mendWords(visit.stackName).map((words) => visit.command(words)));
}

/** The words after `aws` of each of the commands. */
export function mendWords(stackName: string): readonly (readonly string[])[] {
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
