import type { Deployment } from '../template/Deployment.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { arnAt, type Place } from './Place.ts';
import type { Call, NeededPermission } from './RecordedCall.ts';
import { apiFunctions, roleTrusts, ruleTargets, scheduleTargets } from './wiring.ts';

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
    ...deployment.functions.map(({ name, role }) =>
      documented(role, 'logs', 'PutLogEvents', logNeeds(place, `/aws/lambda/${name}`, 'local')),
    ),
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    ...deployment.eventSourceMappings.map(({ queueArn, functionName }) =>
      documented(
        roleOf.get(functionName) ?? '',
        'sqs',
        'ReceiveMessage',
        ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((name) =>
          plain(`sqs:${name}`, queueArn),
        ),
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

/** A group's ARN as CloudWatch checks it names the stream, for both actions. */
function logNeeds(place: Place, group: string, stream: string): NeededPermission[] {
  const resource = arnAt(place, 'logs', `log-group:${group}:log-stream:${stream}`);
  return [plain('logs:CreateLogStream', resource), plain('logs:PutLogEvents', resource)];
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
