import { MINUTE_MS } from '../../../../lib/base/time.ts';
import type { IngestTask } from '../../../../lib/drops/plan/messageBodies.ts';
import { DAY, type LoadOptions, type Loads, someEvents, startLoads } from './startLoads.ts';

/** Bytes of a file that no engine can read. */
export const damaged = Buffer.from(`PAR1${'x'.repeat(100)}PAR1`);
/** The rows of {@link DayInPieces.dropThree}. */
export const SUM = { in: 8, out: 6, refused: 2 };

/** Three rows, of which one is refused. */
const withRefused = (from: number) =>
  `${someEvents(from, from + 2)} UNION ALL SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u'`;

/** A day of which each file is a piece, and a load has time for one of them. */
export class DayInPieces {
  /** The buckets, the catalog and the loads of the day. */
  readonly loads: Loads;

  private constructor(loads: Loads) {
    this.loads = loads;
    loads.cutAt(1);
  }

  /** Starts a day without files. Half of its rows may be refused unless the dataset says otherwise. */
  static async start(...given: Parameters<typeof startLoads>): Promise<DayInPieces> {
    const [dataset = { refusedShare: 0.5 }, ...more] = given;
    return new DayInPieces(await startLoads(dataset, ...more));
  }

  /** Puts a file. @param rows A query of DuckDB, or the bytes. @returns Its key. */
  drop(name: string, rows: string | Uint8Array): Promise<string> {
    return this.loads.drop(`${name}.parquet`, rows);
  }

  /** Puts the files `a`, `b` and `c`, of six rows that are accepted and two that are not. */
  async dropThree(): Promise<void> {
    await this.drop('a', withRefused(0));
    await this.loads.dropEvents('b', 2, 4);
    await this.drop('c', withRefused(4));
  }

  /** Lets no time for another piece. */
  readonly later = async (): Promise<void> => {
    await this.loads.clock.advance(10 * MINUTE_MS);
  };

  /** Makes one piece. */
  loadPiece(how: LoadOptions = {}): ReturnType<Loads['load']> {
    return this.loads.load({ ...how, at: { recorded: this.later } });
  }

  /** Puts the three files, and makes their first piece. @returns The task of the next one. */
  async begin(how?: LoadOptions): Promise<IngestTask> {
    await this.dropThree();
    await this.loadPiece(how);
    return this.loads.sentTask();
  }

  /** Does what is sent, until nothing is. @returns How each load has ended that was not killed. */
  async runSent() {
    const outcomes: Exclude<Awaited<ReturnType<Loads['load']>>, string>[] = [];
    for (let sent = this.loads.sent(); sent.length > 0; sent = this.loads.sent())
      for (const task of sent) {
        const outcome = await this.loadPiece(task);
        if (typeof outcome === 'object') outcomes.push(outcome);
      }
    return outcomes;
  }
}
