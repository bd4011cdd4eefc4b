import { backoffMs } from '../../base/retry.ts';
import type { Clock } from '../../base/time.ts';
import { BREAKER_CALLS, PROBE_CALL_MS, PROBE_PAUSES } from '../../schema/deliveryLimits.ts';
import type { StreamId } from '../../tables/streams.ts';

/** What a breaker needs from outside. */
export interface BreakerPorts {
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Gets a line when the breaker opens and when it closes. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * The memory of one execution environment of a stream that acknowledges nothing. It opens after two calls in a row without
 * one acknowledged record. While it is open, records are held back, so that their request spills them at once instead of
 * waiting for a stream that is away. From time to time one call is let through as a probe; the first acknowledged record
 * closes the breaker. A call that acknowledges a part of its records never opens it: then only the rest is put again.
 */
export class StreamBreaker {
  readonly #table: StreamId;
  readonly #ports: BreakerPorts;
  /** Calls in a row without an acknowledged record. */
  #failures = 0;
  #probes = 0;
  #openedAt = 0;
  #probeAt = 0;
  #code = '';

  /** @param table The stream, named in its log lines. */
  constructor(table: StreamId, ports: BreakerPorts) {
    this.#table = table;
    this.#ports = ports;
  }

  /** Whether the stream acknowledged nothing when it was last asked. */
  get isOpen(): boolean {
    return this.#probes > 0;
  }

  /** Probes in a row that failed, the calls that opened it counted as one; 0 while it is closed. */
  get failedProbes(): number {
    return this.#probes;
  }

  /** Milliseconds until a call may be made; 0 while it is closed. */
  get msUntilProbe(): number {
    return this.isOpen ? Math.max(0, this.#probeAt - this.#ports.clock.now()) : 0;
  }

  /** Firehose's error code of the last call without an acknowledged record. */
  get code(): string {
    return this.#code;
  }

  /** Longest time for the next call, milliseconds: less than usual after a call that acknowledged nothing. */
  get longestCallMs(): number {
    return this.#failures === 0 ? Number.POSITIVE_INFINITY : PROBE_CALL_MS;
  }

  /** Whether a call may be made now. While the breaker is open that is one call, and no other until the next pause is over. */
  admit(): boolean {
    if (!this.isOpen) return true;
    const now = this.#ports.clock.now();
    if (now < this.#probeAt) return false;
    // A probe that never ends, because its environment was frozen, is followed by another.
    this.#probeAt = now + this.#pauseMs();
    return true;
  }

  /** Lets one call through now, if the breaker is open. */
  probeNow(): void {
    this.#probeAt = this.#ports.clock.now();
  }

  /** Takes note of a call: whether a record of it was acknowledged, and otherwise its error code. */
  answered(isAcknowledged: boolean, code: string): void {
    const { clock, log } = this.#ports;
    const now = clock.now();
    if (isAcknowledged) {
      const { isOpen } = this;
      this.#failures = 0;
      this.#probes = 0;
      const line = { level: 'info', event: 'stream_breaker', table: this.#table, state: 'closed' };
      if (isOpen) log({ ...line, open_ms: now - this.#openedAt });
      return;
    }
    this.#code = code;
    this.#failures += 1;
    if (this.#failures < BREAKER_CALLS) return;
    if (!this.isOpen) {
      this.#openedAt = now;
      log({ level: 'warn', event: 'stream_breaker', table: this.#table, state: 'open', code });
    }
    this.#probes += 1;
    this.#probeAt = now + this.#pauseMs();
  }

  /** Half of the bound and a random part of the other half, so that environments do not probe together. */
  #pauseMs(): number {
    const { baseMs, capMs } = PROBE_PAUSES;
    const half = { baseMs: baseMs / 2, capMs: capMs / 2 };
    const bound = backoffMs(Math.max(1, this.#probes), () => 1, half);
    return bound + backoffMs(Math.max(1, this.#probes), this.#ports.random, half);
  }
}
