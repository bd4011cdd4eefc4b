import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { parseJson } from '../../base/json.ts';
import { failureFields } from '../../base/log.ts';
import { isRunMessage, type QueueMessage } from '../../base/queue.ts';
import { eachMessage, type MessageKind } from '../../lambda/eachMessage.ts';
import { withFolder } from '../../lambda/machine.ts';
import { sweepVersions } from '../../ledger/sweepVersions.ts';
import { versionTime } from '../../ledger/versions.ts';
import { ATHENA_NOTES, parseAthenaNote, type VersionNote } from '../../tables/ledgerKeys.ts';
import { ATHENA_STUCK_MS, MAX_SWEPT } from '../limits.ts';
import { type IngestTask, ingestTaskSchema } from '../plan/messageBodies.ts';
import type { Loader, LoadRun } from './Loader.ts';
import { cleanAthenaLoad } from './loadByAthena.ts';
import { findDropDay, findTableDay, goOnTask, type LoadOutcome, loadTask } from './loadTask.ts';
import type { DropDay } from './publishVersion.ts';

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
  let days = 0;
  const response = await eachMessage(messages, asked, loader.log, async (task, { receives }) => {
    if (task === SWEEP) return sweep(loader, run);
    if (task === ATHENA) return goOn(loader, { ...run, tries, isLastAttempt: false });
    days += 1;
    return withFolder(join(loader.directory, `day-${days}`), async (directory) => {
      const began = loader.clock.now();
      const attempt = { ...run, tries, isLastAttempt: receives >= tries };
      // If the role can't be assumed, or the ledger not be read or written, the day's lease expires by itself.
      const loaded = await loadIsolated({ ...loader, directory }, attempt, task);
      loader.log(logFields(task, loaded, loader.clock.now() - began));
      return !isRedelivered(loaded);
    });
  });
  // Its result does not matter: the next sweep finds what is left.
  if (days > 0) await sweep(loader, run, MAX_SWEPT);
  return response;
}

const SWEEP = 'sweep';
const ATHENA = 'athena';

/** What messages of the queue ask for. */
const asked: MessageKind<IngestTask | typeof SWEEP | typeof ATHENA> = {
  event: 'ingest_load',
  invalid: 'SLUICE_INGEST_MESSAGE_INVALID',
  read(body) {
    if (isRunMessage(body, SWEEP)) return SWEEP;
    if (isRunMessage(body, ATHENA) || isAthenaEvent(body)) return ATHENA;
    return ingestTaskSchema.safeParse(parseJson(body)).data;
  },
  fields: (task) => (task === SWEEP || task === ATHENA ? {} : taskFields(task)),
};

/** Loads a day through ports that reach its dataset alone. */
async function loadIsolated(loader: Loader, run: LoadRun, task: IngestTask): Promise<LoadOutcome> {
  const place = findDropDay(loader.config.sources, task);
  return place === null
    ? loadTask(loader, run, task)
    : withScope(loader, place, (scoped) => loadTask(scoped, run, task));
}

async function withScope<Result>(
  loader: Loader,
  { source, dataset }: DropDay,
  work: (scoped: Loader) => Promise<Result>,
): Promise<Result> {
  const ports = await loader.scopedPorts?.(source, dataset);
  if (ports === undefined) return work(loader);
  try {
    return await work({ ...loader, ...ports });
  } finally {
    ports.close();
  }
}

/**
 * Goes on with the days that Athena works on. Events of Athena only say when to look: it may send none, so a schedule looks
 * too. https://docs.aws.amazon.com/athena/latest/ug/athena-events.html
 *
 * @returns Whether nothing failed.
 */
async function goOn(loader: Loader, run: LoadRun): Promise<boolean> {
  let failed = 0;
  let after: string | undefined;
  const stuck: string[] = [];
  for (;;) {
    const keys = await loader.landing.list(ATHENA_NOTES, after);
    for (const key of keys) {
      if (loader.clock.now() >= run.deadline) return ended(loader, failed, stuck);
      const note = parseAthenaNote(key);
      const place = note === null ? null : findTableDay(loader.config.sources, note);
      if (note === null || place === null) continue;
      const began = loader.clock.now();
      const task = {
        ...{ source: place.source.name, dataset: place.dataset.name, day: note.day },
        ...{ fingerprint: '', reason: 'changed' as const },
      };
      // A day that Athena no longer loads is loaded by the function.
      const loaded = await withFolder(join(loader.directory, 'athena-day'), (directory) =>
        withScope({ ...loader, directory }, place, (scoped) => goOnTask(scoped, run, note)),
      ).catch((error: unknown) => error);
      if (isLoaded(loaded)) {
        if (loaded.outcome !== 'busy') loader.log(logFields(task, loaded, loader.clock.now() - began));
      } else {
        failed += 1;
        loader.log({ level: 'error', event: 'ingest_load', ...taskFields(task), ...failureFields(loaded) });
      }
      const isOpen = !isLoaded(loaded) || loaded.outcome === 'started' || loaded.outcome === 'handed_back';
      const startedAt = versionTime(note.version) ?? Number.POSITIVE_INFINITY;
      if (isOpen && loader.clock.now() - startedAt > ATHENA_STUCK_MS)
        stuck.push(`${task.source}/${task.dataset} ${task.day}`);
    }
    after = keys.at(-1);
    if (after === undefined) return ended(loader, failed, stuck);
  }
}

/** Maximum of days that the log names. */
const MAX_NAMED = 50;

/** Says which loads by Athena do not end; an alarm counts them (infra/alarms/loggedMetrics.ts). @returns Whether nothing failed. */
function ended({ log }: Loader, failed: number, stuck: readonly string[]): boolean {
  if (stuck.length > 0)
    log({
      level: 'error',
      event: 'ingest_athena_stuck',
      stuck: stuck.length,
      days: stuck.slice(0, MAX_NAMED),
    });
  return failed === 0;
}

/** Only members that are read are required: AWS may add members to its events. */
const athenaEventSchema = z.object({
  source: z.literal('aws.athena'),
  'detail-type': z.literal('Athena Query State Change'),
});

function isAthenaEvent(body: string): boolean {
  return athenaEventSchema.safeParse(parseJson(body)).success;
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
    // An alarm counts errors of an engine (infra/alarms/loggedMetrics.ts): a day that failed, or lost its files.
    level: failure === undefined && loaded.outcome !== 'inputs_missing' ? 'info' : 'error',
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
    const { athena } = loader;
    const clean = athena === undefined ? undefined : (note: VersionNote) => cleanAthenaLoad(loader, note);
    const { curate, curatedTables } = loader.config;
    // The role may not read what the ledger has of curated days, whose own sweep does.
    const isOurs = (table: string) => !curate || !Object.values(curatedTables).includes(table);
    const swept = await sweepVersions(loader, { ...run, clean, isOurs }, most);
    if (Object.values(swept).some((count) => count > 0))
      loader.log({ level: 'info', event: 'ingest_sweep', ...swept });
    return swept.failed === 0;
  } catch (error) {
    loader.log({ level: 'error', event: 'ingest_sweep', ...failureFields(error) });
    return false;
  }
}
