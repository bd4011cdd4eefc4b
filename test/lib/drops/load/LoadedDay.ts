import { expect } from '@jest/globals';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import type { LoadOutcome } from '../../../../lib/drops/load/end/endLoad.ts';
import type { IngestTask } from '../../../../lib/drops/plan/messageBodies.ts';
import { planDay, plannedTask } from './planDay.ts';
import { DAY, type Loads, readEvents, someEvents, startLoads } from './startLoads.ts';

/** The rows of a {@link LoadedDay} at its beginning. */
export const firstRows = readEvents(0, 5);
/** A file with a schema and no row. */
export const noRows = someEvents(0, 0);

/** What a person asks of a day. */
export type Asked = 'triggered' | 'backfill' | 'keep' | 'empty';

/** A day of a dataset that was loaded from the files `a` and `b`, and what happens to it after. */
export class LoadedDay {
  /** The buckets, the catalog and the loads of the day. */
  readonly loads: Loads;

  constructor(loads: Loads) {
    this.loads = loads;
  }

  /** Starts a day that is loaded; a marker is there, too. */
  static async start(dataset: Parameters<typeof startLoads>[0] = {}): Promise<LoadedDay> {
    const day = new LoadedDay(await startLoads(dataset));
    await day.drop('a', someEvents(0, 2));
    await day.drop('b', someEvents(2, 5));
    await day.loads.drop(dataset.waitFor ?? '_SUCCESS', new Uint8Array());
    const loaded = await day.run();
    if (Object(loaded).outcome !== 'succeeded') throw new Error(JSON.stringify(loaded));
    return day;
  }

  /** Puts a file. @param rows A query of DuckDB, or the bytes. @returns Its key. */
  drop(name: string, rows: string | Uint8Array): Promise<string> {
    return this.loads.drop(`${name}.parquet`, rows);
  }

  /** Removes files, named as {@link drop} names them. */
  async remove(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.loads.remove(`${name}.parquet`);
  }

  /** Plans the day as the schedule or a person does, and loads what was queued. @returns Null if nothing was. */
  async run(asked?: Asked): Promise<LoadOutcome | 'killed' | null> {
    const { tasks } = await planDay(this.loads, DAY, asked);
    return tasks[0] === undefined ? null : this.loads.load(tasks[0]);
  }

  /** Plans the day. @returns The task that was queued. @throws Error If none was. */
  plan(asked?: Asked): Promise<IngestTask> {
    return plannedTask(this.loads, DAY, asked);
  }

  /** Expects some of the rows, the state and the fates of files of the day, after two nights with sweeps. */
  async afterNights(expected: {
    readonly rows?: readonly string[] | null;
    readonly state?: string;
    readonly fates?: readonly string[];
  }): Promise<void> {
    for (const _ of [1, 2]) {
      this.loads.clock.advance(25 * HOUR_MS);
      await this.run();
      await this.loads.sweep();
    }
    const { state, files = [] } = (await this.loads.entry()) ?? {};
    const fates = files.map(
      ({ key, fate, reason }) => `${key.split('/')[2]} ${[fate, reason].join(' ').trim()}`,
    );
    expect({ rows: await this.loads.read(), state, fates }).toMatchObject(expected);
  }
}
