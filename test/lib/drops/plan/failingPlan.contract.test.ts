import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS, utcDay } from '../../../../lib/base/time.ts';
import { planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import { entryOf, plan, planAll } from './planRuns.ts';
import { OTHER_DROPS, startIngest } from './startIngest.ts';

let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const today = () => utcDay(ingest.clock.now());
const ago = (days: number) => addDays(today(), -days);

describe('a run of the plan that cannot do its work', () => {
  it('reports which datasets cannot be listed and why, and plans the others', async () => {
    ingest = await startIngest([
      {},
      { bucket: OTHER_DROPS, owner: '999999999999' },
      { bucket: 'nobodys-drops' },
      { datasets: [{ name: 'metrics', kind: 'metrics' }] },
    ]);
    await ingest.dropInto(ago(1));
    expect(await planAll(ingest)).toMatchObject({
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
    await plan(ingest);
    const { at: lastGood, place } = await note();
    const deny = () =>
      ingest.faults.set({
        s3: [{ fault: 'failCalls', code: 'AccessDenied', status: 403, calls: 'all', key: 'acme-drops' }],
      });
    deny();
    await ingest.clock.advance(HOUR_MS);
    await plan(ingest);
    const { at: since } = await note();
    expect(since - lastGood).toBeGreaterThanOrEqual(HOUR_MS);
    await ingest.clock.advance(24 * HOUR_MS);
    await plan(ingest);
    const { at, failure } = await note();
    expect(at - since).toBeGreaterThanOrEqual(24 * HOUR_MS);
    expect(failure).toMatchObject({ code: 'SLUICE_SOURCE_ACCESS_DENIED', since, lastGood });
    ingest.faults.clear();
    await plan(ingest);
    const listed = await note();
    expect(listed).not.toHaveProperty('failure');
    const pastFailure = { code: 'SLUICE_SOURCE_ACCESS_DENIED', since, until: listed.at };
    expect(listed).toMatchObject({ pastFailure });
    // One that ends on its day does not hide it.
    deny();
    await ingest.clock.advance(HOUR_MS);
    await plan(ingest);
    ingest.faults.clear();
    await ingest.clock.advance(HOUR_MS);
    await plan(ingest);
    expect(await note()).toMatchObject({ pastFailure });
    // Since when it is looked for there.
    expect(await note()).toMatchObject({ place });
  });

  it('notes since when the last of several failures is, beside the first', async () => {
    ingest = await startIngest();
    await plan(ingest);
    const failWith = async (code: string, status: number) => {
      ingest.faults.clear();
      ingest.faults.set({ s3: [{ fault: 'failCalls', code, status, calls: 'all', key: 'acme-drops' }] });
      await ingest.clock.advance(HOUR_MS);
      await plan(ingest);
      return Object(await ingest.readJson('ledger/acme/events/last-look.json'));
    };
    const { at: since } = await failWith('NoSuchBucket', 404);
    const { at: codeSince } = await failWith('AccessDenied', 403);
    const { failure } = await failWith('AccessDenied', 403);
    expect(codeSince - since).toBeGreaterThanOrEqual(HOUR_MS);
    expect(failure).toMatchObject({ code: 'SLUICE_SOURCE_ACCESS_DENIED', since, codeSince });
  });

  it('keeps no time of a good listing of another place', async () => {
    ingest = await startIngest();
    await plan(ingest);
    await ingest.look({ folder: 'mistyped' });
    ingest.faults.set({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', status: 403, calls: 'all', key: 'acme-drops' }],
    });
    await plan(ingest);
    const { failure } = Object(await ingest.readJson('ledger/acme/events/last-look.json'));
    expect(failure).toMatchObject({ place: 's3://acme-drops/mistyped/YYYY-MM-DD' });
    expect(failure).not.toHaveProperty('lastGood');
  });

  it('is retried when S3 throttles it, and reports nothing about the bucket', async () => {
    ingest = await startIngest();
    ingest.faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 'all' }] });
    expect(await plan(ingest)).toMatchObject({
      again: true,
      failed: [{ code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE' }],
    });
    ingest.faults.clear();
    ingest.faults.set({
      s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 'all', key: 'acme-drops' }],
    });
    expect(await plan(ingest)).toMatchObject({
      again: true,
      failed: [{ code: 'SLUICE_SOURCE_UNAVAILABLE' }],
    });
    ingest.faults.clear();
    expect(await ingest.planner().looks.read('acme', 'events')).toBeNull();
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
    expect(await planAll(ingest)).toMatchObject({
      again: true,
      datasets: 1,
      queued: [{}],
      failed: [{ source: 'acme', code: 'SLUICE_SOURCE_OWNER_DIFFERS' }],
    });
    ingest.faults.clear();
    expect(await planAll(ingest)).toMatchObject({ again: false, failed: [{ source: 'acme' }] });
  });

  it('records nothing when the queue accepts nothing, and queues the day in the next run', async () => {
    ingest = await startIngest();
    await ingest.dropInto(ago(1));
    ingest.faults.set({
      sqs: [{ fault: 'failCalls', code: 'ServiceUnavailable', status: 503, calls: 'all' }],
    });
    expect(await plan(ingest)).toMatchObject({
      again: true,
      datasets: 0,
      failed: [{ code: 'SLUICE_QUEUE_NOT_SENT' }],
    });
    expect(await entryOf(ingest, ago(1))).toBeNull();
    ingest.faults.clear();
    await plan(ingest);
    expect(await ingest.received('load')).toMatchObject([{ day: ago(1), reason: 'new' }]);
  });

  it('begins nothing after its deadline, and is retried', async () => {
    ingest = await startIngest();
    const late = { ...ingest.planner(), deadline: ingest.clock.now() };
    expect(await runPlan(late, planRequestSchema.parse({ sluice: 'plan' }))).toMatchObject({
      again: true,
      failed: [{ code: 'SLUICE_INGEST_OUT_OF_TIME' }],
    });
  });
});
