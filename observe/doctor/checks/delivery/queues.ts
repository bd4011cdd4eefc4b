import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { curateIds, exportIds, logicalIds, relayIds } from '../../../../infra/template/Stack.ts';
import { type Finding, finding } from '../../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../../askAws.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { revertDriftCommands } from '../../repairCommands.ts';
import type { Check } from '../../runChecks.ts';

/** Dead-letter queues must be empty; the others must exist. */
const QUEUES = [
  { logicalId: logicalIds.queue, deadLetters: false },
  { logicalId: logicalIds.writeQueue, deadLetters: false },
  { logicalId: logicalIds.deadLetters, deadLetters: true },
  { logicalId: logicalIds.writeDeadLetters, deadLetters: true },
] as const;

/** Queues that exist with `sources`, with `exports`, with `curate`, and with `relay`. */
const INGEST_QUEUES = [
  { logicalId: logicalIds.planQueue, deadLetters: false },
  { logicalId: logicalIds.loadQueue, deadLetters: false },
  { logicalId: logicalIds.planDeadLetters, deadLetters: true },
  { logicalId: logicalIds.loadDeadLetters, deadLetters: true },
] as const;
const EXPORT_QUEUES = [
  { logicalId: exportIds.queue, deadLetters: false },
  { logicalId: exportIds.deadLetters, deadLetters: true },
] as const;

const CURATE_QUEUES = [
  { logicalId: curateIds.planQueue, deadLetters: false },
  { logicalId: curateIds.queue, deadLetters: false },
  { logicalId: curateIds.planDeadLetters, deadLetters: true },
  { logicalId: curateIds.deadLetters, deadLetters: true },
] as const;

const RELAY_QUEUES = [
  { logicalId: relayIds.queue, deadLetters: false },
  { logicalId: relayIds.deadLetters, deadLetters: true },
] as const;

interface WatchedQueue {
  readonly logicalId: string;
  /** Whether it must be empty. */
  readonly deadLetters: boolean;
}

/** The queues and their dead-letter queues. */
export const queues: Check = {
  name: 'queues',
  expects: 'the queues exist, and their dead-letter queues are empty',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_DEAD_LETTERS'],
  permissions: ['sqs:GetQueueAttributes', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const config = await doctor.config();
    const there: readonly WatchedQueue[] = [
      ...QUEUES,
      ...(config.sources.length > 0 ? INGEST_QUEUES : []),
      ...(config.exports.length > 0 ? EXPORT_QUEUES : []),
      ...(config.curate ? CURATE_QUEUES : []),
      ...(config.relay === undefined ? [] : RELAY_QUEUES),
    ];
    return checkEach(
      there,
      (queue) => judgeQueue(doctor, queue),
      (impossible) => impossible.finding,
    );
  },
};

async function judgeQueue(
  doctor: DoctorContext,
  { logicalId, deadLetters }: WatchedQueue,
): Promise<Finding[]> {
  const QueueUrl = (await doctor.resources()).get(logicalId)?.physicalId;
  if (QueueUrl === undefined) return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The queue ${logicalId}.`)];
  const { sqs } = await doctor.clients();
  const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
  try {
    const { Attributes = {} } = await doctor.ask('sqs:GetQueueAttributes', () =>
      sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: [
            'QueueArn',
            'ApproximateNumberOfMessages',
            'ApproximateNumberOfMessagesNotVisible',
          ],
        }),
      ),
    );
    const messages =
      Number(Attributes.ApproximateNumberOfMessages ?? 0) +
      Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0);
    if (!deadLetters || messages === 0) return [];
    const words = ['sqs', 'start-message-move-task', '--source-arn', Attributes.QueueArn ?? name];
    return [
      finding('SLUICE_DOCTOR_DEAD_LETTERS', `${name}: about ${messages}.`, [await doctor.command(words)]),
    ];
  } catch (error) {
    if (!isAwsError(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue')) throw error;
    const commands = await revertDriftCommands(doctor, logicalId);
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The queue ${name}.`, commands)];
  }
}
