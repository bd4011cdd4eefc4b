import type { SQSBatchResponse } from 'aws-lambda';
import { mapLimit } from '../../base/concurrency.ts';
import { batchFailures, isRunMessage, objectCreated, type QueueMessage } from '../../base/queue.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import {
  ERRORS_FOLDER,
  errorFolder,
  OVERFLOW_FOLDER,
  type OverflowFolder,
  overflowFolder,
  overflowFolders,
  PARKED_FOLDER,
  parseErrorKey,
  parseOverflowKey,
  REQUESTS,
} from '../../tables/objectKeys.ts';
import { heldKinds, isFolderHeld, releasedAt, waits } from './heldStreams.ts';
import { probeHeld } from './probeHeld.ts';
import { bucketFailure, type Redrive, type RedriveOutcome, type RedriveStore } from './Redrive.ts';
import { redriveErrors } from './redriveErrors.ts';
import { awayCode, laneOf, lanesOf, type OverflowTask, redriveLane } from './redriveOverflow.ts';

/** Lanes that an invocation works on at the same time. */
const LANES_AT_ONCE = 2;

/**
 * Processes a batch of messages: objects first, then the run for stragglers, once even if several messages request it. Its
 * probes and counts come before all: under load the objects take all of the time. An incomplete run is not retried, because
 * the next one starts soon.
 */
export async function redriveMessages(
  redriver: Redriver,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const objects = messages.filter(({ body }) => !isRunMessage(body, 'stragglers'));
  const before = objects.length < messages.length ? await beforeStragglers(redriver) : null;
  const response = objects.length > 0 ? await redriveObjects(redriver, objects) : batchFailures([]);
  if (before !== null) await redriveStragglers(redriver, before);
  return response;
}

/**
 * Redrives the objects that messages name: overflow in groups, error objects one after the other. The response names the
 * messages that the queue has to deliver again: those of objects that remain, and unreadable ones, which end in the
 * dead-letter queue. The message of an overflow object does not: after its last try the run for stragglers goes on with it.
 */
async function redriveObjects(
  redriver: Redriver,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  const { bucket, tries, deadline, claimUntil, log } = redriver;
  probeAll(redriver);
  const tally = new Tally(log);
  const failures: string[] = [];
  const invalid: { readonly messageId: string; readonly code: string; readonly detail: string }[] = [];
  const named = new Map<string, QueueMessage[]>();
  for (const message of messages) {
    const object = objectCreated(message.body);
    if ('wrong' in object) {
      failures.push(message.messageId);
      invalid.push({
        messageId: message.messageId,
        code: 'SLUICE_REDRIVE_MESSAGE_INVALID',
        detail: object.wrong,
      });
    } else if (object.bucket !== bucket) tally.add(object.key, { outcome: 'ignored' });
    else named.set(object.key, [...(named.get(object.key) ?? []), message]);
  }
  const holds = await redriver.holds();
  const held = heldKinds(redriver.streams, holds);
  for (const [key, of] of [...named]) {
    if (!mustWait(key, held)) continue;
    named.delete(key);
    const outcome = waits(holds);
    tally.add(key, outcome);
    // After the last try the run for stragglers goes on with it: a dead letter would say that somebody has to.
    if (outcome.outcome === 'kept' && of.every(({ receives }) => receives < tries))
      failures.push(...of.map(({ messageId }) => messageId));
  }
  const overflow = [...named.keys()].filter((key) => laneOf(key) !== null);
  const outcomes = await redriveNamed(redriver, overflow);
  for (const [key, of] of named) {
    const isOverflow = outcomes.has(key);
    const last = of.some(({ receives }) => receives >= tries);
    const redriven =
      outcomes.get(key) ?? (await redriveErrors(key, redriver, { deadline, claimUntil, last }));
    tally.add(key, redriven);
    if ((redriven.outcome === 'kept' || redriven.outcome === 'busy') && !(isOverflow && last))
      failures.push(...of.map(({ messageId }) => messageId));
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

/** Whether an object's key says that it waits for a held stream; false for an object that is not Sluice's. */
function mustWait(key: string, held: ReadonlySet<TableKind>): boolean {
  const folder = parseOverflowKey(key);
  return folder === null ? parseErrorKey(key) !== null && held.has('quarantine') : isFolderHeld(folder, held);
}

/** An invocation asks each stream at least once, whatever was known of it before. */
function probeAll({ streams }: Pick<Redrive, 'streams'>): void {
  for (const { breaker } of Object.values(streams).flat()) breaker.probeNow();
}

/** Redrives overflow objects. @returns The outcome of each. */
async function redriveNamed(
  redriver: Redriver,
  keys: readonly string[],
): Promise<ReadonlyMap<string, RedriveOutcome>> {
  const outcomes = new Map<string, RedriveOutcome>();
  const lanes = lanesOfKeys(keys.map((key) => ({ key, isLast: false })));
  const left = await redriveLanes(redriver, lanes, (key, outcome) => outcomes.set(key, outcome));
  // Another invocation may be done with its lane by now.
  const busy = lanes.filter(({ prefix }) => left.get(prefix)?.outcome === 'busy');
  const again = await redriveLanes(redriver, busy, (key, outcome) => outcomes.set(key, outcome));
  const holds = await redriver.holds();
  for (const { prefix, folder } of lanes) {
    const code = awayCode(folder, redriver.streams, holds);
    const untried = { outcome: 'kept', ...UNTRIED } as const;
    const why =
      again.get(prefix) ??
      left.get(prefix) ??
      (code === null ? untried : { ...untried, code: 'SLUICE_REDRIVE_NOT_DELIVERED', detail: code });
    for (const key of keys) if (key.startsWith(prefix) && !outcomes.has(key)) outcomes.set(key, why);
  }
  return outcomes;
}

const UNTRIED = { code: 'SLUICE_REDRIVE_NO_TIME', detail: '' } as const;

/** Overflow objects of one lane. */
interface Lane {
  readonly folder: OverflowFolder;
  readonly prefix: string;
  readonly tasks: () => AsyncIterable<OverflowTask> | Iterable<OverflowTask>;
}

function lanesOfKeys(tasks: readonly OverflowTask[]): Lane[] {
  const lanes = new Map<string, { folder: OverflowFolder; tasks: OverflowTask[] }>();
  for (const task of tasks) {
    const folder = parseOverflowKey(task.key);
    const prefix = laneOf(task.key);
    if (folder === null || prefix === null) continue;
    const lane = lanes.get(prefix) ?? { folder, tasks: [] };
    lane.tasks.push(task);
    lanes.set(prefix, lane);
  }
  return Array.from(lanes, ([prefix, lane]) => ({
    folder: lane.folder,
    prefix,
    tasks: () => lane.tasks,
  }));
}

/**
 * Redrives lanes, beginning with any, so that invocations that start together do not meet in each.
 *
 * @returns Of lanes that could not be worked on: what holds for those of their objects that were not told before.
 */
async function redriveLanes(
  redriver: Redriver,
  lanes: readonly Lane[],
  settle: (key: string, outcome: RedriveOutcome) => void,
): Promise<ReadonlyMap<string, RedriveOutcome>> {
  const left = new Map<string, RedriveOutcome>();
  const first = Math.floor(redriver.random() * lanes.length);
  await mapLimit([...lanes.slice(first), ...lanes.slice(0, first)], LANES_AT_ONCE, async (lane) => {
    if (redriver.clock.now() >= redriver.deadline) return;
    if (awayCode(lane.folder, redriver.streams, await redriver.holds()) !== null) return;
    try {
      if (!(await redriveLane(lane, lane.tasks(), redriver, redriver, settle)))
        left.set(lane.prefix, { outcome: 'busy' });
    } catch (thrown) {
      left.set(lane.prefix, { outcome: 'kept', ...bucketFailure(thrown) });
    }
  });
  return left;
}

/** An object of this age has no message any more: it was lost, or its tries are used up. */
const STRAGGLER_MS = 15 * 60_000;
/** An object is parked at this age if it still fails. The time in which its stream was held does not count. */
const MAX_WAIT_MS = 24 * 3_600_000;
/** How often the schedule runs it (infra/streams/schedules.ts). */
const RUN_MS = 5 * 60_000;
/** Most objects that are counted in parked, and in overflow and errors together: ten calls. */
export const MAX_COUNTED = 10_000;
/** Objects that one call lists. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const LIST_PAGE = 1_000;

const FOLDERS: readonly { readonly prefix: string; readonly overflow: OverflowFolder | null }[] = [
  ...overflowFolders.map((overflow) => ({ prefix: overflowFolder(overflow), overflow })),
  ...tableKinds.map((kind) => ({ prefix: errorFolder(kind), overflow: null })),
];

/** The result of the run for stragglers. */
export interface StragglersReport {
  readonly event: 'redrive_stragglers';
  readonly [field: string]: unknown;
}

/**
 * Redrives old objects in overflow and errors until the time is up; the next run continues. It leaves a folder as soon as
 * its stream is away, and each run starts with a different folder, so that a stream that hangs does not block the others.
 *
 * Its log line contains the number of parked objects, that of objects that waited before it, and the age of the oldest, for the alarms;
 * and how many objects in overflow and errors are not Sluice's, which redrive leaves (`unknown`).
 *
 * @param before What was found earlier in the invocation. Default: it is looked for now.
 */
export async function redriveStragglers(
  redriver: Redriver,
  before?: BeforeStragglers,
): Promise<StragglersReport> {
  const { store, clock, log } = redriver;
  probeAll(redriver);
  let { counted, unread } = before ?? (await beforeStragglers(redriver));
  const tally = new Tally(log);
  const first = Math.floor(clock.now() / RUN_MS) % FOLDERS.length;
  try {
    for (const { prefix, overflow } of [...FOLDERS.slice(first), ...FOLDERS.slice(0, first)]) {
      const failure =
        overflow === null
          ? await redriveErrorFolder(prefix, redriver, tally)
          : await redriveOverflowFolder(overflow, redriver, tally);
      unread ??= failure;
    }
    counted = { ...counted, parked: await countParked(store) };
  } catch (error) {
    unread ??= nameOf(error);
  }
  const isUnknown = (await redriver.holds()) === null;
  const report = {
    level: tally.kept > 0 || unread !== undefined || isUnknown ? 'error' : 'info',
    event: 'redrive_stragglers',
    ...tally.fields(),
    ...counted,
    ...(isUnknown ? { code: 'SLUICE_HOLD_UNAVAILABLE' } : {}),
    ...(unread === undefined ? {} : { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: unread }),
  } as const;
  log(report);
  return report;
}

/** What a run found before its objects. */
interface BeforeStragglers {
  readonly counted: object;
  /** An error of the bucket. It keeps nothing else from its work. */
  readonly unread: string | undefined;
}

/** Puts probes on held streams, and counts what waits. */
async function beforeStragglers(redriver: Redriver): Promise<BeforeStragglers> {
  await probeHeld(redriver);
  try {
    return { counted: await countWaiting(redriver), unread: undefined };
  } catch (error) {
    return { counted: {}, unread: nameOf(error) };
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

/** An overflow object of any age. */
interface Straggler extends OverflowTask {
  readonly isStraggler: boolean;
}

/** Redrives the stragglers of a folder, a few from what one call lists, many by lanes. @returns An error of the bucket. */
async function redriveOverflowFolder(
  folder: OverflowFolder,
  redriver: Redriver,
  tally: Tally,
): Promise<string | undefined> {
  const { store, clock, deadline } = redriver;
  const holds = await redriver.holds();
  const { streams } = redriver;
  if (isFolderHeld(folder, heldKinds(streams, holds)) || awayCode(folder, streams, holds) !== null)
    return undefined;
  const released = releasedAt(folder === REQUESTS ? tableKinds : [folder], streams, holds, clock.now());
  const tasks = async function* (
    prefix: string,
    limit = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<Straggler> {
    let listed = 0;
    for await (const { key, modifiedAt } of store.list(prefix)) {
      // Also for objects that are skipped: a folder can have more of them than there is time to list.
      if (clock.now() >= deadline) return;
      const age = clock.now() - modifiedAt;
      const triedFor = clock.now() - Math.max(modifiedAt, released);
      yield { key, isLast: triedFor >= MAX_WAIT_MS, isStraggler: age >= STRAGGLER_MS };
      listed += 1;
      if (listed === limit) return;
    }
  };
  const stragglers = async function* (prefix: string) {
    for await (const task of tasks(prefix)) if (task.isStraggler) yield task;
  };
  const page: Straggler[] = [];
  for await (const task of tasks(overflowFolder(folder), LIST_PAGE)) page.push(task);
  const lanes =
    page.length < LIST_PAGE
      ? lanesOfKeys(page.filter(({ isStraggler }) => isStraggler))
      : lanesOf(folder).map((prefix) => ({ folder, prefix, tasks: () => stragglers(prefix) }));
  const left = await redriveLanes(redriver, lanes, (key, outcome) => tally.add(key, outcome));
  for (const outcome of left.values()) if ('detail' in outcome) return outcome.detail;
  return undefined;
}

/** @returns Nothing: an error of the bucket is thrown, or an outcome. */
async function redriveErrorFolder(prefix: string, redriver: Redriver, tally: Tally): Promise<undefined> {
  const { store, streams, clock, deadline, claimUntil } = redriver;
  if (heldKinds(streams, await redriver.holds()).has('quarantine')) return;
  for await (const { key, modifiedAt } of store.list(prefix)) {
    const holds = await redriver.holds();
    if (clock.now() >= deadline || heldKinds(streams, holds).has('quarantine')) return;
    const released = releasedAt(['quarantine'], streams, holds, clock.now());
    if (clock.now() - modifiedAt < STRAGGLER_MS) continue;
    const last = clock.now() - Math.max(modifiedAt, released) >= MAX_WAIT_MS;
    const redriven = await redriveErrors(key, redriver, { deadline, claimUntil, last });
    tally.add(key, redriven);
    // Quarantine accepted nothing: the next object would wait just as long.
    if ('code' in redriven && redriven.code === 'SLUICE_REDRIVE_NOT_QUARANTINED') return;
  }
}

async function countParked(store: RedriveStore): Promise<number> {
  let count = 0;
  for await (const _ of store.list(PARKED_FOLDER)) {
    count += 1;
    if (count === MAX_COUNTED) break;
  }
  return count;
}

/** What is in overflow and errors before a run: at least so much if {@link MAX_COUNTED} objects were listed, or time ran out. */
async function countWaiting({ store, clock, deadline }: Pick<Redriver, 'store' | 'clock' | 'deadline'>) {
  const now = clock.now();
  let [waiting, unknown, oldest] = [0, 0, now];
  const isEnough = () => waiting + unknown === MAX_COUNTED || clock.now() >= deadline;
  for (const prefix of [OVERFLOW_FOLDER, ERRORS_FOLDER]) {
    if (isEnough()) break;
    for await (const { key, modifiedAt } of store.list(prefix)) {
      // A folder marker, as consoles create them.
      if (key.endsWith('/')) continue;
      if (parseOverflowKey(key) === null && parseErrorKey(key) === null) unknown += 1;
      else {
        waiting += 1;
        oldest = Math.min(oldest, modifiedAt);
      }
      if (isEnough()) break;
    }
  }
  return { waiting, oldest_seconds: Math.round((now - oldest) / 1_000), ...(unknown > 0 ? { unknown } : {}) };
}

/** Counts the outcomes of one invocation for its log line. */
class Tally {
  readonly #objects: Partial<Record<RedriveOutcome['outcome'], number>> = {};
  readonly #why: Record<string, number> = {};
  readonly #log: (fields: Record<string, unknown>) => void;
  #documents = 0;
  #doubles = 0;

  constructor(log: (fields: Record<string, unknown>) => void) {
    this.#log = log;
  }

  /** A parked object also gets a log line of its own, which the alarm counts. */
  add(key: string, redriven: RedriveOutcome): void {
    const { outcome } = redriven;
    this.#objects[outcome] = (this.#objects[outcome] ?? 0) + 1;
    if ('documents' in redriven) this.#documents += redriven.documents;
    if ('doubles' in redriven) this.#doubles += redriven.doubles ?? 0;
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
      ...(this.#doubles > 0 ? { doubles: this.#doubles } : {}),
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
