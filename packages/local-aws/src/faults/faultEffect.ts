import type { Socket } from 'node:net';
import type { LocalClock } from '../base/clock.ts';
import type { AwsError } from '../protocol/AwsError.ts';

/** Thrown to end the connection of a call without an answer: the client sees ECONNRESET. */
export class ConnectionReset extends Error {
  constructor() {
    super('The connection is reset.');
    this.name = 'ConnectionReset';
  }
}

/** What faults do to a call at one of two moments: before the service handles it, or before it is answered. */
export interface FaultEffect {
  /** Milliseconds that the call waits at this moment; 0 if it does not wait. */
  readonly delayMs: number;
  /** Aborts when the faults are cleared, which ends the wait. Absent if there is nothing to wait for. */
  readonly cleared?: AbortSignal;
  /** The error that answers the call, or `reset` to end its connection without an answer. Absent if the call goes on. */
  readonly end?: AwsError | 'reset';
}

/** Where the effect of a fault takes place. */
interface EffectContext {
  /** Measures the wait. */
  readonly clock: Pick<LocalClock, 'after'>;
  /** The client's connection. Absent for a call of a service of this cloud, which never gives up. */
  readonly connection?: Socket | undefined;
}

/**
 * Waits as long as the faults say, then ends the call or lets it go on. A client that gives up in the meantime ends the
 * call there.
 *
 * @throws the AwsError to answer, or ConnectionReset.
 */
export async function applyFaultEffect(
  { delayMs, cleared, end }: FaultEffect,
  { clock, connection }: EffectContext,
): Promise<void> {
  if (delayMs > 0) await delay(delayMs, { clock, connection }, cleared);
  if (end === 'reset') throw new ConnectionReset();
  if (end !== undefined) throw end;
}

/** Waits. @throws ConnectionReset when the client gives up. */
function delay(
  delayMs: number,
  { clock, connection }: EffectContext,
  cleared: AbortSignal | undefined,
): Promise<void> {
  if (connection?.destroyed === true) return Promise.reject(new ConnectionReset());
  if (cleared?.aborted === true) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      alarm.cancel();
      connection?.off('close', gone);
      cleared?.removeEventListener('abort', over);
      done();
    };
    const gone = () => settle(() => reject(new ConnectionReset()));
    const over = () => settle(resolve);
    const alarm = clock.after(delayMs, over);
    connection?.once('close', gone);
    cleared?.addEventListener('abort', over);
  });
}
