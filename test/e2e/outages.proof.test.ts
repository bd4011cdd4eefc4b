import { DeleteTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { sum } from '../../lib/base/sum.ts';
import { MINUTE_MS } from '../../lib/base/time.ts';
import type { Period } from '../../observe/facts/flow/overTime.ts';
import type { Status } from '../../observe/findings/status.ts';
import { openLocalConsole } from '../console/openPage.ts';
import { findingIn, type StoryCloud, storyCloud } from '../harness/storyCloud.ts';

let story: StoryCloud;
let open: Console;

beforeAll(async () => {
  story = await storyCloud(undefined, { startsAt: '2026-11-20T05:00:00Z' });
  open = await openLocalConsole(story.cloud);
});
afterAll(async () => {
  await open?.close();
  await story?.close();
});

const purchase = { events: [{ eventName: 'purchase', value: 1, user: { userID: 'ada' } }] };
const status = () => story.json<Status>('status');

/** Each outage as somebody on call meets it: by its finding. A test goes on where the one before it ended. */
describe('an outage leads by sluice status to its finding', () => {
  it('an event of the bucket that is lost: nobody asks for the object, until the commands do', async () => {
    await story.setFaults({ events: [{ fault: 'loseEvents' }] });
    expect(await story.post(purchase)).toBe(202);
    await story.advance(31 * MINUTE_MS);
    expect(await story.cure('LANDING_LATE')).toEqual([expect.any(Number), 0]);
    await story.cloud.flush();
    expect(await story.found('LANDING_LATE')).toBeUndefined();
    await story.clearFaults();
  });

  it('a Firehose that takes nothing: an alarm after a quarter of an hour, 503 once the bucket fails too', async () => {
    const firehose = [{ fault: 'failCalls', calls: 'all' }];
    await story.setFaults({ firehose });
    for (let i = 0; i < 4; i += 1) {
      expect(await story.post(purchase)).toBe(202);
      await story.advance(5 * MINUTE_MS);
    }
    expect(await story.post(purchase)).toBe(202);
    const rings = (await status()).problems.flatMap(({ code, detail }) =>
      detail.includes('sluice-local-overflow, since 2026') ? [code] : [],
    );
    expect(rings).toHaveLength(1);
    const s3 = [
      { fault: 'failCalls', key: `${story.cloud.bucket}/landing/*`, calls: 'all', code: 'SlowDown' },
    ];
    await story.setFaults({ firehose, s3 });
    // It is sent once: what repeats a 503 would count more requests.
    expect((await story.send(purchase)).status).toBe(503);
    await story.clearFaults();
    const { title, detail } = await story.finding('NOT_STORED');
    expect(title).toMatch(
      /^1 request was answered 503, with SLUICE_\w+ from \S+ \(in the last 24 hours\), since /,
    );
    expect(detail).toMatch(
      /^1 request with SLUICE_COLLECT_NOT_DELIVERED, first (\S+), last \1\. By sender: 1 /,
    );
    await story.advance(3 * MINUTE_MS);
    expect(await story.post(purchase)).toBe(202);
    expect((await story.finding('NOT_STORED')).detail).toContain('; it is over.');
    await story.cloud.flush();
    await story.advance(20 * MINUTE_MS);
    expect(JSON.stringify((await status()).problems)).not.toContain('sluice-local-overflow');
  });

  it('a gateway at its limit and a collector that runs out of time, of which the collector knows nothing', async () => {
    const timeOut = { fault: 'timeOutInvocations', function: 'sluice-local-collect', afterMs: 1, calls: 5 };
    const gateway = [{ fault: 'failCalls', status: 429, calls: 20 }];
    await story.setFaults({ gateway, lambda: [timeOut] });
    const answers: number[] = [];
    for (let i = 0; i < 25; i += 1) answers.push(await story.post(purchase));
    expect([...new Set(answers)]).toEqual([429, 500]);
    await story.clearFaults();
    await story.advance(11 * MINUTE_MS);
    const unreached = await status();
    const { detail, severity, commands } = findingIn(unreached, 'UNREACHED');
    expect(severity).toBe('problem');
    expect(detail).toMatch(
      /^5xx: 5 of \d+ requests in the hour from \S+\. The function collect failed last at \S+: Task timed out\. 5 of \d+ invocations of collect had errors within 24 hours, /,
    );
    expect(commands).toEqual([
      expect.stringMatching(/ doctor --drift /),
      expect.stringMatching(/^aws logs filter-log-events /),
    ]);
    const refused = unreached.problems.find(({ title }) => title.includes(' 4xx '));
    expect(refused?.title).toMatch(/^20 of \d+ requests were answered 4xx before the collector/);
    // The chart has what the collector does not know.
    const overTime = await fetch(new URL('/api/over-time', open.address));
    const periods: readonly Period[] = JSON.parse(await overTime.text());
    expect(sum(periods.map(({ unreached }) => unreached ?? 0))).toBe(5);
    await story.jumpHours(3);
    expect(await story.finding('UNREACHED')).toMatchObject({ severity: 'warning' });
  });

  it('an Athena that is throttled: what it would have told is read elsewhere, and nobody is told to allow anything', async () => {
    await story.post({ events: [...purchase.events, { value: 1, user: { userID: 'nobody' } }] });
    await story.cloud.flush();
    const glue = story.kept(new GlueClient(story.clientOptions()));
    const Name = 'daily_exposures';
    await glue.send(new DeleteTableCommand({ DatabaseName: story.cloud.database, Name }));
    // When it was seen is a note of this machine, which suites beside this one write of clouds of the same name.
    const shownOf = ({ problems }: Status) =>
      problems
        .filter(({ code }) => /QUARANTINED|MISSING/.test(code))
        .map(({ statement, since }) => ({ statement, since }));
    const before = shownOf(await status());
    expect(before).toEqual([
      {
        statement: expect.stringMatching(
          /^The view sluice\.daily_exposures of the deployment of \S+ does not exist$/,
        ),
        since: null,
      },
      {
        statement: '1 row is in quarantine, with SLUICE_EVENT_NO_NAME (in the last 24 hours)',
        since: expect.stringMatching(/^2026-/),
      },
    ]);
    const throttled = { fault: 'failCalls', calls: 'all', code: 'TooManyRequestsException', status: 400 };
    await story.setFaults({ athena: [throttled] });
    const answer = await status();
    expect(shownOf(answer)).toEqual(before);
    const unread = answer.problems.filter(({ code }) => code === 'SLUICE_FINDING_UNREADABLE');
    await story.clearFaults();
    expect(unread.map(({ title, cure }) => [title, cure])).toEqual([
      [
        '3 parts could not be read, the content of events, the tables and 1 other: AWS throttles the account, seen now.',
        expect.stringMatching(/^Ask again in some minutes\. (?!.*[Aa]llow the action)/),
      ],
    ]);
  });
});
