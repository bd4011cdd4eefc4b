import type { StreamId } from '../../tables/streams.ts';
import type { StreamBreaker } from './StreamBreaker.ts';

/** A stream, and what an execution environment knows of it. */
interface KnownStream {
  readonly stream: StreamId;
  /** Default none: every call is made. */
  readonly breaker?: StreamBreaker;
}

/**
 * The streams among which an execution environment spreads its deliveries: one after the other. Environments begin with any,
 * so that those which start together do not put on the same.
 */
export class StreamShards<Shard extends KnownStream> {
  readonly #shards: readonly Shard[];
  #turn: number;

  /**
   * @param shards Those in rotation: at least one.
   * @param random At least 0, below 1.
   */
  constructor(shards: readonly Shard[], random: () => number) {
    this.#shards = shards;
    this.#turn = Math.floor(random() * shards.length);
  }

  /**
   * The stream for the next delivery; undefined if all are held. One that is away is chosen only when a call to it is due, or
   * when all are away.
   */
  choose(isHeld: (stream: StreamId) => boolean): Shard | undefined {
    const turn = this.#turn;
    this.#turn += 1;
    const free = this.#shards.filter(({ stream }) => !isHeld(stream));
    const due = free.filter(({ breaker }) => (breaker?.msUntilProbe ?? 0) === 0);
    return due[turn % due.length] ?? free[turn % free.length];
  }
}
