import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { tableFolders } from '../../lib/tables/tableFolders.ts';
import { bucketName } from '../data/bucket.ts';
import { curateRoles } from '../roles/curateRoles.ts';
import { objectCreatedRule } from '../streams/objectCreatedRules.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule } from '../streams/schedules.ts';
import { getAtt, type Resource, type Resources, ref } from '../template/Resource.ts';
import { curateIds, partName, type Stack } from '../template/Stack.ts';

/**
 * The resources of curated days, except tables and alarms: the queues of the plan and of the function that curates, what
 * sends to them, and the roles of the functions. Nothing without `curate: true`.
 */
export function curateResources(stack: Stack): Resources {
  if (!stack.config.curate) return {};
  return {
    ...workQueue(stack, {
      part: 'curate-plan',
      queue: curateIds.planQueue,
      deadLetters: curateIds.planDeadLetters,
      rules: [curateIds.rawFilesRule, curateIds.stackRule],
    }),
    ...workQueue(stack, {
      part: 'curate',
      queue: curateIds.queue,
      deadLetters: curateIds.deadLetters,
    }),
    [curateIds.rawFilesRule]: objectCreatedRule({
      name: partName(stack, 'curate-raw-files'),
      description: 'New files of the raw tables: their day is read from there until it is curated again',
      bucket: bucketName(stack),
      prefixes: forwardedKinds.flatMap((kind) => tableFolders(stack.config, kind)),
      target: 'curate-plan',
      queue: curateIds.planQueue,
      deadLetters: curateIds.planDeadLetters,
    }),
    [curateIds.stackRule]: stackRule(stack),
    ...curateSchedules(stack),
    ...curateRoles(stack),
  };
}

/**
 * Ends of a deployment that may have put views back to the template's text, in which no day is curated. A stack that is
 * created begins without curated days, and has some if its bucket existed before.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-stack-event-status-codes
 */
const DEPLOYED = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'] as const;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html */
function stackRule(stack: Stack): Resource {
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: partName(stack, 'curate-stack'),
      Description: 'Deployments of this stack, after which the views have to name the curated days again',
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.cloudformation'],
        'detail-type': ['CloudFormation Stack Status Change'],
        detail: {
          'stack-id': [ref('AWS::StackId')],
          'status-details': { status: [...DEPLOYED] },
        },
      },
      Targets: [
        {
          Id: 'curate-plan',
          Arn: getAtt(curateIds.planQueue),
          DeadLetterConfig: { Arn: getAtt(curateIds.planDeadLetters) },
        },
      ],
    },
  };
}

/**
 * The plan's daily run at 00:20 UTC, after the registrar's, its hourly check of raw files whose event was lost, and the
 * hourly deletion of versions that were replaced a day ago, by the function whose role may delete them.
 */
function curateSchedules(stack: Stack): Resources {
  const toPlan = { queue: curateIds.planQueue, deadLetters: curateIds.planDeadLetters };
  return {
    ...schedule({
      id: 'CurateDaily',
      // Not `curate-daily`: a stage `<stage>-curate` would have the registrar's schedule under that name.
      name: partName(stack, 'curate-days'),
      description: 'Finds days to curate',
      expression: 'cron(20 0 * * ? *)',
      retries: 'hour',
      ...toPlan,
      input: { sluice: 'curate' },
    }),
    ...schedule({
      id: 'CurateHourly',
      name: partName(stack, 'curate-hourly'),
      description: 'Compares curated days with their raw files',
      expression: 'cron(50 * * * ? *)',
      retries: 'halfHour',
      ...toPlan,
      input: { sluice: 'curate-check' },
    }),
    ...schedule({
      id: 'CurateSweep',
      name: partName(stack, 'curate-sweep'),
      description: 'Deletes versions of curated days that were replaced a day ago',
      expression: 'cron(35 * * * ? *)',
      retries: 'halfHour',
      queue: curateIds.queue,
      deadLetters: curateIds.deadLetters,
      input: { sluice: 'sweep' },
    }),
  };
}
