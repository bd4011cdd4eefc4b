import { holdsText, NO_HOLDS } from '../../lib/landing/hold/StreamHolds.ts';
import { consumeQueue, lambdaService, serviceRole, writeLogs } from '../roles/policies.ts';
import { type Resources, ref } from '../template/Resource.ts';
import { logicalIds, partName, type Stack, streamArns } from '../template/Stack.ts';
import { workQueue } from './queues.ts';
import { schedule } from './schedules.ts';

/** The timeout of the function in infra/serverless/service.ts. */
const HOLD_SECONDS = 60;
/** The next check comes after five minutes anyway. */
const HOLD_RECEIVES = 5;

/**
 * Resources that keep rows out of streams that may drop them: the secret that lists the held streams (lib/landing/hold
 * says why it is a secret), and the check that writes it every five minutes. CloudFormation writes the secret's value
 * only when the template changes it, so a deployment releases nothing.
 */
export function hold(stack: Stack): Resources {
  return {
    [logicalIds.holdsSecret]: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        Name: partName(stack, 'holds'),
        Description:
          'Which streams get no rows, because they deliver late; written by the check and `sluice hold`',
        SecretString: holdsText(NO_HOLDS),
      },
    },
    ...workQueue(stack, {
      part: 'hold',
      queue: logicalIds.holdQueue,
      deadLetters: logicalIds.holdDeadLetters,
      timeoutSeconds: HOLD_SECONDS,
      maxReceives: HOLD_RECEIVES,
    }),
    ...schedule({
      id: 'Hold',
      name: partName(stack, 'hold'),
      description: 'Holds streams that deliver late, and releases those that deliver again',
      expression: 'rate(5 minutes)',
      queue: logicalIds.holdQueue,
      deadLetters: logicalIds.holdDeadLetters,
      input: { sluice: 'check' },
      // The next check starts before a retry would help. The minimum of AWS is a minute.
      oldestSeconds: 60,
      attempts: 0,
    }),
    [logicalIds.holdRole]: serviceRole(lambdaService, [
      writeLogs(stack, 'hold'),
      // CloudWatch has no resources for metrics.
      { Action: ['cloudwatch:GetMetricData'], Resource: ['*'] },
      {
        Action: [
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        Resource: [ref(logicalIds.holdsSecret)],
      },
      { Action: ['firehose:PutRecord'], Resource: streamArns(stack) },
      consumeQueue(logicalIds.holdQueue),
    ]),
  };
}
