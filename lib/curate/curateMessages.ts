import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../base/json.ts';
import { failureFields } from '../base/log.ts';
import { batchFailures, isRunMessage, type QueueMessage } from '../base/queue.ts';
import { sweepVersions } from '../ledger/sweepVersions.ts';
import type { CurateRun, Curator } from './Curator.ts';
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
  run: Omit<CurateRun, 'isLastAttempt' | 'tries'>,
  messages: readonly QueueMessage[],
  tries: number,
): Promise<SQSBatchResponse> {
  const failures: string[] = [];
  let tasks = 0;
  for (const { messageId, body, receives } of messages) {
    if (isRunMessage(body, 'sweep')) {
      if (!(await sweep(curator, run))) failures.push(messageId);
      continue;
    }
    const { data: task } = curateTaskSchema.safeParse(parseJson(body));
    if (task === undefined) {
      curator.log({ level: 'error', event: 'curate', code: 'SLUICE_CURATE_MESSAGE_INVALID', messageId });
      failures.push(messageId);
      continue;
    }
    const began = curator.clock.now();
    tasks += 1;
    const directory = join(curator.directory, `task-${tasks}`);
    await mkdir(directory);
    try {
      const attempt = { ...run, tries, isLastAttempt: receives >= tries };
      const done = await curateTask({ ...curator, directory }, attempt, task);
      curator.log({ ...logFields(task, done), duration_ms: curator.clock.now() - began });
      if (done.outcome === 'busy' || done.outcome === 'handed_back') failures.push(messageId);
    } catch (error) {
      // The ledger or the list could not be read or written. What is claimed expires by itself.
      curator.log({ level: 'error', event: 'curate', ...taskFields(task), ...failureFields(error) });
      failures.push(messageId);
    } finally {
      // The next task needs the space.
      await rm(directory, { recursive: true, force: true });
    }
  }
  return batchFailures(failures);
}

function taskFields({ kind, day, reason }: CurateTask) {
  return { kind, day, reason };
}

function logFields(task: CurateTask, done: CurateOutcome): Record<string, unknown> {
  const { failure, ...rest } = { failure: undefined, ...done };
  return {
    level: failure === undefined ? 'info' : 'error',
    event: 'curate',
    ...taskFields(task),
    ...rest,
    ...(failure === undefined ? {} : { code: failure.code, detail: failure.message }),
  };
}

/** @returns Whether nothing failed. */
async function sweep(
  curator: Curator,
  { deadline, signal }: Pick<CurateRun, 'deadline' | 'signal'>,
): Promise<boolean> {
  const tables = new Set(Object.values(curator.config.curatedTables));
  try {
    const swept = await sweepVersions(curator, { deadline, signal, tables });
    curator.log({ level: 'info', event: 'curate_sweep', ...swept });
    return swept.failed === 0;
  } catch (error) {
    curator.log({ level: 'error', event: 'curate_sweep', ...failureFields(error) });
    return false;
  }
}
