import { Breaker, type BreakerPorts } from '../../base/Breaker.ts';
import { BREAKER_CALLS, PROBE_CALL_MS, PROBE_PAUSES } from '../../schema/deliveryLimits.ts';

/**
 * The memory of one execution environment of a stream that accepts nothing. It opens after {@link BREAKER_CALLS} failed
 * calls in a row. While it is open, records are held back, so that they become objects at once instead of waiting for a
 * stream that is away. From time to time one call is let through as a probe; the first accepted record closes the breaker.
 *
 * Its code says why the last call failed: by AWS's or the system's name of the error, a denial with its sentence.
 */
export class StreamBreaker extends Breaker {
  constructor(ports: BreakerPorts) {
    super({ line: { event: 'stream_breaker' }, calls: BREAKER_CALLS, pauses: PROBE_PAUSES }, ports);
  }

  /** Longest time for the next call, milliseconds: less than usual after a failed call. */
  get longestCallMs(): number {
    return this.failures === 0 ? Number.POSITIVE_INFINITY : PROBE_CALL_MS;
  }
}
