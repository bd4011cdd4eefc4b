import { afterAll, describe, expect, it } from '@jest/globals';
import { startObserved } from './startObserved.ts';

const observed = await startObserved(Date.UTC(2026, 10, 20, 8));
afterAll(() => observed.close());

/** What happened, and when. */
interface Step {
  readonly at: string | null;
  readonly what: string;
}

/** What `sluice trace` tells, and its lines. */
async function traced(id: string) {
  const { code, stdout, stderr } = await observed.sluice('trace', id, '--json');
  if (stdout === '') throw new Error(stderr);
  const answer: { state: string; subject: string; found: number; more: boolean; steps: readonly Step[] } =
    JSON.parse(stdout);
  return { code, ...answer, text: answer.steps.map(({ what }) => what).join('\n') };
}

const event = (eventName: string, userID: string) => ({
  eventName,
  user: { userID },
  time: observed.clock.now(),
});
const exposure = (userID: string) => ({
  ...event('statsig::config_exposure', userID),
  metadata: { config: 'checkout', ruleID: 'r1' },
});

/** The ID of the first row of a table that a text names. */
const idIn = (text: string, table: 'events' | 'exposures') =>
  new RegExp(`\\(${table}, ([0-9a-f]{32})\\)`).exec(text)?.[1] ?? '';

describe('sluice trace', () => {
  it('follows an event from its request to its file and its views', async () => {
    const { requestId } = await observed.send(
      { events: [event('purchase', 'ada'), exposure('ada')] },
      { 'statsig-sdk-type': 'javascript-client', 'statsig-sdk-version': '3.1.0' },
    );
    await observed.cloud.flush();
    const listed = (await traced('ada')).text;
    const { code, state, subject, steps, text } = await traced(idIn(listed, 'events'));
    expect(code).toBe(0);
    expect(state).toBe('queryable');
    expect(subject).toBe('event');
    expect(text.split('\n')).toEqual([
      expect.stringMatching(
        /^received from javascript-client 3\.1\.0: purchase \(events\), of 2026-11-20T08:/,
      ),
      expect.stringMatching(`^answered 202 \\(request ${requestId}\\): 2 received, 2 accepted$`),
      expect.stringMatching(
        /^delivered to s3:\/\/sluice-experiments\/statsig\/.*\.parquet \(partition 2026-11-20\)$/,
      ),
      'in the views product_events',
    ]);
    // S3 has the time of an object to the second.
    const times = steps.flatMap(({ at }) => (at === null ? [] : [Math.floor(Date.parse(at) / 1_000)]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((await traced(idIn(listed, 'exposures'))).text).toContain(
      'in the views experiment_exposures, first_exposures, daily_exposures',
    );
  });

  it('finds refused events, and the request that refused them', async () => {
    const refused = event('', 'eve');
    const { requestId } = await observed.send({ events: [refused, event('purchase', 'eve2')] });
    await observed.cloud.flush();
    const byUser = await traced('eve');
    expect(byUser).toMatchObject({ code: 0, subject: 'user', state: 'quarantined', found: 1 });
    expect(byUser.text).toContain('SLUICE_EVENT_NO_NAME');
    const byRequest = await traced(requestId);
    expect(byRequest).toMatchObject({ code: 0, subject: 'request', state: 'queryable', found: 2 });
    expect(byRequest.text).toContain(
      `answered 202 (request ${requestId}): 2 received, 1 accepted, 1 quarantined`,
    );
    expect(byRequest.text).toContain('refused: SLUICE_EVENT_NO_NAME, 1');
  });

  it('prints no control characters of what it is asked', async () => {
    const { stdout } = await observed.sluice('trace', "o'hara \u001b[31m");
    expect(stdout).toContain("o'hara");
    expect(stdout).not.toContain('\u001b');
  });
});
