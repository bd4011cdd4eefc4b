import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { tableFolders } from '../../lib/tables/tableFolders.ts';
import { curateRoles } from '../roles/curateRoles.ts';
import { objectCreatedRule, queueRule } from '../streams/objectCreatedRules.ts';
import { workQueue } from '../streams/queues.ts';
import { schedule } from '../streams/schedules.ts';
import { type Resource, type Resources, ref } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';

/**
 * The resources of curated days, except tables and alarms: the queues of the plan and of the function that curates, the
 * rules and schedules that send to them, and the roles of the functions. There are none without `curate: true`.
 */
export function curateResources(stack: Stack): Resources {
  if (!stack.config.curate) return {};
  return {
    ...workQueue(stack, 'curate-plan', { rules: [logicalIds.rawFilesRule, logicalIds.stackRule] }),
    ...workQueue(stack, 'curate'),
    [logicalIds.rawFilesRule]: objectCreatedRule(stack, {
      name: 'curate-raw-files',
      description: 'New files of the raw tables: their day is read from there until it is curated again',
      prefixes: forwardedKinds.flatMap((kind) => tableFolders(stack.config, kind)),
      part: 'curate-plan',
    }),
    [logicalIds.stackRule]: stackRule(stack),
    ...curateSchedules(stack),
    ...curateRoles(stack),
  };
}

/**
 * The states in which a deployment ends that may have put views back to the template's text, in which no day is
 * curated. A stack that is created begins without curated days, unless its bucket existed before and has some.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-stack-event-status-codes
 */
const DEPLOYED = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'] as const;

/** The events of a stack: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html */
function stackRule(stack: Stack): Resource {
  const rule = {
    name: 'curate-stack',
    description: 'Deployments of this stack, after which the views have to name the curated days again',
    part: 'curate-plan',
  } as const;
  return queueRule(stack, rule, {
    source: ['aws.cloudformation'],
    'detail-type': ['CloudFormation Stack Status Change'],
    detail: {
      'stack-id': [ref('AWS::StackId')],
      'status-details': { status: DEPLOYED },
    },
  });
}

/** The name of the schedule of the nightly plan, without the stack's. */
export const CURATE_SCHEDULE = 'curate-days';

/**
 * The plan's daily run at 00:20 UTC, after the registrar's; its hourly check of raw files whose event was lost; and the
 * hourly deletion of versions that were replaced a day ago, by the function whose role may delete them.
 */
function curateSchedules(stack: Stack): Resources {
  return {
    ...schedule(stack, {
      id: 'CurateDaily',
      // The name is not `curate-daily`, because the registrar's schedule of a stage `<stage>-curate` has that name.
      name: CURATE_SCHEDULE,
      description: 'Finds days to curate',
      expression: 'cron(20 0 * * ? *)',
      interval: 'daily',
      part: 'curate-plan',
      input: { sluice: 'curate' },
    }),
    ...schedule(stack, {
      id: 'CurateHourly',
      name: 'curate-hourly',
      description: 'Compares curated days with their raw files',
      expression: 'cron(50 * * * ? *)',
      interval: 'hourly',
      part: 'curate-plan',
      input: { sluice: 'curate-check' },
    }),
    ...schedule(stack, {
      id: 'CurateSweep',
      name: 'curate-sweep',
      description: 'Deletes versions of curated days that were replaced a day ago',
      expression: 'cron(35 * * * ? *)',
      interval: 'hourly',
      part: 'curate',
      input: { sluice: 'sweep' },
    }),
  };
}
