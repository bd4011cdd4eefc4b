import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { calendarText } from '../../../../cli/ingest/calendarText.ts';
import { addDays, utcDay } from '../../../../lib/base/time.ts';
import { MAX_ROUNDS, PATIENT_ROUNDS } from '../../../../lib/drops/limits.ts';
import { markerReason } from '../../../../lib/drops/plan/decideDay.ts';
import { planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { type PlanReport, planMessages, runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import { explainDay } from '../../../../observe/ingest/explainDay.ts';
import { OTHER_DROPS, startIngest } from './startIngest.ts';

const HOUR_MS = 3_600_000;
/** When the runs of these tests began, of which only the parts are sent. */
const RUN = 1;
let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const today = () => utcDay(ingest.clock.now());
const ago = (days: number) => addDays(today(), -days);
/** Plans as a message asks. The queue hands it out again if the report says so. */
async function plan(request: object = { schedule: 'daily' }): Promise<PlanReport> {
  const { length } = ingest.lines;
  // Of a run of the schedule the part of one source.
  const part = 'schedule' in request ? { sources: ['acme'], run: RUN } : {};
  const body = JSON.stringify({ sluice: 'plan', ...request, ...part });
  const messages = [{ messageId: '0', body, receives: 1 }];
  const { batchItemFailures } = await planMessages(ingest.planner(), messages);
  const lines = ingest.lines.slice(length);
  const report = lines.find(({ event }) => event === 'ingest_plan') as PlanReport | undefined;
  if (report === undefined) throw new Error(JSON.stringify(lines));
  expect(report.again).toBe(batchItemFailures.length > 0);
  return report;
}
/** The metrics of all runs of the schedule until now. */
async function point(): Promise<unknown> {
  const body = JSON.stringify({ sluice: 'tally', schedule: 'daily', run: RUN, left: 1, round: 0 });
  await planMessages(ingest.planner(), [{ messageId: '0', body, receives: 1 }]);
  return ingest.lines.findLast((line) => '_aws' in line);
}
/** Plans several sources as one: the queue would split the message. */
const planAll = () =>
  runPlan(ingest.planner(), planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' }));
const entryOf = (day: string, dataset = 'events') => ingest.ledger.read({ source: 'acme', dataset, day });

const load = (day: string) => ingest.settle(day, { version: 'v1' });

describe('a run of the plan', () => {
  it('sends each task in the group of its source, so that SQS serves others between them', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    await plan();
    const { Messages = [] } = await ingest.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: ingest.urlOf('load'),
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    expect(Messages.map(({ Attributes }) => Attributes)).toEqual([{ MessageGroupId: 'acme' }]);
  });

  it('queues each new day once, and defers days whose files are too recent', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${ago(1)}/a.parquet`);
    await ingest.put(`events/${ago(2)}/a.parquet`);
    await ingest.put(`events/${ago(2)}/_SUCCESS`, '');
    await ingest.put(`events/${ago(9)}/too-old.parquet`);
    await ingest.put(`events/${ago(-2)}/to-come.parquet`);
    await ingest.clock.advance(HOUR_MS / 2);
    await ingest.put(`events/${today()}/a.parquet`);

    const report = await plan();
    expect(report).toMatchObject({
      queued: [{}, {}],
    });
    const tasks = await ingest.received('load');
    expect(tasks).toMatchObject([
      { source: 'acme', dataset: 'events', day: ago(2), reason: 'new' },
      { source: 'acme', dataset: 'events', day: ago(1), reason: 'new' },
    ]);
    expect(await entryOf(ago(1))).toMatchObject({ state: 'waiting', table: 'acme_events', attempts: 0 });
    expect(await entryOf(today())).toMatchObject({ state: 'waiting', queued: { reason: 'settling' } });
    expect(await entryOf(ago(9))).toBeNull();
    expect(await ingest.readJson('ledger/acme/events/last-look.json')).toMatchObject({
      elsewhere: { days: [ago(9)], others: [] },
    });

    // It comes back by itself when the day has settled, and not before.
    await ingest.clock.advance(10 * 60_000 - 1_000);
    expect(await ingest.received('plan')).toEqual([]);
    await ingest.clock.advance(60_000);
    const [again, ...others] = await ingest.received('plan');
    expect(again).toEqual({
      sluice: 'plan',
      sources: ['acme'],
      datasets: ['events'],
      days: [today()],
      round: 1,
    });
    expect(others).toEqual([]);
    expect(await plan(Object(again))).toMatchObject({ queued: [{}] });
    expect(await plan()).toMatchObject({ queued: [] });
    expect(await ingest.received('load')).toMatchObject([{ day: today() }]);
  });

  it('reports which datasets cannot be listed and why, and plans the others', async () => {
    ingest = await startIngest([
      {},
      { bucket: OTHER_DROPS, owner: '999999999999' },
      { bucket: 'nobodys-drops' },
      { datasets: [{ name: 'metrics', kind: 'metrics' }] },
    ]);
    await ingest.dropInto(ago(1));
    expect(await planAll()).toMatchObject({
      level: 'error',
      datasets: 2,
      queued: [{}],
      again: false,
      // Sources are listed side by side.
      failed: expect.arrayContaining([
        expect.objectContaining({ source: 'acme1', code: 'SLUICE_SOURCE_OWNER_DIFFERS' }),
        expect.objectContaining({ source: 'acme2', code: 'SLUICE_SOURCE_BUCKET_MISSING' }),
      ]),
    });
    expect(await ingest.readJson('ledger/acme1/events/last-look.json')).toMatchObject({
      failure: { code: 'SLUICE_SOURCE_OWNER_DIFFERS' },
    });
    expect(await ingest.readJson('ledger/acme/events/last-look.json')).toMatchObject({
      newestDay: ago(1),
      stopped: false,
    });
  });

  it('keeps since when a folder cannot be listed, and when it was listed last, through further tries', async () => {
    ingest = await startIngest();
    const note = async () => Object(await ingest.readJson('ledger/acme/events/last-look.json'));
    await plan();
    const { at: lastGood } = await note();
    ingest.faults.set({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', status: 403, calls: 'all', key: 'acme-drops' }],
    });
    await ingest.clock.advance(3_600_000);
    await plan();
    const { at: since } = await note();
    expect(since - lastGood).toBeGreaterThanOrEqual(3_600_000);
    await ingest.clock.advance(3_600_000);
    await plan();
    const { at, failure } = await note();
    expect(at - since).toBeGreaterThanOrEqual(3_600_000);
    expect(failure).toMatchObject({ code: 'SLUICE_SOURCE_ACCESS_DENIED', since, lastGood });
    ingest.faults.clear();
    await plan();
    expect((await note()).failure).toBeUndefined();
  });

  it('is retried when S3 throttles it, and reports nothing about the bucket', async () => {
    ingest = await startIngest();
    ingest.faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 'all' }] });
    expect(await plan()).toMatchObject({
      again: true,
      failed: [{ code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE' }],
    });
    ingest.faults.clear();
    ingest.faults.set({
      s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 'all', key: 'acme-drops' }],
    });
    expect(await plan()).toMatchObject({ again: true, failed: [{ code: 'SLUICE_SOURCE_UNAVAILABLE' }] });
    ingest.faults.clear();
    await expect(ingest.readJson('ledger/acme/events/last-look.json')).rejects.toThrow();
  });

  it('plans the others when the reason for skipping one cannot be recorded, and is retried', async () => {
    ingest = await startIngest([{ bucket: OTHER_DROPS, owner: '999999999999' }, {}]);
    await ingest.dropInto(ago(1));
    ingest.faults.set({
      s3: [
        {
          fault: 'failCalls',
          code: 'SlowDown',
          calls: 'all',
          operations: ['PutObject'],
          key: 'acme-experiments/ledger/acme/events/last-look.json',
        },
      ],
    });
    expect(await planAll()).toMatchObject({
      again: true,
      datasets: 1,
      queued: [{}],
      failed: [{ source: 'acme', code: 'SLUICE_SOURCE_OWNER_DIFFERS' }],
    });
    ingest.faults.clear();
    expect(await planAll()).toMatchObject({ again: false, failed: [{ source: 'acme' }] });
  });

  it('records nothing when the queue accepts nothing, and queues the day in the next run', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    ingest.faults.set({
      sqs: [{ fault: 'failCalls', code: 'ServiceUnavailable', status: 503, calls: 'all' }],
    });
    expect(await plan()).toMatchObject({
      again: true,
      datasets: 0,
      failed: [{ code: 'SLUICE_QUEUE_NOT_SENT' }],
    });
    expect(await entryOf(ago(1))).toBeNull();
    ingest.faults.clear();
    await plan();
    expect(await ingest.received('load')).toMatchObject([{ day: ago(1), reason: 'new' }]);
  });

  it('plans only the datasets of its schedule, or those requested by name, kind and day', async () => {
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
    expect(await plan()).toMatchObject({ datasets: 1, queued: [] });
    expect(await plan({ schedule: 'hourly' })).toMatchObject({ datasets: 1, queued: [{}] });
    expect(await plan({ kind: 'events', days: [ago(40)], asked: 'triggered' })).toMatchObject({
      queued: [{}],
    });
    await load(ago(40));
    expect(await plan({ datasets: ['events'], days: [ago(40)] })).toMatchObject({
      queued: [],
    });
    expect(await plan({ datasets: ['events'], days: [ago(40), ago(41)], asked: 'backfill' })).toMatchObject({
      queued: [{}],
    });
    expect(await ingest.received('load')).toMatchObject([
      { dataset: 'metrics', day: ago(1), reason: 'new' },
      { dataset: 'events', day: ago(40), reason: 'triggered' },
      { dataset: 'events', day: ago(40), reason: 'backfill' },
    ]);
  });

  it('looks at a loaded day whose files are missing however old it is, also after a listing that failed', async () => {
    ingest = await startIngest();
    const day = ago(1);
    await ingest.dropInto(day);
    await plan();
    await load(day);
    await ingest.remove(`events/${day}/a.parquet`);
    await plan();
    const openDays = async () => Object(await ingest.readJson('ledger/acme/events/last-look.json')).openDays;
    expect(await openDays()).toEqual([day]);
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    await ingest.letNobodyIn();
    await plan();
    expect(await openDays()).toEqual([day]);
    await ingest.letIn();
    expect(await plan()).toMatchObject({ queued: [{}] });
    await ingest.settle(day, { version: 'v1', state: 'inputs_missing' });
    await plan();
    expect(await openDays()).toEqual([day]);
  });

  it('looks at a day that waits for a commit however old it is, says so, and names what was asked for', async () => {
    ingest = await startIngest();
    const day = ago(1);
    const old = ago(20);
    for (const planned of [day, old]) {
      await ingest.put(`events/${planned}/_started_1`);
      await ingest.put(`events/${planned}/part-0-tid-1-x.parquet`);
    }
    await ingest.clock.advance(HOUR_MS);
    expect(await plan({ days: [old], asked: 'backfill' })).toMatchObject({ queued: [{}] });
    expect(await plan()).toMatchObject({ queued: [{}] });
    // As a load does that finds no commit.
    const fingerprint = (await entryOf(day))?.queued?.fingerprint ?? '';
    for (const planned of [day, old]) {
      const place = { source: 'acme', dataset: 'events', day: planned, table: 'acme_events' };
      const outcome = await ingest.ledger.claim(place, 'loader', ingest.clock.now() + 1, fingerprint);
      if (!('claim' in outcome)) throw new Error('busy');
      const { queued } = outcome.claim.entry;
      await ingest.ledger.defer(outcome.claim, {
        ...queued,
        fingerprint: queued?.fingerprint ?? '',
        reason: markerReason(),
      });
    }
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    expect(await plan()).toMatchObject({ queued: [] });
    expect((await ingest.status())?.waiting).toEqual(
      [old, day].map((planned) => ({
        day: planned,
        isLacking: true,
        cure: 'explain',
        since: expect.any(Number),
        words: expect.stringMatching(/^has 1 file and no commit since 2/),
      })),
    );
    await ingest.put(`events/${day}/_committed_1`, JSON.stringify({ added: [], removed: [] }));
    await ingest.clock.advance(HOUR_MS);
    expect(await plan()).toMatchObject({ queued: [{}] });
  });

  it('names a day that failed for a month, and does not try it again once it is before the lookback', async () => {
    ingest = await startIngest();
    const day = ago(1);
    const old = ago(20);
    await ingest.dropInto(day, old);
    await plan();
    await plan({ days: [old], asked: 'backfill' });
    const failure = { code: 'SLUICE_X', message: 'Why.' };
    for (const planned of [day, old]) await ingest.settle(planned, { state: 'failed', failure });
    const named = async () => {
      const status = await ingest.status(1);
      return status?.days.flatMap((planned) => (planned.entry === null ? [] : [planned.day]));
    };
    await ingest.clock.advance(13 * HOUR_MS);
    expect(await plan()).toMatchObject({ queued: [{}] });
    expect(await point()).toMatchObject({ days_failed: 1 });
    await ingest.settle(day, { state: 'failed', failure });
    expect(await named()).toEqual([old, day]);
    await ingest.clock.advance(10 * 24 * HOUR_MS);
    expect(await plan()).toMatchObject({ queued: [] });
    expect(await point()).toMatchObject({ days_failed: 0 });
    expect(await named()).toEqual([old, day]);
    await ingest.put(`events/${old}/a.parquet`, 'PAR1 corrected');
    await ingest.clock.advance(HOUR_MS);
    expect(await plan()).toMatchObject({ queued: [{}] });
    await load(old);
    await ingest.clock.advance(30 * 24 * HOUR_MS);
    await plan();
    expect(await named()).toEqual([]);
  });

  it('tries a failed day again that a message names, also before the lookback', async () => {
    ingest = await startIngest();
    const old = ago(20);
    await ingest.dropInto(old);
    await plan({ days: [old], asked: 'backfill' });
    await ingest.settle(old, { state: 'failed', failure: { code: 'SLUICE_X', message: 'Why.' } });
    await ingest.clock.advance(12 * HOUR_MS);
    expect(await plan({ days: [old] })).toMatchObject({ queued: [{}] });
  });

  it('says which days before the lookback have newer files than were loaded, until they are loaded', async () => {
    ingest = await startIngest();
    const days = [9, 8, 7].map(ago);
    const settle = async () => {
      for (const day of days) {
        const { Contents = [] } = await ingest.s3.send(
          new ListObjectsV2Command({ Bucket: 'acme-drops', Prefix: `events/${day}/` }),
        );
        const files = Contents.map(({ Key: key = '', Size: size = 0, ETag: eTag = '' }) => ({
          key,
          size,
          eTag,
        }));
        await ingest.settle(day, {
          version: 'v1',
          files: files.map((file) => ({ ...file, fate: 'loaded' as const })),
          rows: { in: 9, out: 9, refused: 0 },
          usualRows: 100,
        });
      }
    };
    await ingest.dropInto(...days);
    await plan({ days, asked: 'backfill' });
    await settle();
    const reported = async () => {
      const open = {
        s3: ingest.s3,
        config: ingest.config,
        stack: { service: 'sluice', stage: 'test' },
        aws: { region: 'us-east-1' },
        isLocal: true,
        now: ingest.clock.now(),
      };
      const status = await ingest.status();
      if (status === undefined) throw new Error('no dataset');
      const place = { source: 'acme', dataset: 'events', day: days[2] ?? '' };
      const { explanation } = await explainDay(open, place);
      const { hasNewer, next } = explanation;
      return { newer: status.newer, text: calendarText([status]), explained: hasNewer, next };
    };
    await plan();
    const unusual = [expect.stringContaining('sluice ingest accept keep --source acme')];
    expect(await reported()).toMatchObject({ newer: [], explained: false, next: unusual });

    await ingest.clock.advance(24 * HOUR_MS);
    await ingest.put(`events/${days[0]}/a.parquet`, 'PAR1 corrected');
    await ingest.put(`events/${days[1]}/b.parquet`, 'PAR1 corrected');
    await ingest.put(`events/${days[2]}/b.parquet`, 'PAR1 corrected');
    await plan();
    // A listing that fails says nothing of them.
    await ingest.letNobodyIn();
    await plan();
    await ingest.letIn();
    expect(await reported()).toMatchObject({ newer: days, explained: true });
    expect((await reported()).text).toContain(
      `npx sluice ingest backfill --source acme --dataset events --from ${days[0]} --to ${days[2]}\``,
    );

    await plan({ datasets: ['events'], days, asked: 'backfill' });
    await settle();
    expect(await reported()).toMatchObject({ newer: [], explained: false });
    await plan();
    expect(await reported()).toMatchObject({ newer: [], explained: false });
  });

  it('does not note a task as queued that a load has ended meanwhile', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    const tasks = { send: () => load(ago(1)) };
    const request = planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' });
    await runPlan({ ...ingest.planner(), tasks }, request);
    expect(await entryOf(ago(1))).toMatchObject({ state: 'succeeded', version: 'v1' });
  });

  it('asks again less often after some rounds, and not after a day of them', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${today()}/a.parquet`);
    const request = { datasets: ['events'], days: [today()] };
    await plan({ ...request, round: PATIENT_ROUNDS });
    await ingest.clock.advance(14 * 60_000);
    expect(await ingest.received('plan')).toEqual([]);
    await ingest.clock.advance(60_000);
    expect(await ingest.received('plan')).toMatchObject([{ round: PATIENT_ROUNDS + 1 }]);
    await ingest.put(`events/${today()}/a.parquet`);
    expect(await plan({ ...request, round: MAX_ROUNDS })).toMatchObject({
      queued: [],
    });
    await ingest.clock.advance(15 * 60_000);
    expect(await ingest.received('plan')).toEqual([]);
  });

  it('begins nothing after its deadline, and is retried', async () => {
    ingest = await startIngest();
    const late = { ...ingest.planner(), deadline: ingest.clock.now() };
    expect(await runPlan(late, planRequestSchema.parse({ sluice: 'plan' }))).toMatchObject({
      again: true,
      failed: [{ code: 'SLUICE_INGEST_OUT_OF_TIME' }],
    });
  });

  it('says once where a dataset is looked for now that has no file there, and since when', async () => {
    ingest = await startIngest();
    const days = [6, 3, 2, 1].map(ago);
    await ingest.dropInto(...days);
    for (const day of days) await ingest.put(`events/${day.replaceAll('-', '')}/old.parquet`);
    await plan({ days, datasets: ['events'] });
    const place = 's3://acme-drops/events/YYYY-MM-DD';
    for (const day of days) await ingest.settle(day, { version: 'v1', place });
    await plan();
    const note = () => ingest.readJson('ledger/acme/events/last-look.json');
    expect(await note()).toMatchObject({ stopped: false, place: { name: place } });
    const reported = async () => {
      const status = await ingest.status();
      if (status === undefined) throw new Error('no status');
      return calendarText([status])
        .split('\n')
        .filter((line) => line.includes('was loaded from'));
    };
    expect(await reported()).toEqual([]);

    await ingest.look({ dayFormat: 'YYYY/MM/DD' });
    expect(await plan()).toMatchObject({ queued: [] });
    const { place: noted } = Object(await note());
    await ingest.clock.advance(HOUR_MS);
    expect(await plan()).toMatchObject({ queued: [] });
    const name = 's3://acme-drops/events/YYYY/MM/DD';
    expect(await note()).toMatchObject({ stopped: true, openDays: [], place: noted });
    expect(noted).toMatchObject({ name });
    expect(await reported()).toEqual([
      expect.stringContaining(`${ago(3)} to ${ago(1)} was loaded from ${place}`),
    ]);

    // At a third place one day has files, and so has one before the lookback, which are older than its entry.
    await ingest.look({ dayFormat: 'YYYYMMDD' });
    expect(await plan()).toMatchObject({ queued: [{}, {}, {}] });
    expect(await ingest.status()).toMatchObject({ newer: [ago(6)], lastLook: { stopped: false } });
  });

  it('counts failed days until their files change', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    await plan();
    const failure = { code: 'SLUICE_FILE_NOT_PARQUET', message: 'It is none.' };
    await ingest.settle(ago(1), { state: 'failed', failure });
    const failed = async () => {
      ingest.lines.length = 0;
      await plan();
      return Object(await point()).days_failed;
    };
    expect(await failed()).toBe(1);
    await ingest.put(`events/${ago(1)}/a.parquet`, 'PAR1 mended');
    await ingest.clock.advance(HOUR_MS);
    expect(await failed()).toBe(0);
  });

  it('counts the files that loaded days left out while they are in the lookback', async () => {
    ingest = await startIngest();
    await ingest.put(`events/${ago(1)}/a.parquet`);
    await ingest.put(`events/${ago(1)}/b.csv`);
    await ingest.clock.advance(HOUR_MS);
    await plan();
    const file = { size: 1, eTag: '"1"', fate: 'left_out' } as const;
    await ingest.settle(ago(1), {
      files: [
        { ...file, key: `events/${ago(1)}/b.csv`, reason: 'not_parquet' },
        { ...file, key: `events/${ago(1)}/_SUCCESS`, reason: 'success_marker' },
      ],
    });
    ingest.lines.length = 0;
    await plan();
    expect(await point()).toMatchObject({ files_left_out: 1, days_failed: 0 });
  });
});
