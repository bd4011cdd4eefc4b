import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { lateNotes } from '../../../lib/drops/plan/lateDrops.ts';
import { lastListings } from '../../../lib/drops/plan/planSources.ts';
import { turns } from '../../../lib/drops/plan/trigger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { lastLookKey, lateNoteKey, ledgerKey, triggerKey } from '../../../lib/tables/ledgerKeys.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { Faults } from '../../../packages/local-aws/src/faults/index.ts';
import { ObjectStore, s3Service } from '../../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

const Bucket = 'own';
const directory = temporaryDirectory();
const clock = new ManualClock(1_000_000);
const faults = new Faults();
const store = ObjectStore.open({ directory: directory.path, clock });
let services: Awaited<ReturnType<typeof startServices>>;
let client: S3Client;

beforeAll(async () => {
  services = await startServices([s3Service({ store, clock })], faults);
  client = new S3Client(services.options);
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  client.destroy();
  await services.close();
  store.close();
  directory.remove();
});
const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body }));

describe('a state object that ingest keeps beside the ledger', () => {
  it('is the last check: absent at first, and an error by name when it is invalid or S3 is unavailable', async () => {
    const looks = lastListings(s3ObjectStore(client, Bucket));
    expect(await looks.read('acme', 'events')).toBeNull();
    const look = { at: 1, newestDay: '2026-11-19', stopped: false };
    await looks.write('acme', 'events', look);
    expect(await looks.read('acme', 'events')).toEqual(look);
    const Key = lastLookKey('acme', 'events');
    for (const body of ['no JSON', '{"at":"yesterday"}']) {
      await put(Key, body);
      const refused = { code: 'SLUICE_INGEST_LEDGER_INVALID', message: expect.stringContaining(Key) };
      await expect(looks.read('acme', 'events')).rejects.toMatchObject(refused);
    }
    faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown' }] });
    await expect(looks.read('acme', 'events')).rejects.toMatchObject({
      code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE',
    });
  });

  it('is read without the members that a later version wrote before a rollback', async () => {
    const place = { source: 'acme', dataset: 'orders', day: '2026-11-19' };
    const rows = { in: 2, out: 2, refused: 0 };
    const file = { key: 'orders/2026-11-19/a.parquet', size: 9, eTag: '"a"', fate: 'loaded' as const, rows };
    const entry = {
      ...place,
      ...{ table: 'acme_orders', state: 'succeeded' as const, fingerprint: 'f', attempts: 1, rows },
      ...{ bytes: 9, durations: {}, version: 'v1', updatedAt: 1, token: 't' },
    };
    const late = { at: 1, late: [{ day: '2026-11-19', due: 2 }] };
    const look = { at: 1, newestDay: null, stopped: true };
    const later = { later: { than: 'this' } };
    await put(
      ledgerKey(place.source, place.dataset, place.day),
      JSON.stringify({
        ...{ ...entry, ...later, files: [{ ...file, ...later }] },
        superseded: [{ version: 'v0', at: 1, ...later }],
      }),
    );
    await put(
      lateNoteKey('acme', 'orders'),
      JSON.stringify({ late: [{ ...late.late[0], ...later }], at: 1 }),
    );
    await put(lastLookKey('acme', 'orders'), JSON.stringify({ ...look, ...later }));

    expect((await ledgerStore(s3ObjectStore(client, Bucket)).read(place))?.entry).toEqual({
      ...entry,
      files: [file],
      superseded: [{ version: 'v0', at: 1 }],
    });
    expect(await lateNotes(s3ObjectStore(client, Bucket)).read('acme', 'orders')).toEqual(late);
    expect(await lastListings(s3ObjectStore(client, Bucket)).read('acme', 'orders')).toEqual(look);
  });

  it('is a turn, which an invalid object under its key does not block', async () => {
    const take = turns(s3ObjectStore(client, Bucket), clock);
    const until = clock.now() + 1_000;
    expect(await take('acme', until)).not.toBeNull();
    expect(await take('acme', until)).toBeNull();
    await put(triggerKey('acme'), 'no JSON');
    expect(await take('acme', until)).not.toBeNull();
  });
});
