import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../../lib/base/json.ts';
import { failureFields } from '../../lib/base/log.ts';
import { batchFailures, isRunMessage, type QueueMessage } from '../../lib/base/queue.ts';
import { MOST_SWEPT } from '../../lib/drops/limits.ts';
import type { Loader, LoadRun } from '../../lib/drops/load/Loader.ts';
import { findDropPlace, type LoadOutcome, loadTask } from '../../lib/drops/load/loadTask.ts';
import { sweepVersions } from '../../lib/drops/load/sweepVersions.ts';
import { type IngestTask, ingestTaskSchema } from '../../lib/drops/plan/messageBodies.ts';

/**
 * Loads the days that messages name, one after the other, and then deletes some of the versions that are due. The hourly
 * message `{"sluice":"sweep"}` deletes all of them, so that they go even if no load follows. The response names the messages
 * to redeliver: days that are busy, still change or may succeed later, sweeps that could not delete a version, and invalid
 * messages, which end up in the dead-letter queue.
 *
 * @param tries How often the queue hands a message out.
 */
export async function loadMessages(
  loader: Loader,
  run: Omit<LoadRun, 'isLastAttempt' | 'tries'>,
  messages: readonly QueueMessage[],
  tries: number,
): Promise<SQSBatchResponse> {
  const failures: string[] = [];
  let days = 0;
  for (const { messageId, body, receives } of messages) {
    if (isRunMessage(body, 'sweep')) {
      if (!(await sweep(loader, run))) failures.push(messageId);
      continue;
    }
    const { data: task } = ingestTaskSchema.safeParse(parseJson(body));
    if (task === undefined) {
      loader.log({ level: 'error', event: 'ingest_load', code: 'SLUICE_INGEST_MESSAGE_INVALID', messageId });
      failures.push(messageId);
      continue;
    }
    const began = loader.clock.now();
    days += 1;
    const loaded = await withFolder(join(loader.directory, `day-${days}`), (directory) =>
      loadIsolated({ ...loader, directory }, { ...run, tries, isLastAttempt: receives >= tries }, task),
    ).catch((error: unknown) => error);
    if (isLoaded(loaded)) {
      loader.log(logFields(task, loaded, loader.clock.now() - began));
      if (isRedelivered(loaded)) failures.push(messageId);
    } else {
      // The role could not be assumed, or the ledger could not be read or written. The day's lease expires by itself.
      loader.log({ level: 'error', event: 'ingest_load', ...taskFields(task), ...failureFields(loaded) });
      failures.push(messageId);
    }
  }
  // Its result does not matter: the next sweep finds what is left.
  if (days > 0) await sweep(loader, run, MOST_SWEPT);
  return batchFailures(failures);
}

/** Loads a day through ports that reach its dataset alone. */
async function loadIsolated(loader: Loader, run: LoadRun, task: IngestTask): Promise<LoadOutcome> {
  const place = findDropPlace(loader.config.sources, task);
  const ports = place === null ? undefined : await loader.scopedPorts?.(place.source, place.dataset);
  if (ports === undefined) return loadTask(loader, run, task);
  try {
    return await loadTask({ ...loader, ...ports }, run, task);
  } finally {
    ports.close();
  }
}

/** Works in a folder that is deleted afterwards: the next day needs the space. */
async function withFolder<Result>(path: string, work: (path: string) => Promise<Result>): Promise<Result> {
  await mkdir(path);
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function isLoaded(loaded: unknown): loaded is LoadOutcome {
  return typeof loaded === 'object' && loaded !== null && 'outcome' in loaded;
}

function isRedelivered(loaded: LoadOutcome): boolean {
  if (loaded.outcome === 'settling') return loaded.again;
  return loaded.outcome === 'busy' || loaded.outcome === 'handed_back';
}

function taskFields({ source, dataset, day, reason }: IngestTask) {
  return { source, dataset, day, reason };
}

function logFields(task: IngestTask, loaded: LoadOutcome, durationMs: number): Record<string, unknown> {
  const { failure, ...rest } = { failure: undefined, ...loaded };
  return {
    level: failure === undefined ? 'info' : 'error',
    event: 'ingest_load',
    ...taskFields(task),
    ...rest,
    ...(failure === undefined ? {} : { code: failure.code, detail: failure.message }),
    duration_ms: durationMs,
  };
}

/** @returns Whether nothing failed. */
async function sweep(
  loader: Loader,
  run: Omit<LoadRun, 'isLastAttempt' | 'tries'>,
  most?: number,
): Promise<boolean> {
  try {
    const swept = await sweepVersions(loader, run, most);
    if (Object.values(swept).some((count) => count > 0))
      loader.log({ level: 'info', event: 'ingest_sweep', ...swept });
    return swept.failed === 0;
  } catch (error) {
    loader.log({ level: 'error', event: 'ingest_sweep', ...failureFields(error) });
    return false;
  }
}
