import type { SQSBatchResponse } from 'aws-lambda';
import { SluiceError } from '../../errors/SluiceError.ts';
import { batchFailures } from '../../queue/batchFailures.ts';
import { isRunMessage } from '../../queue/isRunMessage.ts';
import type { QueueMessage } from '../../queue/queueMessages.ts';
import { dailyRun } from './dailyRun.ts';
import type { Registrar } from './Registrar.ts';
import { registerObjects } from './registerObjects.ts';

/**
 * Works off a batch of messages: objects first, for whose rows somebody waits, then the daily run, once however
 * often it is asked for. The response names the messages to be given again.
 */
export async function registerMessages(
  registrar: Registrar,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const isDaily = ({ body }: QueueMessage) => isRunMessage(body, 'daily');
  const [runs, objects] = [messages.filter(isDaily), messages.filter((message) => !isDaily(message))];
  const response = objects.length > 0 ? await registerObjects(registrar, objects) : batchFailures([]);
  if (runs.length === 0) return response;
  try {
    await dailyRun(registrar);
    return response;
  } catch (error) {
    // What it says is in the log already.
    if (!(error instanceof SluiceError)) throw error;
    const again = batchFailures(runs.map(({ messageId }) => messageId));
    return { batchItemFailures: [...response.batchItemFailures, ...again.batchItemFailures] };
  }
}
