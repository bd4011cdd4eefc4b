import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { revertDriftWords } from '../../deploymentCommands.ts';
import { ifThere } from '../../explainAwsError.ts';
import type { Finding } from '../../findings/catalogue.ts';
import { type Look, missing, type Question, settled } from '../Look.ts';

/** The queues of the stack. `sluice status` says what is in those for dead letters. */
export const queuesLook: Look = {
  name: 'queues',
  expects: 'the queues exist',
  find: ({ isLocal, resources, sqs, stackName, commands }) =>
    settled(
      [...resources].flatMap(([logicalId, QueueUrl]): readonly Question[] => {
        // A mapping of a function to a queue has its name, too.
        if (!logicalId.endsWith('Queue') || !QueueUrl.startsWith('http')) return [];
        const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
        const revert = isLocal ? [] : revertDriftWords(stackName).map((words) => commands.aws(...words));
        const asked = ifThere(sqs.send(new GetQueueAttributesCommand({ QueueUrl })));
        const judged = asked.then((answer) =>
          answer === undefined ? [judgeQueue(name, isLocal, revert)] : [],
        );
        return [[`the queue ${name}`, judged]];
      }),
    ),
};

/** Judges a queue that does not exist. @param revert Commands that recreate it, as of `judgeDrift` (drift.ts); none for the local cloud. */
export function judgeQueue(name: string, isLocal: boolean, revert: readonly string[]): Finding {
  return missing(`The queue ${name}`, isLocal ? 'local' : 'stack', revert);
}
