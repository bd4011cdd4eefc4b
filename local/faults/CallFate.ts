import type { Socket } from 'node:net';
import type { LocalClock } from '../clock/LocalClock.ts';
import type { AwsError } from '../edge/AwsError.ts';
import { ConnectionReset } from './ConnectionReset.ts';

/** What happens to a call on one side of the work. */
export interface Blow {
  readonly delayMs: number;
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
  { delayMs, end }: Blow,
  { clock, connection }: { readonly clock: Pick<LocalClock, 'after'>; readonly connection: Socket },
): Promise<void> {
  if (delayMs > 0) await delay(delayMs, clock, connection);
  if (end === 'reset') throw new ConnectionReset();
  if (end !== undefined) throw end;
}

function delay(delayMs: number, clock: Pick<LocalClock, 'after'>, connection: Socket): Promise<void> {
  if (connection.destroyed) return Promise.reject(new ConnectionReset());
  return new Promise((resolve, reject) => {
    const gone = () => {
      alarm.cancel();
      reject(new ConnectionReset());
    };
    const alarm = clock.after(delayMs, () => {
      connection.off('close', gone);
      resolve();
    });
    connection.once('close', gone);
  });
}
