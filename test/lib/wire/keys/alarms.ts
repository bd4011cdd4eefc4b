import type { SetAlarm } from '../../../../lib/base/time.ts';
import type { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';

// Without Jest: a proof starts the collector in a process of its own.

/** Alarms that ring as the clock is moved. */
export const alarmsOf =
  (clock: Pick<ManualClock, 'after'>): SetAlarm =>
  (ms, ring) => {
    const alarm = clock.after(ms, ring);
    return () => alarm.cancel();
  };
