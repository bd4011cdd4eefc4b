import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../base/json.ts';
import { isRunMessage, type QueueMessage } from '../base/queue.ts';
import { eachMessage, type MessageKind } from '../lambda/eachMessage.ts';
import type { Invocation } from '../lambda/machine.ts';
import { withFolder } from '../lambda/machine.ts';
import { sweepVersions } from '../ledger/sweepVersions.ts';
import type { Curator } from './Curator.ts';
import { type CurateOutcome, curateTask } from './curateTask.ts';
import { type CurateTask, curateTaskSchema } from './messageBodies.ts';

/**
 * Curates the days that messages name, one after the other. The hourly message `{"sluice":"sweep"}` deletes
 * versions of curated days that were replaced a day ago. The response names the messages to redeliver: tasks that are busy
 * or may succeed later, sweeps that could not delete a version, and invalid messages, which end up in the dead-letter queue.
 *
 * @param tries How often the queue hands a message out.
 */
export async function curateMessages(
  curator: Curator,
  run: Invocation,
  messages: readonly QueueMessage[],
  tries: number,
): Promise<SQSBatchResponse> {
  let tasks = 0;
  return eachMessage(messages, curateRequests, curator.log, async (task, { receives }) => {
    if (task === SWEEP) return sweep(curator, run);
    tasks += 1;
    return withFolder(join(curator.directory, `task-${tasks}`), async (directory) => {
      const began = curator.clock.now();
      const attempt = { ...run, tries, isLastAttempt: receives >= tries };
      // If the ledger or the list can't be read or written, what is claimed expires by itself.
      const done = await curateTask({ ...curator, directory }, attempt, task);
      curator.log({ ...logFields(task, done), duration_ms: curator.clock.now() - began });
      return done.outcome !== 'busy' && done.outcome !== 'handed_back';
    });
  });
}

/** The run that deletes versions whose notes are due. */
const SWEEP = 'sweep';

/** What messages of the queue ask for. */
const curateRequests: MessageKind<CurateTask | typeof SWEEP> = {
  event: 'curate',
  invalid: 'SLUICE_CURATE_MESSAGE_INVALID',
  read: (body) => (isRunMessage(body, SWEEP) ? SWEEP : curateTaskSchema.safeParse(parseJson(body)).data),
  fields: (task) => (task === SWEEP ? { event: 'curate_sweep' } : taskFields(task)),
};

/** What the log says of every task. */
function taskFields({ kind, day, reason }: CurateTask): Pick<CurateTask, 'kind' | 'day' | 'reason'> {
  return { kind, day, reason };
}

/** The log line of a task that has ended. */
function logFields(task: CurateTask, done: CurateOutcome): Record<string, unknown> {
  // Only some outcomes have a failure.
  const { failure, ...rest } = { failure: undefined, ...done };
  return {
    level: failure === undefined ? 'info' : 'error',
    event: 'curate',
    ...taskFields(task),
    ...rest,
    code: failure?.code,
    detail: failure?.message,
  };
}

/** Deletes versions that nothing reads any more. @returns Whether nothing failed. */
async function sweep(curator: Curator, { deadline, signal }: Invocation): Promise<boolean> {
  const isOurs = (table: string) => Object.values(curator.config.curatedTables).includes(table);
  const swept = await sweepVersions(curator, { deadline, signal, isOurs });
  curator.log({ level: 'info', event: 'curate_sweep', ...swept });
  return swept.failed === 0;
}
