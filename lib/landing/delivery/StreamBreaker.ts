import { Breaker, type BreakerPorts } from '../../base/Breaker.ts';
import { BREAKER_CALLS, PROBE_CALL_MS, PROBE_PAUSES } from '../../schema/deliveryLimits.ts';
import type { StreamId } from '../../tables/streams.ts';

/**
 * The memory of one execution environment of a stream that acknowledges nothing. It opens after two calls in a row without
 * one acknowledged record. While it is open, records are held back, so that their request spills them at once instead of
 * waiting for a stream that is away. From time to time one call is let through as a probe; the first acknowledged record
 * closes the breaker. A call that acknowledges a part of its records never opens it: then only the rest is put again.
 *
 * Its code is Firehose's error code of the last call without an acknowledged record.
 */
export class StreamBreaker extends Breaker {
  /** @param table The stream, named in its log lines. */
  constructor(table: StreamId, ports: BreakerPorts) {
    super({ line: { event: 'stream_breaker', table }, calls: BREAKER_CALLS, pauses: PROBE_PAUSES }, ports);
  }

  /** Longest time for the next call, milliseconds: less than usual after a call that acknowledged nothing. */
  get longestCallMs(): number {
    return this.failures === 0 ? Number.POSITIVE_INFINITY : PROBE_CALL_MS;
  }
}
