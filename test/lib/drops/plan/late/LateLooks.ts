import { expect } from '@jest/globals';
import { addDays, HOUR_MS, MINUTE_MS, utcDay } from '../../../../../lib/base/time.ts';
import { planMessages } from '../../../../../lib/drops/plan/planMessages.ts';
import type { Settlement } from '../../../../../lib/ledger/Ledger.ts';
import { type DatasetInput, eventsDataset } from '../../../../harness/configInput.ts';
import { startIngest } from '../startIngest.ts';

type Ingest = Awaited<ReturnType<typeof startIngest>>;
type Line = Readonly<Record<string, unknown>>;

/** Looks for overdue drops, as the schedule has them, with the cloud that they are at. */
export class LateLooks {
  /** The cloud, whose first dataset is `events` of `acme`. */
  readonly ingest: Ingest;

  constructor(ingest: Ingest) {
    this.ingest = ingest;
  }

  /** A dataset of which no day has come. Its lookback is two days, and a drop is due at six. */
  static async begin(dataset: Partial<DatasetInput> = {}): Promise<LateLooks> {
    const expected = eventsDataset({ lookbackDays: 2, expectedBy: { hour: 6 }, ...dataset });
    return new LateLooks(await startIngest([{ datasets: [expected] }]));
  }

  /** A dataset whose first day came three days ago, at ten in the morning. */
  static async start(dataset?: Partial<DatasetInput>): Promise<LateLooks> {
    const looks = await LateLooks.begin(dataset);
    await looks.settle(1);
    await looks.advanceToTen(2);
    return looks;
  }

  /** The day that it is. */
  get today(): string {
    return utcDay(this.ingest.clock.now());
  }

  /** The day that was some days ago. */
  ago(days: number): string {
    return addDays(this.today, -days);
  }

  /** Moves the clock to ten in the morning, some days on. */
  async advanceToTen(days: number): Promise<void> {
    const { clock } = this.ingest;
    await clock.advance(Date.parse(`${this.ago(-days)}T10:00:00Z`) - clock.now());
  }

  /** Moves the clock by some hours. */
  async advanceHours(hours: number): Promise<void> {
    await this.ingest.clock.advance(hours * HOUR_MS);
  }

  /** Hands messages of the plan's queue to the plan, none of which fails. */
  async handle(bodies: readonly unknown[]): Promise<void> {
    const messages = bodies.map((body, i) => ({
      messageId: `${i}`,
      body: JSON.stringify(body),
      receives: 1,
    }));
    expect(await planMessages(this.ingest.planner(), messages)).toEqual({ batchItemFailures: [] });
  }

  /** A run of the schedule. @returns Its lines about sources. */
  async lookAtAll(): Promise<readonly Line[]> {
    const { ingest } = this;
    ingest.lines.length = 0;
    await this.handle([{ sluice: 'expected' }]);
    await this.handle(await ingest.received('plan'));
    await ingest.clock.advance(MINUTE_MS);
    await this.handle(await ingest.received('plan'));
    return ingest.lines.filter(({ event }) => event === 'ingest_expected');
  }

  /** A run of the schedule. @returns Its line about the first source; undefined if there is nothing to look at. */
  async look(): Promise<Line | undefined> {
    return (await this.lookAtAll())[0];
  }

  /** Expects that a run of the schedule names these days as late, by how many days ago they were. */
  async expectLate(...ago: readonly number[]): Promise<void> {
    expect(await this.look()).toMatchObject({ late: ago.map((days) => ({ day: this.ago(days) })) });
  }

  /** Waits until the plan has summed up a run of the schedule whose parts did not all end. */
  async waitForTally(): Promise<void> {
    for (let waits = 0; waits < 8; waits += 1) {
      await this.ingest.clock.advance(15 * MINUTE_MS);
      await this.handle(await this.ingest.received('plan'));
    }
    expect(this.ingest.lines).toContainEqual(
      expect.objectContaining({ event: 'ingest_plan_tally', missing: 1 }),
    );
  }

  /** Drops an object into the folder of a day that was some days ago. */
  put(ago: number, name = 'a.parquet', body?: string) {
    return this.ingest.put(`events/${this.ago(ago)}/${name}`, body);
  }

  /** Settles a day as a load does, by default as loaded. */
  settle(ago: number, settled: Partial<Settlement> = { version: 'v1' }): Promise<void> {
    return this.ingest.settle(this.ago(ago), settled);
  }

  /** The note of the last look at `events` of `acme`. */
  note(): Promise<unknown> {
    return this.ingest.readJson('ledger/acme/events/expected.json');
  }

  /** The value of the metric of late drops; undefined before the first run. */
  metric(): unknown {
    return this.ingest.lines.findLast((line) => '_aws' in line)?.['drops_late'];
  }
}
