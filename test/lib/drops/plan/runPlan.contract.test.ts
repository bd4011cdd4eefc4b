import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { valueAt } from '../../../../lib/base/json.ts';
import { addDays, HOUR_MS, MINUTE_MS, utcDay } from '../../../../lib/base/time.ts';
import { planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import { entryOf, plan } from './planRuns.ts';
import { startIngest } from './startIngest.ts';

let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const today = () => utcDay(ingest.clock.now());
const ago = (days: number) => addDays(today(), -days);
const load = (day: string) => ingest.settle(day, { version: 'v1' });

describe('a run of the plan', () => {
  it('sends each task in the group of its source, so that SQS serves others between them', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    await plan(ingest);
    const { Messages = [] } = await ingest.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: ingest.urlOf('load'),
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    expect(Messages.map(({ Attributes }) => Attributes)).toEqual([{ MessageGroupId: 'acme' }]);
  });

  it('queues the new days of its lookback, oldest first, and notes them', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${ago(2)}/_SUCCESS`, '');
    await ingest.dropInto(ago(9), ago(1), ago(2), ago(-2));
    await plan(ingest);
    const task = { source: 'acme', dataset: 'events', reason: 'new' };
    expect(await ingest.received('load')).toMatchObject([
      { ...task, day: ago(2) },
      { ...task, day: ago(1) },
    ]);
    expect(await entryOf(ingest, ago(1))).toMatchObject({
      state: 'waiting',
      table: 'acme_events',
      attempts: 0,
    });
    expect(await entryOf(ingest, ago(9))).toBeNull();
  });

  it('notes days before the lookback that have files, and none that is to come', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(9), ago(-2));
    await plan(ingest);
    expect(await ingest.readJson('ledger/acme/events/last-look.json')).toMatchObject({
      elsewhere: { days: [ago(9)], others: [] },
    });
  });

  it('notes days that are more than 31 days ahead, and since when there are some, while listings fail, too', async () => {
    ingest = await startIngest();
    const far = [ago(-32), ago(-365), ago(-366), ago(-367)];
    await ingest.dropInto(ago(-31), ...far);
    await plan(ingest);
    const first = await ingest.readJson('ledger/acme/events/last-look.json');
    expect(first).toMatchObject({ elsewhere: { days: [], ahead: { days: far } } });
    const ahead = { elsewhere: { ahead: valueAt(first, ['elsewhere', 'ahead']) } };
    for (const turn of [async () => {}, ingest.letNobodyIn, ingest.letIn]) {
      await ingest.clock.advance(HOUR_MS);
      await turn();
      await plan(ingest);
      expect(await ingest.readJson('ledger/acme/events/last-look.json')).toMatchObject(ahead);
    }
  });

  it('notes names that are no days with when they were first found, and as whose the bucket was listed', async () => {
    ingest = await startIngest();
    const note = async () => Object(await ingest.readJson('ledger/acme/events/last-look.json'));
    await ingest.put('events/old/a.parquet');
    await plan(ingest);
    const first = await note();
    expect(first).toMatchObject({ namesSince: { 'old/': first.at }, place: { owner: '111122223333' } });
    await ingest.clock.advance(HOUR_MS);
    await ingest.put('events/new/a.parquet');
    await plan(ingest);
    const second = await note();
    expect(second.namesSince).toEqual({ 'old/': first.at, 'new/': second.at });
  });

  it('lets a day wait whose files are too recent, until a message names it once it has settled', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${today()}/a.parquet`);
    expect(await plan(ingest)).toMatchObject({ queued: [] });
    const settling = { state: 'waiting', queued: { reason: 'settling' } };
    expect(await entryOf(ingest, today())).toMatchObject(settling);
    // The clock runs by itself as well: a minute is room for a busy machine.
    await ingest.clock.advance(9 * MINUTE_MS);
    expect(await ingest.received('plan')).toEqual([]);
    await ingest.clock.advance(2 * MINUTE_MS);
    const again = { sluice: 'plan', sources: ['acme'], datasets: ['events'], days: [today()], round: 1 };
    expect(await ingest.received('plan')).toEqual([again]);
    expect(await plan(ingest, again)).toMatchObject({ queued: [{}] });
  });

  describe('of two datasets', () => {
    beforeEach(async () => {
      ingest = await startIngest([
        {
          datasets: [
            { name: 'events', kind: 'events' },
            {
              name: 'metrics',
              kind: 'metrics',
              schedule: 'hourly',
              dayFormat: 'ds=YYYY-MM-DD',
              folder: 'out/metrics',
            },
          ],
        },
      ]);
      await ingest.put(`events/${ago(40)}/a.parquet`);
      await ingest.put(`out/metrics/ds=${ago(1)}/a.parquet`);
      await ingest.clock.advance(HOUR_MS);
    });

    it('plans the one of its schedule', async () => {
      expect(await plan(ingest)).toMatchObject({ datasets: 1, queued: [] });
      const queued = [{ dataset: 'metrics', day: ago(1), reason: 'new' }];
      expect(await plan(ingest, { schedule: 'hourly' })).toMatchObject({ datasets: 1, queued });
    });

    it('plans the one of a kind that is requested, for the days that are', async () => {
      const request = { kind: 'events', days: [ago(40)], asked: 'triggered' };
      const queued = [{ dataset: 'events', day: ago(40), reason: 'triggered' }];
      expect(await plan(ingest, request)).toMatchObject({ datasets: 1, queued });
    });

    it('plans a loaded day again if a person asks for it by name, and leaves one without files', async () => {
      const request = { datasets: ['events'], days: [ago(40), ago(41)] };
      await plan(ingest, request);
      await load(ago(40));
      expect(await plan(ingest, request)).toMatchObject({ queued: [] });
      const queued = [{ dataset: 'events', day: ago(40), reason: 'backfill' }];
      expect(await plan(ingest, { ...request, asked: 'backfill' })).toMatchObject({ queued });
    });
  });

  it('does not note a task as queued that a load has ended meanwhile', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    const tasks = { send: () => load(ago(1)) };
    const request = planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' });
    await runPlan({ ...ingest.planner(), tasks }, request);
    expect(await entryOf(ingest, ago(1))).toMatchObject({ state: 'succeeded', version: 'v1' });
  });

  it('asks again after a quarter of an hour once it has asked some times', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${today()}/a.parquet`);
    await plan(ingest, { datasets: ['events'], days: [today()], round: 4 });
    await ingest.clock.advance(14 * MINUTE_MS);
    expect(await ingest.received('plan')).toEqual([]);
    await ingest.clock.advance(MINUTE_MS);
    expect(await ingest.received('plan')).toMatchObject([{ round: 5 }]);
  });

  it('asks no more after a day of rounds', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${today()}/a.parquet`);
    await plan(ingest, { datasets: ['events'], days: [today()], round: 96 });
    await ingest.clock.advance(15 * MINUTE_MS);
    expect(await ingest.received('plan')).toEqual([]);
  });
});
