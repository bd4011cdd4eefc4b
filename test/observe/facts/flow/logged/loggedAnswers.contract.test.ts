import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../../lib/base/time.ts';
import { readAnswers } from '../../../../../observe/facts/flow/logged/loggedAnswers.ts';
import { answeredBy } from '../../../../harness/answering.ts';
import { NOON, stackOf, startLogs } from '../../../startLogs.ts';
import { wellHour } from '../../../statusFacts.ts';

const started = await startLogs();
afterAll(() => started.close());

/** All arguments but the first. */
type DropFirst<All extends readonly unknown[]> = All extends readonly [unknown, ...infer More] ? More : never;

describe('what is told of requests', () => {
  const answersOf = (stage: string, ...about: DropFirst<Parameters<typeof readAnswers>>) =>
    readAnswers({ logs: started.client, stack: stackOf(stage), now: started.clock.now() }, ...about);

  it('that were not stored includes the time at which a request of their sender was stored since, also hours ago', async () => {
    const write = started.collectLog('unstored');
    const code = 'SLUICE_COLLECT_NOT_DELIVERED';
    const fail = (key: string) => write({ key, level: 'error', status: 503, code });
    const day = new Map([[started.clock.now(), { ...wellHour, failedBy: { [code]: 2 } }]]);
    for (const key of ['web', 'gone', 'gone']) fail(key);
    started.wait(60);
    const storedAt = started.isoNow();
    write({ key: 'web', level: 'info' });
    started.wait(120);
    // The search begins with the sender whose last failure is the longest ago.
    fail('late');
    day.set(started.clock.now(), { ...wellHour, failedBy: { [code]: 1 } });
    started.wait(60);
    const answers = await answersOf('unstored', day, 'failedBy');
    const storedBy = new Map(answers?.groups.map((group) => [group.key, group.storedAt]));
    // The most frequent first.
    expect(answers?.groups[0]).toMatchObject({ key: 'gone', count: 2 });
    expect(storedBy).toEqual(
      new Map([
        ['gone', undefined],
        ['late', undefined],
        ['web', storedAt],
      ]),
    );
  });

  it('of nine senders includes that time for the eight that sent most', async () => {
    const write = started.collectLog('nine');
    const refused = { level: 'warn', status: 401, code: 'SLUICE_BODY_NOT_JSON' };
    const day = new Map([[started.clock.now(), { ...wellHour, refusedBy: { SLUICE_BODY_NOT_JSON: 10 } }]]);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'most', 'most']) write({ ...refused, key });
    started.wait(1);
    const storedAt = started.isoNow();
    for (const key of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'most']) write({ key });
    started.wait(1);
    const { groups = [] } = (await answersOf('nine', day, 'refusedBy')) ?? {};
    expect(groups[0]).toMatchObject({ key: 'most', storedAt });
    const others = groups.filter((group) => group.storedAt === undefined);
    expect(others.map(({ key, isUnsought }) => ({ key, isUnsought }))).toEqual([
      { key: 'a', isUnsought: undefined },
      { key: 'h', isUnsought: true },
    ]);
  });

  it('includes that time beside nine keys that were refused, of which it is not looked for', async () => {
    const write = started.collectLog('foreign');
    const day = new Map([[started.clock.now(), { ...wellHour, refusedBy: { SLUICE_KEY_UNKNOWN: 18 } }]]);
    const foreign = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    for (const sent_key of [...foreign, ...foreign])
      write({ level: 'warn', status: 401, code: 'SLUICE_KEY_UNKNOWN', sent_key });
    write({ level: 'warn', status: 400, code: 'SLUICE_BODY_NOT_JSON', key: 'web' });
    started.wait(1);
    const storedAt = started.isoNow();
    write({ key: 'web' });
    started.wait(1);
    const { groups = [] } = (await answersOf('foreign', day, 'refusedBy')) ?? {};
    expect(groups.at(-1)).toMatchObject({ key: 'web', storedAt });
    expect(groups.flatMap(({ key, isUnsought }) => (isUnsought === true ? [key] : []))).toEqual(foreign);
  });

  it('says that not all stored requests were read where the log has more lines of these', async () => {
    const refusedLine = {
      event: 'collect',
      level: 'warn',
      status: 400,
      ms: 1,
      key: 'web',
      code: 'SLUICE_BODY_NOT_JSON',
    };
    const storedLine = { event: 'collect', status: 202, ms: 1, key: 'app' };
    const logs = answeredBy(CloudWatchLogsClient, ({ input }) =>
      String(input['filterPattern']).includes('202')
        ? {
            events: Array(2_000).fill({ timestamp: NOON, message: JSON.stringify(storedLine) }),
            nextToken: 'more',
          }
        : { events: [{ timestamp: NOON, message: JSON.stringify(refusedLine) }] },
    );
    const day = new Map([[NOON, { ...wellHour, refusedBy: { SLUICE_BODY_NOT_JSON: 1 } }]]);
    const asked = { logs, stack: stackOf('busy'), now: NOON + MINUTE_MS };
    const answers = await readAnswers(asked, day, 'refusedBy');
    expect(answers).toMatchObject({ groups: [{ key: 'web', isUnsought: true }], hasMore: false });
  });

  it('is counted from the newest hours where the log has more lines than are read', async () => {
    const code = 'SLUICE_BODY_NOT_JSON';
    const logs = answeredBy(CloudWatchLogsClient, ({ input }) => {
      const key = Number(input['startTime']) < NOON ? 'early' : 'late';
      const line = { event: 'collect', level: 'warn', status: 401, ms: 1, key, code };
      return { events: Array(10_000).fill({ timestamp: NOON, message: JSON.stringify(line) }) };
    });
    const refused = { ...wellHour, refusedBy: { [code]: 10_000 } };
    const day = new Map([
      [NOON - HOUR_MS, refused],
      [NOON, refused],
    ]);
    const answers = await readAnswers(
      { logs, stack: stackOf('many'), now: NOON + HOUR_MS - 1 },
      day,
      'refusedBy',
    );
    expect(answers).toMatchObject({ groups: [{ key: 'late', count: 10_000 }], hasMore: true });
  });

  it('is read from the five minutes on in which the 24 hours began, without what came before these', async () => {
    const asked: unknown[] = [];
    const logs = answeredBy(CloudWatchLogsClient, ({ input }) => {
      asked.push(input['startTime']);
      return { events: [] };
    });
    const refused = { ...wellHour, refusedBy: { SLUICE_BODY_NOT_JSON: 1 } };
    const day = new Map([
      [NOON - 5 * MINUTE_MS, refused],
      [NOON, refused],
    ]);
    const now = NOON + 24 * HOUR_MS + 2_000;
    const answers = await readAnswers({ logs, stack: stackOf('edge'), now }, day, 'refusedBy');
    expect(answers?.since).toBe(new Date(NOON).toISOString());
    expect(asked).toEqual([NOON + 2_000]);
  });

  it('of senders without a key includes that time, too', async () => {
    const write = started.collectLog('keyless');
    const refused = { level: 'warn', status: 401 };
    const day = new Map([[started.clock.now(), { ...wellHour, refusedBy: { SLUICE_KEY_MISSING: 1 } }]]);
    for (const key of ['a', 'b']) write({ ...refused, key, code: 'SLUICE_BODY_NOT_JSON' });
    write({ ...refused, code: 'SLUICE_KEY_MISSING' });
    write({ ...refused, sent_key: '9f86', code: 'SLUICE_KEY_UNKNOWN' });
    // It is stored, and of the level of a warning for what was noted.
    write({ key: 'noted', level: 'warn', noted: { clock_ahead: 1 } });
    started.wait(1);
    const storedAt = started.isoNow();
    for (const key of ['a', 'b', undefined]) write({ key, level: 'info' });
    started.wait(1);
    const read = await answersOf('keyless', day, 'refusedBy');
    expect(new Map(read?.groups.map((group) => [group.key, group.storedAt]))).toEqual(
      new Map([
        [null, storedAt],
        ['9f86', undefined],
        ['a', storedAt],
        ['b', storedAt],
      ]),
    );
    expect(read?.since).toBe(new Date(Math.min(...day.keys())).toISOString());
  });
});
