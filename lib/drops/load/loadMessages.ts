import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../../base/json.ts';
import { failureFields } from '../../base/log.ts';
import { isRunMessage, type QueueMessage } from '../../base/queue.ts';
import { HOUR_MS } from '../../base/time.ts';
import { eachMessage, type MessageKind } from '../../lambda/eachMessage.ts';
import { type Attempt, type Invocation, withFolder } from '../../lambda/machine.ts';
import { sweepVersions } from '../../ledger/sweepVersions.ts';
import { lookAtVersions } from '../../ledger/versionFiles.ts';
import { MAX_SWEPT } from '../limits.ts';
import { lookbackDays } from '../lookbackDays.ts';
import { type IngestTask, ingestTaskSchema } from '../plan/messageBodies.ts';
import type { LoadOutcome } from './end/endLoad.ts';
import type { Loader } from './Loader.ts';
import { findDropDay, loadTask } from './loadTask.ts';

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
  invocation: Invocation,
  messages: readonly QueueMessage[],
  tries: number,
): Promise<SQSBatchResponse> {
  let days = 0;
  const response = await eachMessage(messages, asked, loader.log, async (task, { receives }) => {
    if (task === SWEEP) {
      const swept = await sweep(loader, invocation);
      return (await look(loader, invocation)) && swept;
    }
    days += 1;
    return withFolder(join(loader.directory, `day-${days}`), async (directory) => {
      const began = loader.clock.now();
      const attempt = { ...invocation, tries, isLastAttempt: receives >= tries };
      // If the role can't be assumed, or the ledger not be read or written, the day's lease expires by itself.
      const loaded = await loadIsolated({ ...loader, directory }, attempt, task);
      loader.log(logFields(task, loaded, loader.clock.now() - began));
      return !isRedelivered(loaded);
    });
  });
  // Its result does not matter: the next sweep finds what is left.
  if (days > 0) await sweep(loader, invocation, MAX_SWEPT);
  return response;
}

/** The run that deletes versions whose notes are due. */
const SWEEP = 'sweep';

/** What messages of the queue ask for. */
const asked: MessageKind<IngestTask | typeof SWEEP> = {
  event: 'ingest_load',
  invalid: 'SLUICE_INGEST_MESSAGE_INVALID',
  read(body) {
    if (isRunMessage(body, SWEEP)) return SWEEP;
    return ingestTaskSchema.safeParse(parseJson(body)).data;
  },
  fields: (task) => (task === SWEEP ? {} : taskFields(task)),
};

/** Loads a day through ports that reach its dataset alone. */
async function loadIsolated(loader: Loader, invocation: Attempt, task: IngestTask): Promise<LoadOutcome> {
  const place = findDropDay(loader.config.sources, task);
  const ports = place === null ? undefined : await loader.scopedPorts?.(place.source, place.dataset);
  if (ports === undefined) return loadTask(loader, invocation, task);
  try {
    return await loadTask({ ...loader, ...ports }, invocation, task);
  } finally {
    ports.close();
  }
}

/** Whether the queue has to deliver the task again. */
function isRedelivered(loaded: LoadOutcome): boolean {
  if (loaded.outcome === 'settling') return loaded.again;
  return loaded.outcome === 'busy' || loaded.outcome === 'handed_back';
}

/** What the log says of every task. */
function taskFields({
  source,
  dataset,
  day,
  reason,
}: IngestTask): Pick<IngestTask, 'source' | 'dataset' | 'day' | 'reason'> {
  return { source, dataset, day, reason };
}

/** The log line of a task that has ended. */
function logFields(task: IngestTask, loaded: LoadOutcome, durationMs: number): Record<string, unknown> {
  const { failure, ...rest } = { failure: undefined, ...loaded };
  return {
    // An alarm counts errors of an engine (infra/alarms/loggedMetrics.ts): a day that failed, or lost its files.
    level: failure === undefined && loaded.outcome !== 'inputs_missing' ? 'info' : 'error',
    event: 'ingest_load',
    ...taskFields(task),
    ...rest,
    code: failure?.code,
    detail: failure?.message,
    duration_ms: durationMs,
  };
}

/**
 * Notes which versions lack files: of the lookbacks, and of other days in turns. Each dataset has an equal part of the
 * time that is left, and goes on where it stopped; every hour another one is the first.
 *
 * @returns Whether nothing failed.
 */
async function look(loader: Loader, { deadline }: Invocation): Promise<boolean> {
  const { config, clock, log } = loader;
  const datasets = config.sources.flatMap((source) =>
    source.datasets.map((dataset) => ({ dataset, place: { source: source.name, dataset: dataset.name } })),
  );
  const first = Math.floor(clock.now() / HOUR_MS) % Math.max(1, datasets.length);
  const inTurn = [...datasets.slice(first), ...datasets.slice(0, first)];
  let failed = 0;
  for (const [i, { dataset, place }] of inTurn.entries()) {
    const now = clock.now();
    const until = now + (deadline - now) / (datasets.length - i);
    const days = lookbackDays(now, dataset.timezone, dataset.lookbackDays);
    try {
      const { late } = await lookAtVersions(loader, { ...place, table: dataset.table }, days, until);
      if (late > 0) log({ level: 'info', event: 'ingest_files', ...place, late });
    } catch (error) {
      // An alarm counts errors of `ingest_load`, and no day has failed.
      log({ level: 'error', event: 'ingest_files', ...place, ...failureFields(error) });
      failed += 1;
    }
  }
  return failed === 0;
}

/**
 * Deletes versions that are due.
 *
 * @param most How many notes of them at most. Default all.
 * @returns Whether nothing failed.
 */
async function sweep(loader: Loader, invocation: Invocation, most?: number): Promise<boolean> {
  try {
    const { curate, curatedTables } = loader.config;
    // The role may not read what the ledger has of curated days, whose own sweep does.
    const isOurs = (table: string) => !curate || !Object.values(curatedTables).includes(table);
    const swept = await sweepVersions(loader, { ...invocation, isOurs }, most);
    if (Object.values(swept).some((count) => count > 0))
      loader.log({ level: 'info', event: 'ingest_sweep', ...swept });
    return swept.failed === 0;
  } catch (error) {
    loader.log({ level: 'error', event: 'ingest_sweep', ...failureFields(error) });
    return false;
  }
}
