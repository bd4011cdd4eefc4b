import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AthenaRow } from '../harness/athenaRows.ts';
import { athenaRows } from '../harness/athenaRows.ts';
import { ADDED_KEY } from './answers.ts';
import { changedRows, changesOf } from './compare.ts';
import { changesSince, eventIdsSince } from './documentedChanges.ts';
import { DAYS, dropDay, makeCustomer, overflow, postDay, RESENT } from './fill.ts';
import { type Deployable, ReleaseAccount } from './ReleaseAccount.ts';
import { readRelease, storedVersions } from './releases.ts';
import { readLedger, type Snapshot, takeSnapshot } from './snapshot.ts';
import { TRAFFIC, Traffic } from './Traffic.ts';

/** Part of everything that is sent after the first snapshot, whatever its day. */
const LATER = /traffic|resent/;
/** Requests that traffic makes before, and at least after each deployment. */
const REQUESTS = 20;
/** The collector tries each of them again for seconds before it writes an overflow object. */
const REQUESTS_IN_OUTAGE = 3;

describe.each(storedVersions())('a filled stack of release %s', (version) => {
  const release = readRelease(version);
  const hasDrops = (release.configuration.sources ?? []).length > 0;
  const bucket = release.configuration.bucket ?? '';
  const database = release.configuration.database ?? 'sluice';
  const documented = changesSince(version);
  const eventIds = eventIdsSince(version);
  const account = new ReleaseAccount();
  /** Numbers of events that were answered 202, and of those that were sent more than once until then. */
  const accepted: number[] = [];
  const sentAgain = new Set<number>();
  let old: Deployable;
  let today: Deployable;
  let filled: Snapshot;
  let upgraded: Snapshot;

  beforeAll(async () => {
    old = await account.unpack(release);
    today = await account.packageToday(release.configuration);
  }, 120_000);
  afterAll(() => account.close());

  const query = (sql: string) => athenaRows(account.clients.athena, sql, { WorkGroup: 'sluice' });
  /** Whether a row came in after a snapshot that was taken on the morning of a day. */
  const isSince = (day: string) => (row: AthenaRow) =>
    (row['ds'] ?? '') >= day || Object.values(row).some((text) => text !== undefined && LATER.test(text));

  async function succeeded(day: string): Promise<boolean> {
    const ledger = await readLedger(account, bucket);
    return ['events', 'revenue', 'exposures'].every((dataset) =>
      ledger.get(`ledger/acme/${dataset}/${day}.json`)?.startsWith('succeeded '),
    );
  }

  /** Views of exposures aside, everything that traffic landed before the rollback is in `upgraded`. */
  const isOtherThanUpgraded = (row: AthenaRow) =>
    (row['ds'] ?? '2026-11-20') >= '2026-11-20' ||
    Object.values(row).some((text) => text !== undefined && /probe|resent|SLUICE_BODY_/.test(text));

  /** Deploys a version while a client posts. */
  async function deployUnderTraffic(next: Deployable, requestsBefore = REQUESTS): Promise<void> {
    const traffic = Traffic.start(account, accepted);
    await traffic.accepts(requestsBefore);
    await account.deploy(next);
    account.stopFailing();
    await traffic.accepts(REQUESTS);
    await traffic.stop();
    for (const n of traffic.sentAgain) sentAgain.add(n);
    expect(Object.fromEntries(traffic.failures)).toEqual({});
    await account.flush();
  }

  /**
   * Numbers of accepted events that do not have exactly one row in a table. One may have more if it was sent again, or if
   * the collector says that it put rows again or that Firehose did not answer in time (docs/redrive.md), as on a busy machine.
   */
  async function lostOrDoubled(): Promise<readonly string[]> {
    const events = await query(
      `SELECT event_value AS n, count(*) AS times, count(DISTINCT event_id) AS ids
       FROM "${database}"."statsig_forwarded_events" WHERE event_name = '${TRAFFIC}_event' GROUP BY 1`,
    );
    const exposures = await query(
      `SELECT replace(user_id, '${TRAFFIC}-') AS n, count(*) AS times, count(DISTINCT event_id) AS ids
       FROM "${database}"."statsig_forwarded_exposures" WHERE experiment_id = '${TRAFFIC}_experiment' GROUP BY 1`,
    );
    const isDoubled = new RegExp(`^[2-9] rows, [1-${eventIds}] IDs$`);
    const doubled = new Set<number>();
    const wrong = [events, exposures].flatMap((rows) => {
      const found = new Map(rows.map(({ n, times, ids }) => [Number(n), `${times} rows, ${ids} IDs`]));
      for (const n of accepted) if (isDoubled.test(found.get(n) ?? '')) doubled.add(n);
      const other = accepted.filter((n) => found.get(n) !== '1 rows, 1 IDs' && !doubled.has(n));
      const unknown = [...found.keys()].filter((n) => !accepted.includes(n));
      return [...other, ...unknown].map((n) => `${n}: ${found.get(n)}`);
    });
    const unexplained = [...doubled].filter((n) => !sentAgain.has(n));
    const unanswered = unexplained.length === 0 ? [] : await account.unansweredRequests();
    if (unexplained.length <= unanswered.length) return wrong;
    return [...wrong, `doubled: ${unexplained}`, ...unanswered];
  }

  /** Tables that do not have what every version received once for each time that it was sent, as {@link lostOrDoubled}. */
  async function resentWrong(times: number): Promise<readonly string[]> {
    const count = 'SELECT count(*) AS times, count(DISTINCT event_id) AS ids FROM';
    const rows = [
      ...(await query(
        `${count} "${database}"."statsig_forwarded_events" WHERE event_name = 'resent_purchase'`,
      )),
      ...(await query(
        `${count} "${database}"."statsig_forwarded_exposures" WHERE experiment_id = 'resent_experiment'`,
      )),
    ];
    const most = rows.every((row) => row['times'] === String(times))
      ? times
      : times + (await account.unansweredRequests()).length;
    return rows
      .filter(
        (row) =>
          Number(row['times']) < times || Number(row['times']) > most || row['ids'] !== String(eventIds),
      )
      .map((row) => `${row['times']} rows, ${row['ids']} IDs`);
  }

  /** The rest of a day after a deployment: what an SDK sends again, a drop, and all schedules. */
  async function workADay(day: string): Promise<void> {
    expect((await account.post('/v1/rgstr', RESENT)).status).toBe(202);
    if (hasDrops) {
      await dropDay(account, day);
      await account.jumpTo(`${day}T09:10:00Z`);
      await account.flushUntil(() => succeeded(day), `the load of ${day}`);
    }
    await account.jumpTo(`${day}T11:40:00Z`);
    await account.flush();
  }

  it('has rows in every table, refused rows, redriven overflow, partitions of several days, and loaded drops', async () => {
    await account.clock.set(Date.parse(`${DAYS[0]}T08:00:00Z`));
    await account.deploy(old);
    await account.sluice(['keys', 'add', 'server'], ADDED_KEY);
    if (hasDrops) await makeCustomer(account, release);
    for (const day of DAYS) {
      await account.jumpTo(`${day}T08:00:00Z`);
      await postDay(account);
      if (hasDrops) await dropDay(account, day);
      await account.flush();
    }
    await overflow(account, 'first');
    account.stopFailing();
    await account.jumpTo(`${DAYS[2]}T08:30:00Z`);
    await account.post('/v1/rgstr', RESENT);
    if (hasDrops) {
      await account.jumpTo(`${DAYS[2]}T09:10:00Z`);
      await account.flushUntil(() => succeeded(DAYS[2]), 'the load of the drops');
      await account.jumpTo(`${DAYS[2]}T11:40:00Z`);
    }
    await account.jumpTo('2026-11-19T08:00:00Z');
    filled = await takeSnapshot(account, bucket);
    const empty = [...filled.rows].filter(([, rows]) => rows.length === 0).map(([name]) => name);
    // Groups are pulled from Statsig, which is not here.
    expect(empty.filter((name) => name !== 'sluice.experiment_groups')).toEqual([]);
    expect(filled.partitions.size).toBeGreaterThanOrEqual(9);
    expect([...filled.objects.keys()].filter((key) => key.startsWith('overflow/'))).toEqual([]);
  }, 120_000);

  it('is upgraded to today’s version while events come in: no row changes, none is lost or doubled', async () => {
    // What the release could not deliver is delivered by today's version.
    account.fail({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    await deployUnderTraffic(today, REQUESTS_IN_OUTAGE);
    await workADay('2026-11-19');
    expect(changesOf(filled, await takeSnapshot(account, bucket), isSince('2026-11-19'), documented)).toEqual(
      [],
    );
    expect(await lostOrDoubled()).toEqual([]);
    expect(await resentWrong(2)).toEqual([]);
  }, 120_000);

  it('is rolled back while events come in: no row changes, and those of today’s version stay', async () => {
    upgraded = await takeSnapshot(account, bucket);
    await account.jumpTo('2026-11-20T08:00:00Z');
    // Now it is today's version that can not deliver, and the release that has to.
    account.fail({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    await deployUnderTraffic(old, REQUESTS_IN_OUTAGE);
    // docs/upgrade.md: the release does not know overflow objects with rows of several streams.
    await account.sluice(['redrive', '--split']);
    await workADay('2026-11-20');
    const after = await takeSnapshot(account, bucket);
    expect(
      changesOf(filled, after, isSince('2026-11-19'), { rows: [], resources: [], rollback: [], answers: [] }),
    ).toEqual([]);
    const sinceUpgrade = changedRows(upgraded, after, isOtherThanUpgraded, documented.rows);
    expect(sinceUpgrade.filter((change) => !documented.rollback.some(({ is }) => is.test(change)))).toEqual(
      [],
    );
    expect(await lostOrDoubled()).toEqual([]);
    expect(await resentWrong(3)).toEqual([]);
  }, 120_000);

  // docs/upgrade.md, "What cannot be rolled back".
  if (version === '0.2.0') {
    it('answers unknown keys 503 after a rollback, as long as the secret has a key with sources', async () => {
      const unknown = async () => {
        // A collector reads the secret again for an unknown key, half a minute after the last time.
        await account.clock.advance(60_000);
        const { status } = await account.post('/v1/rgstr', '{"events":[]}', {
          'statsig-api-key': 'client-unknown',
        });
        return status;
      };
      expect(await unknown()).toBe(401);
      await account.sluice(['keys', 'add', 'partner', '--sources', 'acme'], 'secret-partner-77c1e2d4');
      expect(await unknown()).toBe(503);
      await account.sluice(['keys', 'remove', 'partner']);
      expect(await unknown()).toBe(401);
    });
  }

  it('is upgraded again while events come in, and has all rows of both versions', async () => {
    await account.jumpTo('2026-11-21T08:00:00Z');
    await deployUnderTraffic(today);
    await workADay('2026-11-21');
    const after = await takeSnapshot(account, bucket);
    expect(changesOf(filled, after, isSince('2026-11-19'), documented)).toEqual([]);
    expect(changedRows(upgraded, after, isOtherThanUpgraded, [])).toEqual([]);
    expect(await lostOrDoubled()).toEqual([]);
    expect(await resentWrong(4)).toEqual([]);
  }, 120_000);
});
