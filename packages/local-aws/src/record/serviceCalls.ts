import { arnAt, type Place } from '../iam/Place.ts';
import type { Call, NeededPermission } from '../iam/RecordedCall.ts';
import type { Deployment } from '../template/Deployment.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { apiFunctions } from './apiFunctions.ts';
import { ruleTargets, scheduleTargets } from './eventTargets.ts';
import { roleTrusts } from './roleTrusts.ts';

/**
 * What AWS's services do by a deployment's wiring without being asked by anyone of ours: assume the roles they are
 * given, poll queues, write logs, send what rules and schedules say and what failed of it, invoke functions.
 */
export function serviceCalls(
  deployment: Pick<Deployment, 'functions' | 'eventSourceMappings'>,
  resolved: ResolvedTemplate,
  place: Place,
): Call[] {
  const roleOf = new Map(deployment.functions.map(({ name, role }) => [name, role]));
  const accountContext = { 'aws:SourceAccount': place.account };
  return [
    ...roleTrusts(resolved, place).map(({ service, role, context }) =>
      documented(service, 'sts', 'AssumeRole', [{ action: 'sts:AssumeRole', resource: role, context }]),
    ),
    // A group's ARN as CloudWatch checks it names the stream, for both actions.
    ...deployment.functions.flatMap(({ name, role }) => {
      const stream = arnAt(place, 'logs', `log-group:/aws/lambda/${name}:log-stream:local`);
      return ['CreateLogStream', 'PutLogEvents'].map((action) =>
        documented(role, 'logs', action, [plain(`logs:${action}`, stream)]),
      );
    }),
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    ...deployment.eventSourceMappings.flatMap(({ queueArn, functionName }) =>
      ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) =>
        documented(roleOf.get(functionName) ?? '', 'sqs', action, [plain(`sqs:${action}`, queueArn)]),
      ),
    ),
    ...ruleTargets(resolved).map(({ ruleArn, targetArn }) =>
      documented('events.amazonaws.com', 'sqs', 'SendMessage', [
        {
          action: 'sqs:SendMessage',
          resource: targetArn,
          context: { ...accountContext, 'aws:SourceArn': ruleArn },
        },
      ]),
    ),
    ...scheduleTargets(resolved).map(({ role, targetArn }) =>
      documented(role, 'sqs', 'SendMessage', [plain('sqs:SendMessage', targetArn)]),
    ),
    ...apiFunctions(resolved, place).map(({ functionArn, sourceArn }) =>
      documented('apigateway.amazonaws.com', 'lambda', 'Invoke', [
        {
          action: 'lambda:InvokeFunction',
          resource: functionArn,
          context: { ...accountContext, 'aws:SourceArn': sourceArn },
        },
      ]),
    ),
  ];
}

function plain(action: string, resource: string): NeededPermission {
  return { action, resource, context: {} };
}

function documented(
  principal: string,
  service: string,
  operation: string,
  permissions: readonly NeededPermission[],
): Call {
  return { principal, service, operation, permissions, basis: 'documented' };
}
