import type { TableKind } from '../../schema/kinds.ts';
import type { StreamId } from '../../tables/streams.ts';
import type { PutRecordBatch } from './putRecords.ts';
import type { StreamBreaker } from './StreamBreaker.ts';

/** One of a table's streams, and what an execution environment knows of it. */
export interface StreamShard {
  readonly stream: StreamId;
  readonly putRecordBatch: PutRecordBatch;
  /** Default none: every call is made. */
  readonly breaker?: StreamBreaker;
}

/**
 * The streams of a table among which an execution environment spreads its deliveries: one after the other. Environments
 * begin with any, so that those which start together do not put on the same.
 */
export class StreamShards {
  readonly #shards: readonly StreamShard[];
  #turn: number;

  /**
   * @param shards Those in rotation: at least one.
   * @param random At least 0, below 1.
   */
  constructor(shards: readonly StreamShard[], random: () => number) {
    this.#shards = shards;
    this.#turn = Math.floor(random() * shards.length);
  }

  /**
   * Chooses streams for a delivery: the first gets it, the second gets what the first does not accept. None if all are held.
   * A stream that is away is chosen only when a call to it is due, or when all are away. It is never the second.
   */
  choose(isHeld: (stream: StreamId) => boolean): readonly StreamShard[] {
    const turn = this.#turn;
    this.#turn += 1;
    const free = this.#shards.filter(({ stream }) => !isHeld(stream));
    const due = free.filter(({ breaker }) => (breaker?.msUntilProbe ?? 0) === 0);
    const first = due[turn % due.length] ?? free[turn % free.length];
    if (first === undefined) return [];
    const others = due.filter((shard) => shard !== first && shard.breaker?.isOpen !== true);
    const second = others[turn % others.length];
    return second === undefined ? [first] : [first, second];
  }
}

/** One stream for each table, without a memory of streams that are away. */
export function singleStreams(
  streams: Readonly<Record<TableKind, PutRecordBatch>>,
): Readonly<Record<TableKind, StreamShards>> {
  const only = (stream: TableKind) =>
    new StreamShards([{ stream, putRecordBatch: streams[stream] }], () => 0);
  return { exposures: only('exposures'), events: only('events'), quarantine: only('quarantine') };
}
