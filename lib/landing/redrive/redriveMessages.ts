import type { SQSBatchResponse } from 'aws-lambda';
import { batchFailures, isRunMessage, objectCreated, type QueueMessage } from '../../base/queue.ts';
import { tableKinds } from '../../schema/kinds.ts';
import { errorFolder, overflowFolder, PARKED_FOLDER } from '../../tables/objectKeys.ts';
import { type Redrive, type RedriveOutcome, type RedriveStore, redriveObject } from './redriveObject.ts';

/**
 * Processes a batch of messages: objects first, then the run for stragglers, once even if several messages request it. An
 * incomplete run is not retried, because the next one starts soon.
 */
export async function redriveMessages(
  redriver: Redriver,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const objects = messages.filter(({ body }) => !isRunMessage(body, 'stragglers'));
  const response = objects.length > 0 ? await redriveObjects(redriver, objects) : batchFailures([]);
  if (objects.length < messages.length) await redriveStragglers(redriver);
  return response;
}

/**
 * Redrives the objects that messages name, one after the other. The response names the messages that the queue has to
 * deliver again: those of objects that remain, and unreadable ones, which end in the dead-letter queue.
 */
async function redriveObjects(
  redriver: Redriver,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const { bucket, tries, deadline, claimUntil, log } = redriver;
  const tally = new Tally(log);
  const failures: string[] = [];
  const invalid: { readonly messageId: string; readonly code: string; readonly detail: string }[] = [];
  for (const { messageId, body, receives } of messages) {
    const object = objectCreated(body);
    if ('wrong' in object) {
      failures.push(messageId);
      invalid.push({ messageId, code: 'SLUICE_REDRIVE_MESSAGE_INVALID', detail: object.wrong });
      continue;
    }
    const redriven =
      object.bucket === bucket
        ? await redriveObject(object.key, redriver, { deadline, claimUntil, last: receives >= tries })
        : ({ outcome: 'ignored' } as const);
    tally.add(object.key, redriven);
    if (redriven.outcome === 'kept' || redriven.outcome === 'busy') failures.push(messageId);
  }
  log({
    level: failures.length > 0 ? 'error' : 'info',
    event: 'redrive',
    messages: messages.length,
    ...tally.fields(),
    ...(invalid.length > 0 ? { invalid } : {}),
  });
  return batchFailures(failures);
}

/** An object of this age has no message any more: it was lost, or its tries are used up. */
const STRAGGLER_MS = 15 * 60_000;
/** Nothing counts the tries of an object without a message, so it is parked at this age. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** How often the schedule runs it (infra/streams/schedules.ts). */
const RUN_MS = 5 * 60_000;
/** Most parked objects that are counted: ten calls. */
const MAX_COUNTED_PARKED = 10_000;

const FOLDERS = [overflowFolder, errorFolder].flatMap((folderOf) => tableKinds.map(folderOf));

/** The result of the run for stragglers. */
export interface StragglersReport {
  readonly event: 'redrive_stragglers';
  readonly [field: string]: unknown;
}

/**
 * Redrives old objects in overflow and errors until the time is up; the next run continues. It leaves a folder as soon as
 * its stream accepts nothing, and each run starts with a different folder, so that a stream that hangs does not block the
 * others.
 *
 * Its log line contains the number of parked objects, for the alarm.
 */
export async function redriveStragglers(redriver: Redriver): Promise<StragglersReport> {
  const { store, clock, log } = redriver;
  const tally = new Tally(log);
  const first = Math.floor(clock.now() / RUN_MS) % FOLDERS.length;
  let unread: string | undefined;
  let parked: number | undefined;
  try {
    for (const folder of [...FOLDERS.slice(first), ...FOLDERS.slice(0, first)])
      await redriveFolder(folder, redriver, tally);
    parked = await countParked(store);
  } catch (error) {
    unread = error instanceof Error ? error.name : String(error);
  }
  const report = {
    level: tally.kept > 0 || unread !== undefined ? 'error' : 'info',
    event: 'redrive_stragglers',
    ...tally.fields(),
    ...(parked === undefined ? {} : { parked }),
    ...(unread === undefined ? {} : { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: unread }),
  } as const;
  log(report);
  return report;
}

async function redriveFolder(folder: string, redriver: Redriver, tally: Tally): Promise<void> {
  const { store, clock, deadline, claimUntil } = redriver;
  for await (const { key, modifiedAt } of store.list(folder)) {
    // Also for objects that are skipped: a folder can have more of them than there is time to list.
    if (clock.now() >= deadline) return;
    const age = clock.now() - modifiedAt;
    if (age < STRAGGLER_MS) continue;
    const redriven = await redriveObject(key, redriver, {
      deadline,
      claimUntil,
      last: age >= MAX_WAIT_MS,
    });
    tally.add(key, redriven);
    if (isStreamAway(redriven)) return;
  }
}

/** Whether the stream accepted nothing, so that the next object would wait just as long. */
function isStreamAway(redriven: RedriveOutcome): boolean {
  return (
    'code' in redriven &&
    (redriven.code === 'SLUICE_REDRIVE_NOT_DELIVERED' || redriven.code === 'SLUICE_REDRIVE_NOT_QUARANTINED')
  );
}

async function countParked(store: RedriveStore): Promise<number> {
  let count = 0;
  for await (const _ of store.list(PARKED_FOLDER)) {
    count += 1;
    if (count === MAX_COUNTED_PARKED) break;
  }
  return count;
}

/** Counts the outcomes of one invocation for its log line. */
class Tally {
  readonly #objects: Partial<Record<RedriveOutcome['outcome'], number>> = {};
  readonly #why: Record<string, number> = {};
  readonly #log: (fields: Record<string, unknown>) => void;
  #documents = 0;

  constructor(log: (fields: Record<string, unknown>) => void) {
    this.#log = log;
  }

  /** A parked object also gets a log line of its own, which the alarm counts. */
  add(key: string, redriven: RedriveOutcome): void {
    const { outcome } = redriven;
    this.#objects[outcome] = (this.#objects[outcome] ?? 0) + 1;
    if ('documents' in redriven) this.#documents += redriven.documents;
    if (outcome === 'kept') {
      const why = `${redriven.code} ${redriven.detail}`.trimEnd();
      this.#why[why] = (this.#why[why] ?? 0) + 1;
    }
    if (outcome === 'parked') {
      const { code: why, detail, to } = redriven;
      this.#log({
        level: 'error',
        event: 'redrive_parked',
        code: 'SLUICE_REDRIVE_PARKED',
        key,
        to,
        why,
        detail,
      });
    }
  }

  /** How many objects have to be retried. */
  get kept(): number {
    return this.#objects.kept ?? 0;
  }

  fields(): Record<string, unknown> {
    return {
      objects: this.#objects,
      documents: this.#documents,
      ...(this.kept > 0 ? { kept: this.#why } : {}),
    };
  }
}

/** Dependencies of one invocation of redrive. */
export interface Redriver extends Redrive {
  /** Objects of any other bucket are ignored. */
  readonly bucket: string;
  /** How often the queue delivers a message. */
  readonly tries: number;
  /** Epoch milliseconds after which nothing more is begun. */
  readonly deadline: number;
  /** Epoch milliseconds until which objects are claimed. */
  readonly claimUntil: number;
  readonly log: (fields: Record<string, unknown>) => void;
}
