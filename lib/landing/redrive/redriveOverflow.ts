import { mapLimit } from '../../base/concurrency.ts';
import { type TableKind, tableKinds } from '../../schema/kinds.ts';
import { type OverflowFolder, overflowFolder, parseOverflowKey, REQUESTS } from '../../tables/objectKeys.ts';
import { deliver } from '../delivery/deliver.ts';
import { lastErrorCode, type OverflowRows, readOverflow } from '../delivery/overflow.ts';
import type { ReturnedDocument } from '../delivery/putRecords.ts';
import type { StreamHolds } from '../hold/StreamHolds.ts';
import { freeStreams, heldKinds, isFolderHeld, waits } from './heldStreams.ts';
import {
  bucketFailure,
  park,
  type Redrive,
  type RedriveFailure,
  type RedriveOutcome,
  type RedriveStream,
  type RedriveTime,
} from './Redrive.ts';

/** Objects that are read at the same time. */
const READS_AT_ONCE = 16;
/** Most objects whose rows are delivered together: keys of one DeleteObjects. */
const GROUP_OBJECTS = 1_000;
/** Characters of rows, after inflation, that are delivered together. Small beside a stream's quota of a second. */
const GROUP_LENGTH = 1_048_576;
/** Failed probes of a stream in a row after which it is left alone: it is away, not throttled for a moment. */
const PATIENCE = 3;

/** An overflow object to redrive. */
export interface OverflowTask {
  readonly key: string;
  /** Whether it is parked if this attempt fails. */
  readonly isLast: boolean;
}

/**
 * The lane of an overflow object: its folder and the first digit of its digest, with which its key begins. A lane is claimed
 * as a whole, so that a claim is taken once for many objects, and 16 invocations can work on one folder. Null for any other
 * key.
 */
export function laneOf(key: string): string | null {
  const folder = parseOverflowKey(key);
  return folder === null ? null : key.slice(0, overflowFolder(folder).length + 1);
}

/** All lanes of a folder. */
export function lanesOf(folder: OverflowFolder): readonly string[] {
  return Array.from('0123456789abcdef', (digit) => `${overflowFolder(folder)}${digit}`);
}

/**
 * Firehose's error code of a stream of a table that objects of a folder need, and of which every stream is away that is not
 * held: then none of them is tried. Else null, also for a table of which all are held: its objects wait without a try.
 */
export function awayCode(
  folder: OverflowFolder,
  streams: Redrive['streams'],
  holds: StreamHolds | null,
): string | null {
  const kinds = folder === REQUESTS ? tableKinds : [folder];
  const isAway = ({ breaker }: RedriveStream) => breaker.failedProbes >= PATIENCE && breaker.msUntilProbe > 0;
  for (const kind of kinds) {
    const [first, ...others] = freeStreams(streams[kind], holds);
    if (first !== undefined && [first, ...others].every(isAway)) return first.breaker.code;
  }
  return null;
}

/**
 * Redrives objects of one lane to their streams. An object is removed when all of its rows are acknowledged. Otherwise it
 * stays whole; a row is duplicated, with the same event_id, if it was acknowledged all the same. If this stops or crashes at
 * any point, the objects still contain everything that is not stored elsewhere. It stops early when the time is up or a
 * stream is away: then tasks are left without an outcome.
 *
 * @returns False when another invocation has claimed the lane.
 * @throws The error of the store when it cannot claim or list. Objects whose outcome is told before are done.
 */
export async function redriveLane(
  lane: { readonly folder: OverflowFolder; readonly prefix: string },
  tasks: AsyncIterable<OverflowTask> | Iterable<OverflowTask>,
  redrive: Redrive,
  { deadline, claimUntil }: RedriveTime,
  settle: (key: string, outcome: RedriveOutcome) => void,
): Promise<boolean> {
  const { store, clock } = redrive;
  const claim = await store.claim(lane.prefix, claimUntil);
  if (claim === null) return false;
  try {
    const group = new Group(redrive, deadline, settle);
    for await (const some of chunksOf(tasks, READS_AT_ONCE)) {
      if (clock.now() >= deadline) break;
      const holds = await redrive.holds();
      if (awayCode(lane.folder, redrive.streams, holds) !== null) break;
      if (isFolderHeld(lane.folder, heldKinds(redrive.streams, holds))) break;
      const read = await mapLimit(some, READS_AT_ONCE, async (task) => {
        try {
          return { task, body: await store.read(task.key) };
        } catch (thrown) {
          return { task, failure: bucketFailure(thrown) };
        }
      });
      let failed = 0;
      for (const { task, body, failure } of read) {
        if (failure !== undefined) {
          failed += 1;
          settle(task.key, await group.fail(task, failure));
        } else if (body === null) settle(task.key, { outcome: 'gone' });
        else await group.add(task, readOverflow(lane.folder, body));
      }
      // The bucket or its key is away: the next objects would fail as well.
      if (failed === read.length) break;
    }
    await group.flush();
    return true;
  } finally {
    // A claim that could not be released expires by itself.
    await claim.release().catch(() => undefined);
  }
}

async function* chunksOf<Item>(items: AsyncIterable<Item> | Iterable<Item>, size: number) {
  let chunk: Item[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

interface ReadObject {
  readonly task: OverflowTask;
  readonly rows: OverflowRows;
  /** Documents that streams have returned. */
  readonly returned: ReturnedDocument[];
  acknowledged: number;
}

/** Objects whose rows are delivered together. */
class Group {
  readonly #redrive: Redrive;
  readonly #deadline: number;
  readonly #settle: (key: string, outcome: RedriveOutcome) => void;
  #objects: ReadObject[] = [];
  #length = 0;

  constructor(redrive: Redrive, deadline: number, settle: (key: string, outcome: RedriveOutcome) => void) {
    this.#redrive = redrive;
    this.#deadline = deadline;
    this.#settle = settle;
  }

  /** Adds an object, and delivers the group when it is full. */
  async add(task: OverflowTask, rows: OverflowRows | null): Promise<void> {
    if (rows === null) {
      const unreadable = { code: 'SLUICE_REDRIVE_UNREADABLE', detail: '', hopeless: true } as const;
      this.#settle(task.key, await this.fail(task, unreadable));
      return;
    }
    this.#objects.push({ task, rows, returned: [], acknowledged: 0 });
    for (const { documents } of rows) for (const document of documents) this.#length += document.length;
    if (this.#length >= GROUP_LENGTH || this.#objects.length === GROUP_OBJECTS) await this.flush();
  }

  /** Parks an object that is hopeless or was tried for the last time. */
  async fail(task: OverflowTask, failure: RedriveFailure, doubles = 0): Promise<RedriveOutcome> {
    const { code, detail, hopeless } = failure;
    const kept = { outcome: 'kept', code, detail, ...(doubles > 0 ? { doubles } : {}) } as const;
    if (hopeless !== true && !task.isLast) return kept;
    try {
      return await park(task.key, failure, this.#redrive.store);
    } catch (thrown) {
      return { ...kept, ...bucketFailure(thrown) };
    }
  }

  /** Delivers what was added. */
  async flush(): Promise<void> {
    const added = this.#objects;
    this.#objects = [];
    this.#length = 0;
    if (added.length === 0) return;
    const { streams, store } = this.#redrive;
    const holds = await this.#redrive.holds();
    const objects = this.#withoutHeld(added, holds);
    // A stream in doubt comes first: if it accepts nothing, no other stream gets rows of an object that stays.
    const doubt = (kind: TableKind) => {
      const probes = freeStreams(streams[kind], holds).map(({ breaker }) => breaker.failedProbes);
      return probes.length === 0 ? 0 : Math.min(...probes);
    };
    for (const kind of tableKinds.toSorted((a, b) => doubt(b) - doubt(a)))
      await this.#deliver(kind, objects, holds);

    const whole = objects.filter(({ returned }) => returned.length === 0);
    const left = await removed(whole.map(({ task }) => task.key));
    for (const object of objects) {
      const { task, returned, acknowledged } = object;
      if (returned.length > 0) {
        // It is not parked, because nothing has been tried.
        const isLast = task.isLast && returned.some(({ reason }) => reason !== 'held_back');
        this.#settle(task.key, await this.fail({ ...task, isLast }, failureOf(returned), acknowledged));
      } else if (left.has(task.key)) {
        const failure = { code: 'SLUICE_REDRIVE_BUCKET_FAILED', detail: left.get(task.key) ?? '' };
        this.#settle(task.key, await this.fail(task, failure, acknowledged));
      } else this.#settle(task.key, { outcome: 'delivered', documents: acknowledged });
    }

    /** The keys that could not be removed, with the reason. */
    async function removed(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
      if (keys.length === 0) return new Map();
      try {
        return new Map((await store.remove(keys)).map((key) => [key, 'DeleteObjects']));
      } catch (thrown) {
        const { detail } = bucketFailure(thrown);
        return new Map(keys.map((key) => [key, detail]));
      }
    }
  }

  /** Leaves out objects with rows for a stream that is held by now. */
  #withoutHeld(objects: readonly ReadObject[], holds: StreamHolds | null): readonly ReadObject[] {
    const held = heldKinds(this.#redrive.streams, holds);
    const isHeld = ({ rows }: ReadObject) => rows.some(({ kind }) => held.has(kind));
    for (const object of objects) if (isHeld(object)) this.#settle(object.task.key, waits(holds));
    return objects.filter((object) => !isHeld(object));
  }

  /** Puts the rows of one table, of all objects of which no stream has returned a row. */
  async #deliver(kind: TableKind, objects: readonly ReadObject[], holds: StreamHolds | null): Promise<void> {
    const documents: string[] = [];
    const owners: ReadObject[] = [];
    for (const object of objects) {
      if (object.returned.length > 0) continue;
      for (const rows of object.rows) {
        if (rows.kind !== kind) continue;
        for (const document of rows.documents) {
          documents.push(document);
          owners.push(object);
        }
      }
    }
    if (documents.length === 0) return;
    const returned = new Map(
      (await this.#put(freeStreams(this.#redrive.streams[kind], holds), documents)).map((one) => [
        one.index,
        one,
      ]),
    );
    for (const [index, owner] of owners.entries()) {
      const back = returned.get(index);
      if (back === undefined) owner.acknowledged += 1;
      else owner.returned.push(back);
    }
  }

  /**
   * Puts documents on the streams of a table until they are acknowledged, the time is up or all streams are away. Each try
   * goes to the stream whose turn comes first.
   *
   * @param streams At least one.
   */
  async #put(
    streams: readonly RedriveStream[],
    documents: readonly string[],
  ): Promise<readonly ReturnedDocument[]> {
    const { clock, wait, random } = this.#redrive;
    const deadline = this.#deadline;
    const final: ReturnedDocument[] = [];
    let left = streams;
    let open = documents.map((document, index) => ({ document, index }));
    let again: readonly ReturnedDocument[] = documents.map((_, index) => ({ index, reason: 'held_back' }));
    let idle = 0;
    for (let shard = firstInTurn(left); shard !== undefined; shard = firstInTurn(left)) {
      const { putRecordBatch, breaker, pace } = shard;
      const length = open.reduce((sum, { document }) => sum + document.length, 0);
      const hasTurn = await pace.turn(length, deadline);
      const { returned, retried } = await deliver(
        open.map(({ document }) => document),
        { putRecordBatch, breaker, clock, wait, random, deadline: hasTurn ? deadline : clock.now() },
      );
      // While the breaker is open, its pauses hold redrive back. After an outage the pace is as before.
      if (hasTurn && !breaker.isOpen) pace.note(returned.length === 0 && retried === 0);
      const back = returned.map((one) => ({ ...one, index: open[one.index]?.index ?? 0 }));
      again = back.filter(({ reason }) => reason !== 'too_large');
      final.push(...back.filter(({ reason }) => reason === 'too_large'));
      const isAway = breaker.failedProbes >= PATIENCE || again.some(({ reason }) => reason === 'refused');
      const tried = shard;
      if (isAway) left = left.filter((one) => one !== tried);
      const pauseMs = Math.min(...left.map((one) => one.breaker.msUntilProbe));
      idle = again.length < open.length ? 0 : idle + 1;
      const isIdle = idle > PATIENCE * streams.length;
      if (again.length === 0 || isIdle || clock.now() + pauseMs >= deadline) break;
      open = again.map(({ index }) => ({ document: documents[index] ?? '', index }));
      // Throttled for a moment.
      if (pauseMs > 0) await wait(pauseMs);
    }
    return [...final, ...again];
  }
}

/** The stream on which rows may be put first; undefined without any. */
function firstInTurn(streams: readonly RedriveStream[]): RedriveStream | undefined {
  const waitMs = ({ pace, breaker }: RedriveStream) => Math.max(pace.msUntilTurn, breaker.msUntilProbe);
  const [first] = streams.toSorted((a, b) => waitMs(a) - waitMs(b));
  return first;
}

function failureOf(returned: readonly ReturnedDocument[]): RedriveFailure {
  const others = returned.filter(({ reason }) => reason !== 'too_large');
  if (others.length === 0) return { code: 'SLUICE_REDRIVE_ROW_TOO_LARGE', detail: '', hopeless: true };
  return { code: 'SLUICE_REDRIVE_NOT_DELIVERED', detail: lastErrorCode(others) };
}
