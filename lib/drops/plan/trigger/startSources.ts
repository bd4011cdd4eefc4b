import type { DatasetKind } from '../../../config/sourcesSchema.ts';
import type { TaskQueue } from '../../../queue/TaskQueue.ts';
import type { Clock } from '../../../time/Clock.ts';
import type { PlanRequestInput } from '../PlanRequest.ts';
import { TRIGGER_PAUSE_MS } from './limits.ts';
import type { ReadyRequest } from './readyRequest.ts';
import { TriggerError } from './TriggerError.ts';

/** Each source's turn: one start in two hours. Methods throw what the store throws. */
export interface Turns {
  /** Takes a source's turn until an instant; null when somebody has it. */
  take(source: string, until: number): Promise<{ release(): Promise<void> } | null>;
  /** Gives back a turn that is taken, whoever has it: the next call may take it. */
  giveBack(source: string): Promise<void>;
  /** Until when a source's turn is taken, epoch milliseconds; null when it isn't. */
  takenUntil(source: string): Promise<number | null>;
}

/** What {@link startSources} works with. */
export interface StartPorts {
  readonly turns: Pick<Turns, 'take' | 'takenUntil'>;
  /** The plan's queue. */
  readonly requests: TaskQueue;
  readonly clock: Clock;
}

/** What of a source is needed to start it. */
export interface StartableSource {
  readonly name: string;
  readonly datasets: readonly { readonly kind: DatasetKind }[];
}

/** Which sources were started, and which have to wait for how long. */
export interface Started {
  readonly started: readonly string[];
  readonly tooSoon: readonly { readonly source: string; readonly seconds: number }[];
}

/**
 * The sources that a key may start: those that it names. A key that names none may start the only source there is. With
 * several it may start none, as it could be anybody's: an app's, or another customer's.
 *
 * @throws TriggerError SLUICE_TRIGGER_KEY_NO_SOURCES, whatever is asked for.
 */
export function startableSources(
  sources: readonly StartableSource[],
  named: readonly string[] | undefined,
): readonly StartableSource[] {
  if (named !== undefined) return sources.filter(({ name }) => named.includes(name));
  if (sources.length > 1) throw new TriggerError('SLUICE_TRIGGER_KEY_NO_SOURCES');
  return sources;
}

/**
 * Starts the plan of some days at once, for each source that has not been started within two hours. When the start
 * itself fails, the turns are given back; so they are by the plan, where the days turn out to have no files.
 *
 * @param sources Those that the caller may start. Any other is as if it did not exist.
 * @throws TriggerError SLUICE_TRIGGER_NO_DATASET.
 */
export async function startSources(
  { turns, requests, clock }: StartPorts,
  sources: readonly StartableSource[],
  { days, kind, sources: names }: ReadyRequest,
): Promise<Started> {
  const having = sources.filter(({ datasets }) => datasets.some((dataset) => dataset.kind === kind));
  const missing = names?.filter((name) => !having.some((source) => source.name === name)) ?? [];
  const wanted = having.filter(({ name }) => names === undefined || names.includes(name));
  if (missing.length > 0 || wanted.length === 0)
    throw new TriggerError(
      'SLUICE_TRIGGER_NO_DATASET',
      `${kind}${missing.map((name) => ` ${name}`).join(',')}.`,
    );

  const taken: { readonly name: string; release(): Promise<void> }[] = [];
  const tooSoon: Started['tooSoon'][number][] = [];
  try {
    for (const { name } of wanted) {
      const turn = await turns.take(name, clock.now() + TRIGGER_PAUSE_MS);
      if (turn !== null) {
        taken.push({ name, release: () => turn.release() });
        continue;
      }
      const until = (await turns.takenUntil(name)) ?? 0;
      tooSoon.push({ source: name, seconds: Math.max(1, Math.ceil((until - clock.now()) / 1000)) });
    }
    const started = taken.map(({ name }) => name);
    if (started.length > 0) {
      const request: PlanRequestInput = {
        sluice: 'plan',
        sources: started,
        kind,
        days: [...days],
        asked: 'triggered',
      };
      await requests.send([JSON.stringify(request)]);
    }
    return { started, tooSoon };
  } catch (error) {
    // What can't be given back either comes back by itself.
    await Promise.allSettled(taken.map((turn) => turn.release()));
    throw error;
  }
}
