import { afterAll, describe, expect, it } from '@jest/globals';
import type { QuarantineCounts } from '../../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage } from '../../../observe/facts/tables/listQuarantined.ts';
import { startObserved } from '../startObserved.ts';

const START = Date.parse('2026-11-20T10:20:00Z');
const HOSTILE = '<img src=x onerror=alert(1)>\u001b[31m\u202e';

async function ask<Answer>(...args: string[]): Promise<{ code: number; answer: Answer }> {
  const { code, stdout, stderr } = await observed.sluice('quarantine', ...args, '--json');
  expect(stderr).toBe('');
  return { code, answer: JSON.parse(stdout) };
}

const unnamed = (userID: string, more: object = {}) => ({ eventName: '', user: { userID }, ...more });

const observed = await startObserved(START);
await observed.landUnfit(['ada', 'bob', 'cyd']);
await observed.send({ events: [unnamed('eve'), unnamed('fay')] });
await observed.clock.advance(3_600_000);
await observed.send(HOSTILE);
await observed.send({ events: [unnamed('gus', { metadata: { text: HOSTILE } })] });
await observed.send({ events: [unnamed('hal', { value: 'x'.repeat(1_048_576) })] });
await observed.send({ events: [unnamed('ivy', { value: 'y'.repeat(300_000) })] });
await observed.cloud.flush();
afterAll(() => observed.close());

describe('sluice quarantine', () => {
  it('counts by reason, with cause and cure', async () => {
    const { code, answer } = await ask<QuarantineCounts>();
    expect(code).toBe(0);
    expect(answer).toMatchObject({ rows: 9 });
    expect(
      answer.reasons.map((reason) => [reason.code, reason.isRedrivable, reason.rows, reason.items]),
    ).toEqual([
      ['SLUICE_EVENT_NO_NAME', true, 5, 5],
      ['SLUICE_ROW_UNFIT', true, 3, 3],
      ['SLUICE_BODY_NOT_JSON', true, 1, 1],
    ]);
    expect(answer.reasons[0]).toMatchObject({
      cause: 'The event has no name.',
      cure: expect.stringContaining('eventName'),
    });
    expect(answer.reasons[1]?.cure).toContain('`sluice redrive --local');
    const recent = await ask<QuarantineCounts>('--hours', '1');
    expect(recent.answer.reasons.map((reason) => [reason.code, reason.rows])).toEqual([
      ['SLUICE_EVENT_NO_NAME', 3],
      ['SLUICE_BODY_NOT_JSON', 1],
    ]);
    const long = await ask<QuarantineCounts>('--hours', '2160');
    expect(long.answer).toMatchObject({ rows: 9 });
  });

  it('lists the rows of a reason, the newest first, and cuts long ones', async () => {
    const { answer } = await ask<QuarantinedPage>('--reason', 'SLUICE_EVENT_NO_NAME', '--rows', '2');
    expect(answer).toMatchObject({
      hasMore: true,
      rows: [
        { isCut: true, raw: expect.stringMatching(/^.{8000}$/), path: '/v1/rgstr', keyLabel: 'any' },
        { raw: null, rawLocation: expect.stringMatching(/^s3:\/\/.*quarantine-large/) },
      ],
    });
    const text = await observed.sluice('quarantine', '--reason', 'SLUICE_BODY_NOT_JSON');
    expect(text.stdout).toContain('<img src=x onerror=alert(1)>');
    for (const hostile of ['\u001b', '\u202e']) expect(text.stdout).not.toContain(hostile);
  });
});
