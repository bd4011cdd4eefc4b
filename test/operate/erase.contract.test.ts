import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import type { EraseFaultPoint } from '../../lib/erase/ObjectEraser.ts';
import { erasureId, parseUnit } from '../../lib/erase/Unit.ts';
import { writeNote } from '../../lib/landing/LandingNote.ts';
import { writeRelayCopy } from '../../lib/relay/RelayCopy.ts';
import { relayId, relayRefusedKey, relayWaitingKey } from '../../lib/tables/relayKeys.ts';
import { Redaction } from '../../lib/wire/Redaction.ts';
import { seededRandom } from '../../packages/local-aws/src/base/index.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { EraseLake } from '../lib/erase/EraseLake.ts';
import { landedKey, landedUsers } from '../lib/erase/landedUsers.ts';
import { killAt, startErasures } from './startErasures.ts';

const erasures = await startErasures();
const { deployment, queue, take } = erasures;
const { s3, directory } = erasures.aws;
afterAll(() => erasures.close());

/** A copy for relay of a request with one event of a user. */
const copyOf = (id: string, userID: string) =>
  writeRelayCopy({
    id,
    keptAt: Date.now(),
    path: '/v1/rgstr',
    query: '',
    headers: {},
    body: Buffer.from(JSON.stringify({ events: [{ eventName: 'e', user: { userID } }] })),
  });

describe('erasing a deployment', () => {
  it('asks the plan of curation for the changed days, and exports for those that they have exported, however long ago, but today', async () => {
    const now = Date.now();
    const day = addDays(utcDay(now), -200);
    // Half of it is still to come: the next run of an export sends it whole.
    const today = utcDay(now);
    await queue('export');
    await queue('curate-plan');
    const { config, put, run } = await deployment({
      curate: true,
      sources: [acmeSource()],
      exports: [
        exportTo({ folder: 'raw' }, { name: 'raw' }),
        exportTo({ folder: 'ingested' }, { name: 'ingested', table: 'acme_events' }),
        exportTo({ folder: 'later' }, { name: 'later' }),
        exportTo({ folder: 'other' }, { name: 'other', table: 'statsig_forwarded_exposures' }),
      ],
    });
    const lake = new EraseLake({ s3, config, directory, victims: 4, random: seededRandom(4) });
    for (const each of [day, today]) {
      await lake.landRaw('events', each);
      await lake.landIngested(each);
    }
    for (const [dataset, table] of [
      ['raw', 'statsig_forwarded_events'],
      ['ingested', 'acme_events'],
      ['other', 'statsig_forwarded_exposures'],
    ] as const)
      for (const each of [day, today])
        await put(
          `ledger/exports/${dataset}/${each}.json`,
          JSON.stringify(ledgerEntry({ source: 'exports', dataset, day: each, table })),
        );
    const units = lake.victims.map(({ column, value }) =>
      `${column}=${value}`.replace('company_id', 'custom_ids.companyID'),
    );
    const killed = run(units, { now, faultPoint: killAt('removed') });
    await expect(killed).rejects.toThrow('killed');
    await run(units, { now });
    expect(take('curate-plan').map((body) => JSON.parse(body))).toEqual([
      { sluice: 'curate', asked: 'run', kinds: ['events'], days: [day, today] },
    ]);
    expect(take('export').map((body) => JSON.parse(body))).toEqual([
      { sluice: 'export', exports: ['raw'], days: [day] },
      { sluice: 'export', exports: ['ingested'], days: [day] },
    ]);
  });

  it('asks an export for 31 of the days at a time that a run before has changed, too', async () => {
    const startedAt = Date.now();
    const days = Array.from({ length: 32 }, (_, i) => addDays(utcDay(startedAt), i - 32));
    await queue('export');
    await queue('curate-plan');
    const { config, put, run } = await deployment({ exports: [exportTo({}, { name: 'raw' })] });
    const table = 'statsig_forwarded_events';
    for (const day of days)
      await put(
        `ledger/exports/raw/${day}.json`,
        JSON.stringify(ledgerEntry({ source: 'exports', dataset: 'raw', day, table })),
      );
    const id = erasureId(config.bucket, [parseUnit('user_id=gone', config)]);
    const found = { startedAt, resumed: 0, places: {}, hasFound: true, left: [], leftCount: 0 };
    const open = { owner: 'o', done: [], days: { exposures: [], events: days }, tables: { [table]: days } };
    const record = { version: 1, id, units: 1, startedAt, runs: [], current: { ...found, ...open } };
    await put(`ledger/_erasures/${id}.json`, JSON.stringify(record));
    await run(['user_id=gone']);
    expect(take('export').map((body) => JSON.parse(body).days)).toEqual([days.slice(0, 31), days.slice(31)]);
    // It has `curate: false`, with which there is no such queue.
    expect(take('curate-plan')).toEqual([]);
  });

  it('notes what it has found before it changes anything, and stops beside another run of the same units', async () => {
    const { config, put, read, versions, run } = await deployment();
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const record = async (erasure: string) =>
      JSON.parse((await read(`ledger/_erasures/${erasure}.json`)).toString());
    const units = ['user_id=gone'];
    const id = erasureId(
      config.bucket,
      units.map((unit) => parseUnit(unit, config)),
    );
    const seen: unknown[] = [];
    const pass = async (step: EraseFaultPoint) => {
      if (step === 'noted') seen.push((await record(id)).current.hasFound, await versions());
      if (step === 'noted') throw new Error('killed');
    };
    await expect(run(units, { faultPoint: pass })).rejects.toThrow('killed');
    expect(seen).toEqual([true, [landedKey(1)]]);
    expect((await read(landedKey(1))).equals(landedUsers('gone', 'stays'))).toBe(true);
    const beside = async (step: EraseFaultPoint) => {
      if (step === 'replaced') await run(units);
    };
    await expect(run(units, { faultPoint: beside })).rejects.toMatchObject({ code: 'SLUICE_ERASE_BUSY' });
    expect((await read(landedKey(1))).equals(landedUsers('stays'))).toBe(true);
    expect((await record(id)).runs).toMatchObject([{ hasFound: true, resumed: 2 }]);
  });

  it('takes copies that the target has refused, and in a dry run takes and notes nothing', async () => {
    const { put, keys, versions, read, run } = await deployment();
    const id = relayId(Date.now(), 'b'.repeat(24));
    const refused = (reason: string) => relayRefusedKey({ reason, at: Date.now(), id });
    const own = refused('401');
    const others = refused('413');
    await put(own, copyOf(id, 'gone'));
    await put(others, copyOf(id, 'stays'));
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const before = await versions();
    const dry = await run(['user_id=gone'], { dryRun: true });
    expect(dry).toMatchObject({
      state: 'dry',
      record: null,
      total: { relay: { rows: 1 }, landing: { rows: 1 } },
    });
    expect(await versions()).toEqual(before);
    expect((await read(landedKey(1))).equals(landedUsers('gone', 'stays'))).toBe(true);
    const { record, state } = await run(['user_id=gone']);
    expect(state).toBe('again');
    expect(await keys()).toEqual([landedKey(1), others]);
    expect(record).toMatch(/^ledger\/_erasures\//);
  });

  it('finds an ID and its hash where redaction hashes it', async () => {
    const privacy = { redact: { 'user.userID': 'hash' as const }, salt: 'sixteen characters' };
    const { put, keys, read, run } = await deployment({ privacy });
    const hash = new Redaction(privacy.redact, privacy.salt).hash('gone');
    const id = relayId(Date.now(), 'b'.repeat(24));
    await put(relayWaitingKey(id), copyOf(id, 'gone'));
    await put(landedKey(1), landedUsers(hash, 'f'.repeat(64)));
    const receipt = await run(['user_id=gone']);
    expect(receipt.units).toBe(1);
    expect(await keys()).toEqual([landedKey(1)]);
    expect((await read(landedKey(1))).equals(landedUsers('f'.repeat(64)))).toBe(true);
  });

  it.each([
    { keeps: 'keeps', what: 'written up to a byte', note: { from: 1 }, isKept: true },
    {
      keeps: 'does not keep',
      what: 'in tables, and only not deleted',
      note: { written: true, why: 'AccessDenied' },
      isKept: false,
    },
  ] as const)(
    '$keeps the rows of others in an object of the landing that is $what',
    async ({ note, isKept }) => {
      const { config, put, read, run } = await deployment();
      const key = landedKey(1);
      await put(key, landedUsers('gone', 'stays'));
      const store = s3ObjectStore(s3, config.bucket);
      const { eTag = '', modifiedAt = 0, versionId } = (await store.open(key)) ?? {};
      await writeNote(store, { key, eTag, modifiedAt, versionId }, note);
      await run(['user_id=gone']);
      const left = gunzipSync(await read(key)).toString();
      expect([left.includes('gone'), left.includes('stays')]).toEqual([false, isKept]);
    },
  );

  it('keeps what somebody else writes while an object is replaced', async () => {
    const { put, read, run } = await deployment();
    await put(landedKey(1), landedUsers('gone', 'stays'));
    const receipt = await run(['user_id=gone'], {
      faultPoint: async (step) => {
        if (step === 'noted') await put(landedKey(1), landedUsers('gone', 'arrives'));
      },
    });
    expect(receipt.total.landing).toMatchObject({ rewritten: 1, rows: 1 });
    expect((await read(landedKey(1))).equals(landedUsers('arrives'))).toBe(true);
  });

  it.each(['s3:GetObjectVersion', 's3:PutObject', 's3:DeleteObjectVersion'])(
    'goes on behind an object of which %s is denied',
    async (action) => {
      const { put, read, deny, run } = await deployment();
      for (const n of [1, 2, 3]) await put(landedKey(n), landedUsers('gone', 'stays'));
      await deny(action, landedKey(2));
      const receipt = await run(['user_id=gone']);
      expect(receipt.run.left.map(({ key, why }) => [key, why])).toEqual([[landedKey(2), 'denied']]);
      expect(receipt.state).toBe('again');
      for (const n of [1, 3]) expect((await read(landedKey(n))).equals(landedUsers('stays'))).toBe(true);
    },
  );
});
