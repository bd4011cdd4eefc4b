import type { LocalClock } from '../../base/LocalClock.ts';
import type { ReceivedMessage } from '../model/Message.ts';
import type { Queue } from '../Queue.ts';

/** Long polling: answers as soon as there is a message, and empty-handed after `waitMs`. */
export async function receiveWithin(
  queue: Queue,
  clock: LocalClock,
  options: { readonly max: number; readonly visibilityMs: number | undefined; readonly waitMs: number },
): Promise<ReceivedMessage[]> {
  const first = queue.receive(options.max, options.visibilityMs);
  if (first.length > 0 || options.waitMs === 0) return first;
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      alarm.cancel();
      stopListening();
      finish();
    };
    const alarm = clock.after(options.waitMs, () => settle(() => resolve([])));
    // Nothing is visible now, so this doesn't call back before it has returned.
    const stopListening = queue.onMessage(() => {
      try {
        const messages = queue.receive(options.max, options.visibilityMs);
        if (messages.length > 0) settle(() => resolve(messages));
      } catch (error) {
        settle(() => reject(error));
      }
    });
  });
}
