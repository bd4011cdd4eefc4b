import { hash } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { encodeLines } from '../../lib/landing/store/encodeLines.ts';
import { directRecordKey, rowPath } from '../../lib/tables/objectKeys.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const DAY = '2026-11-20';

const story = await storyCloud(undefined, { startsAt: `${DAY}T07:30:00Z` });
afterAll(() => story.close());

function post(from: number, count: number): Promise<number> {
  const events = Array.from({ length: count }, (_, i) => ({
    eventName: 'made',
    value: from + i,
    user: { userID: `u${from + i}` },
  }));
  const metadata = { gate: `g${from}`, gateValue: 'true', ruleID: 'r' };
  return story.post({ events: [...events, { eventName: 'statsig::gate_exposure', metadata }] });
}

describe('the collector during a Firehose outage', () => {
  it('accepts events, each of which is in its table once, without the stream', async () => {
    await story.setFaults({ firehose: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await Promise.all([post(0, 5), post(100, 5)])).toEqual([202, 202]);
    // One object for each request, with its rows of both tables.
    expect(await story.keys('landing/')).toHaveLength(2);

    // No row needs the stream any more.
    expect(await story.cloud.flush()).toMatchObject({ unregistered: 0 });
    await story.clearFaults();
    expect(await story.keys('landing/')).toEqual([]);
    expect(await story.keys('ledger/')).toEqual([]);
    const count = 'count(*) n, count(DISTINCT event_id) ids, sum(CAST(event_value AS INT)) total';
    const rows = await story.query(`SELECT ${count} FROM statsig_forwarded_events`);
    expect(rows).toEqual([{ n: 10, ids: 10, total: 10 + 510 }]);
    const gates = 'SELECT experiment_id FROM statsig_forwarded_exposures ORDER BY 1';
    expect(await story.query(gates)).toEqual([{ experiment_id: 'g0' }, { experiment_id: 'g100' }]);
  });
});

describe('sluice redrive', () => {
  const reason = 'SLUICE_ROW_UNFIT';
  const redrive = async (...args: string[]) => {
    const { code, stdout, stderr } = await story.sluice('redrive', '--json', ...args);
    return { code, report: stdout === '' ? null : JSON.parse(stdout), stderr };
  };

  it('lands rows that are valid after a fix once, and lists the rest, also after the bucket took nothing', async () => {
    const at = `${DAY}T07:30:00.000Z`;
    // Three rows that the table takes now, and one that it does not.
    const rows = [400, 401, 402, 403].map((value) => {
      const own = { event_name: 'made', event_value: String(value), user_id: `u${value}` };
      const timestamp = value === 403 ? 'soon' : at;
      const raw = JSON.stringify({ event_id: `e${value}`, ...own, timestamp });
      const path = rowPath('landing/2026/11/20/10/x', 'events', DAY);
      const row = { quarantine_id: `q${value}`, received_at: at, reason, raw, path };
      return { day: DAY, json: JSON.stringify(row) } as const;
    });
    const bytes = encodeLines({ quarantine: rows }) ?? Buffer.of();
    await story.put(directRecordKey(DAY, hash('sha256', bytes)), bytes);
    await story.cloud.flush();

    const found = {
      reason,
      found: 4,
      delivered: { exposures: 0, events: 3 },
      refused: { [reason]: 1 },
      ignored: 0,
      gone: 0,
      failed: {},
    };
    const dry = await redrive('--reason', reason, '--dry-run');
    expect(dry).toEqual({ code: 3, report: { dryRun: true, ...found }, stderr: '' });
    const none = await redrive('--reason', reason, '--to', '2000-01-01');
    expect(none).toMatchObject({ code: 0, report: { found: 0 } });
    const full = { fault: 'failCalls', operations: ['PutObject'], code: 'SlowDown', calls: 'all' };
    await story.setFaults({ s3: [full] });
    const stopped = await redrive('--reason', reason);
    await story.clearFaults();
    expect(stopped).toMatchObject({ code: 1, report: { failed: { SlowDown: 3 } } });
    expect(stopped.stderr).toContain('SLUICE_REDRIVE_INCOMPLETE');
    expect(await story.cure('QUARANTINED')).toEqual([0, 3, 3]);
    const left = { ...found, found: 1, delivered: { exposures: 0, events: 0 } };
    expect(await redrive('--reason', reason)).toMatchObject({ code: 3, report: left });
    await story.cloud.flush();
    const counts = await story.query(
      `SELECT count(*) n, count(DISTINCT event_id) ids, count(DISTINCT user_id) users
       FROM statsig_forwarded_events WHERE CAST(event_value AS INT) >= 400`,
    );
    expect(counts).toEqual([{ n: 3, ids: 3, users: 3 }]);
  });
});
