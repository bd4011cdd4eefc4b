import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { erasureId, parseUnit } from '../../lib/erase/units/Unit.ts';
import { writeNote } from '../../lib/landing/LandingNote.ts';
import { writeRelayCopy } from '../../lib/relay/RelayCopy.ts';
import { relayId, relayWaitingKey } from '../../lib/tables/relayKeys.ts';
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
});
