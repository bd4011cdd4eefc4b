import type { Socket } from 'node:net';
import type { LocalClock } from '../base/LocalClock.ts';
import type { AwsError } from '../protocol/AwsError.ts';
import { ConnectionReset } from './ConnectionReset.ts';

/** What happens to a call on one side of the work. */
export interface Blow {
  readonly delayMs: number;
  /** Ends the delay at once: the faults have been cleared. */
  readonly cleared?: AbortSignal;
  /** How it ends here instead of going on, if it does. */
  readonly end?: AwsError | 'reset';
}

/** What happens to one call before the service does anything, and after it has done everything. */
export interface CallFate {
  readonly before: Blow;
  readonly after: Blow;
}

/**
 * Lets one side of a call's fate happen. The delay goes by the local clock; a client that gives up in the
 * meantime ends the call there.
 *
 * @throws the AwsError to answer, or ConnectionReset.
 */
export async function suffer(
  { delayMs, cleared, end }: Blow,
  { clock, connection }: { readonly clock: Pick<LocalClock, 'after'>; readonly connection: Socket },
): Promise<void> {
  if (delayMs > 0) await delay(delayMs, { clock, connection, cleared });
  if (end === 'reset') throw new ConnectionReset();
  if (end !== undefined) throw end;
}

function delay(
  delayMs: number,
  until: {
    readonly clock: Pick<LocalClock, 'after'>;
    readonly connection: Socket;
    readonly cleared: AbortSignal | undefined;
  },
): Promise<void> {
  const { clock, connection, cleared } = until;
  if (connection.destroyed) return Promise.reject(new ConnectionReset());
  if (cleared?.aborted === true) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      alarm.cancel();
      connection.off('close', gone);
      cleared?.removeEventListener('abort', over);
      done();
    };
    const gone = () => settle(() => reject(new ConnectionReset()));
    const over = () => settle(resolve);
    const alarm = clock.after(delayMs, over);
    connection.once('close', gone);
    cleared?.addEventListener('abort', over);
  });
}
