import { claim } from '../base/claim.ts';
import { SluiceError } from '../base/errors.ts';
import { failureFields } from '../base/log.ts';
import { type ObjectStore, storedText } from '../base/ObjectStore.ts';
import { type Clock, utcDay } from '../base/time.ts';
import type { Monitors } from '../schema/fields/monitors.ts';
import { MonitorError } from './MonitorError.ts';
import {
  afterTelling,
  changeState,
  keepMonitors,
  type MonitorEvent,
  type MonitorState,
  missLook,
  RUN_CLAIM,
  STATE_KEY,
  takeLook,
} from './MonitorState.ts';
import { type IsOpen, type Look, type MonitorName, monitorNames } from './monitorFindings.ts';

/** Monitors that look once a day. The others look at every run. */
const DAILY: readonly MonitorName[] = ['sampleRatio', 'events'];

/** The ports and options of a run. */
export interface MonitorRun {
  readonly monitors: Monitors;
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Epoch milliseconds at which the run has surely ended. */
  readonly endsAt: number;
  /** Looks at what one monitor watches. */
  readonly look: (monitor: MonitorName, isOpen: IsOpen) => Promise<Look>;
  /** Sends one message to the topic of the alarms; null without a topic. Resolves when the topic has taken it. */
  readonly tell: ((events: readonly MonitorEvent[]) => Promise<void>) | null;
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * One run: each monitor that is due looks, what begins and ends is kept, then told. What was kept and not told is told by the
 * next run, so a lost answer of the topic makes a telling come twice, and nothing makes it not come at all. While another run
 * goes on, nothing happens.
 *
 * @returns How many things were told; null while another run goes on.
 * @throws MonitorError `SLUICE_MONITOR_LOOK_FAILED` after all, if a monitor could not look; `SLUICE_MONITOR_NOT_TOLD`; errors of
 *   the store.
 */
export async function runMonitors(run: MonitorRun): Promise<number | null> {
  const { store, clock, endsAt } = run;
  const held = await claim(store, clock, RUN_CLAIM, endsAt);
  if (held === null) return null;
  try {
    return await runHeld(run);
  } finally {
    await held.release();
  }
}

async function runHeld(run: MonitorRun): Promise<number> {
  const { store, clock } = run;
  const object = storedText(store, STATE_KEY);
  const on = monitorNames.filter((name) => run.monitors[name] !== false);
  let state = await changeState(object, (before) => keepMonitors(before, on));
  const failed: MonitorName[] = [];
  for (const monitor of on) {
    if (!isDue(monitor, state, run)) continue;
    const isOpen: IsOpen = (code, subject) =>
      state.open.some((one) => one.code === code && one.subject === subject);
    try {
      const look = await run.look(monitor, isOpen);
      state = await changeState(object, (before) => takeLook(before, look, clock.now()));
    } catch (error) {
      failed.push(monitor);
      run.log({ level: 'error', event: 'monitor_failed', monitor, ...failureFields(error) });
      const why = error instanceof SluiceError ? error.code : error instanceof Error ? error.name : 'unknown';
      state = await changeState(object, (before) => missLook(before, monitor, why));
    }
  }
  const told = await tellAll();
  if (failed.length > 0) throw new MonitorError('SLUICE_MONITOR_LOOK_FAILED', `${failed.join(', ')}.`);
  return told;

  async function tellAll(): Promise<number> {
    const { untold } = state;
    if (untold.length === 0) return 0;
    // Not their texts, which have names that anybody can send.
    for (const { id, code, what } of untold)
      run.log({ level: 'warn', event: 'monitor_told', id, code, what });
    try {
      await run.tell?.(untold);
    } catch (error) {
      throw new MonitorError('SLUICE_MONITOR_NOT_TOLD', error instanceof Error ? `${error.name}.` : '', {
        cause: error,
      });
    }
    await changeState(object, (before) => afterTelling(before, untold));
    return untold.length;
  }
}

/** A daily monitor looks at the first run from its hour on, and again at each run until it has succeeded. */
function isDue(
  monitor: MonitorName,
  { looks }: MonitorState,
  { clock, monitors: { hour } }: Pick<MonitorRun, 'clock' | 'monitors'>,
): boolean {
  if (!DAILY.includes(monitor)) return true;
  const now = clock.now();
  const lookedAt = looks[monitor]?.at ?? null;
  return (
    new Date(now).getUTCHours() >= hour && (lookedAt === null || utcDay(Date.parse(lookedAt)) < utcDay(now))
  );
}
