import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { SluiceError } from '../../lib/errors/SluiceError.ts';
import { isRunMessage } from '../../lib/queue/isRunMessage.ts';
import { dailyRun } from './dailyRun.ts';
import type { Registrar } from './Registrar.ts';
import { registerObjects } from './registerObjects.ts';

type Message = Pick<SQSRecord, 'messageId' | 'body'>;

/**
 * Works off a batch of messages: objects first, for whose rows somebody waits, then the daily run, once however
 * often it is asked for. The response names the messages to be given again.
 */
export async function registerMessages(
  registrar: Registrar,
  messages: readonly Message[],
): Promise<SQSBatchResponse> {
  const isDaily = ({ body }: Message) => isRunMessage(body, 'daily');
  const [runs, objects] = [messages.filter(isDaily), messages.filter((message) => !isDaily(message))];
  const { batchItemFailures } =
    objects.length > 0 ? await registerObjects(registrar, objects) : { batchItemFailures: [] };
  if (runs.length === 0) return { batchItemFailures };
  try {
    await dailyRun(registrar);
    return { batchItemFailures };
  } catch (error) {
    // What it says is in the log already.
    if (!(error instanceof SluiceError)) throw error;
    const again = runs.map(({ messageId }) => ({ itemIdentifier: messageId }));
    return { batchItemFailures: [...batchItemFailures, ...again] };
  }
}
