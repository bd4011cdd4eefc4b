import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Queue } from '../../deployment.ts';
import { revertDriftWords } from '../../deploymentCommands.ts';
import { deployedAtOf, outputsOf, undeployedOf } from '../../facts/flow/stackOutputs.ts';
import { queueFaults } from '../../facts/functions/queueFaults.ts';
import type { Finding } from '../../findings/catalogue.ts';
import { stackFaultFindings } from '../../findings/judge/deployment/stackFaults.ts';
import { ifThere } from '../../ifThere.ts';
import { ATTRIBUTES } from '../../readQueue.ts';
import { type Look, missing, type Question, settled } from '../Look.ts';
import type { Setup } from '../Setup.ts';

/** The queues of the stack. `sluice status` says what is in those for dead letters. */
export const queuesLook: Look = {
  name: 'queues',
  expects: 'the queues exist, and keep, hide, encrypt and pass on messages as this release makes them',
  find: (setup) =>
    settled(
      [...setup.resources].flatMap(([logicalId, QueueUrl]): readonly Question[] => {
        const { isLocal, sqs, stackName, commands } = setup;
        // A mapping of a function to a queue has its name, too.
        if (!logicalId.endsWith('Queue') || !QueueUrl.startsWith('http')) return [];
        const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
        const revert = isLocal ? [] : revertDriftWords(stackName).map((words) => commands.aws(...words));
        const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...ATTRIBUTES] });
        const judged = ifThere(sqs.send(command)).then((answer) =>
          answer === undefined
            ? [judgeQueue(name, isLocal, revert)]
            : changed(setup, { name, QueueUrl, attributes: answer.Attributes }),
        );
        return [[`the queue ${name}`, judged]];
      }),
    ),
};

/** A queue, as SQS answers. */
interface ReadQueue extends Pick<Queue, 'QueueUrl'> {
  /** Its name. */
  readonly name: string;
  /** Undefined if SQS has answered with none. */
  readonly attributes: Queue['attributes'] | undefined;
}

/** How a queue differs from its template, if the stack is deployed with the configuration that is read here. */
function changed(setup: Setup, { name, QueueUrl, attributes }: ReadQueue): readonly Finding[] {
  const { config, deployed, commands, stackName } = setup;
  const outputs = outputsOf(deployed);
  if (attributes === undefined || undeployedOf(config, outputs).length > 0) return [];
  const { QueueArn: arn = '' } = attributes;
  const part = name.slice(stackName.length + 1);
  const faults = queueFaults(
    setup,
    { outputs, deployedAt: deployedAtOf(deployed) },
    new Map([[part, { QueueUrl, arn, attributes }]]),
  );
  return [...stackFaultFindings({ stackFaults: faults }, { commands, config })];
}

/** Judges a queue that does not exist. @param revert Commands that recreate it, as of `judgeDrift` (drift.ts); none for the local cloud. */
export function judgeQueue(name: string, isLocal: boolean, revert: readonly string[]): Finding {
  return missing(`The queue ${name}`, isLocal ? 'local' : 'stack', revert);
}
