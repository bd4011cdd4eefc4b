import { afterAll, describe, expect, it } from '@jest/globals';
import { callMain } from '../harness/callMain.ts';
import { recordingTarget, status, taken } from '../harness/recordingTarget.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const HOUR_MS = 3_600_000;
const LARGE = 'x'.repeat(1_500_000);
const batch = (userID: string, value = '') =>
  JSON.stringify({ events: [{ eventName: 'purchase', user: { userID }, value }] });

const target = await recordingTarget();
const world = await storyCloud({ relay: { url: target.url } });
afterAll(async () => {
  await world.close();
  await target.close();
});

describe('relay, asked by commands', () => {
  /** Runs a command. Returns its JSON output and its exit code. */
  async function sluice(...args: readonly string[]) {
    const deployment = ['--local', '--endpoint-url', world.cloud.edge, '--json'];
    const { code, stdout, stderr } = await callMain([...args, ...deployment]);
    if (stdout === '') throw new Error(stderr);
    return { code, json: JSON.parse(stdout) };
  }
  async function doctorOfRelay() {
    const { json } = await sluice('doctor');
    const { checks } = json as {
      checks: { check: string; findings: { code: string; detail: string; commands: string[] }[] }[];
    };
    const found = checks.flatMap((one) => one.findings);
    return found.filter(({ code }) => /RELAY|DEAD_LETTERS/.test(code));
  }

  it('has nothing to say of itself when everything was taken', async () => {
    expect(await world.post({ body: batch('ann') })).toBe(202);
    await world.cloud.flush();
    const none = { count: 0, objects: 0, hasMore: false, oldest: null };
    expect(await sluice('relay', 'status')).toEqual({
      code: 0,
      json: { waiting: none, refused: [], deadLetters: 0 },
    });
    expect(await doctorOfRelay()).toEqual([]);
  });

  it('tells since when the oldest waits, also of the queue alone', async () => {
    target.behave(status(500));
    const from = Date.now();
    expect(await world.post({ body: batch('ann') })).toBe(202);
    await world.cloud.flush();
    for (let tries = 0; tries < 3; tries += 1) {
      await world.advance(HOUR_MS);
      await world.cloud.flush();
    }
    const { json } = await sluice('relay', 'status');
    expect(json).toMatchObject({ waiting: { count: 1, objects: 0 } });
    expect(Math.abs(Date.parse(json.waiting.oldest) - from)).toBeLessThan(HOUR_MS);
    expect(await doctorOfRelay()).toEqual([
      expect.objectContaining({
        code: 'SLUICE_FINDING_RELAY_LATE',
        detail: `1 copy, the oldest since ${json.waiting.oldest}.`,
        commands: [expect.stringContaining('aws logs tail /aws/lambda/sluice-local-relay --since 1h')],
      }),
    ]);
    expect((await callMain(['status', '--local', '--endpoint-url', world.cloud.edge])).stdout).toContain(
      `Relay: 1 request waiting, the oldest since ${json.waiting.oldest}, 0 refused.`,
    );
    target.behave(taken);
    await world.advance(HOUR_MS);
    await world.cloud.flush();
    expect((await sluice('relay', 'status')).json.waiting).toMatchObject({ count: 0, oldest: null });
  });

  it('tells the doctor what was refused, by reason', async () => {
    target.behave(status(401));
    expect([
      await world.post({ body: batch('ann') }),
      await world.post({ body: batch('bob', LARGE) }),
    ]).toEqual([202, 202]);
    await world.cloud.flush();
    expect(await doctorOfRelay()).toEqual([
      expect.objectContaining({
        code: 'SLUICE_FINDING_RELAY_REFUSED',
        detail: expect.stringMatching(/^401: 2 copies, the oldest of .*Z\.$/),
        commands: [
          expect.stringMatching(/^npx sluice relay status --local/),
          expect.stringMatching(/^npx sluice relay redrive --dry-run --local --endpoint-url \S+$/),
        ],
      }),
    ]);
  });
});
