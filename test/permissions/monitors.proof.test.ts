import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { callMain } from '../harness/callMain.ts';
import { relayCloud } from '../harness/relayCloud.ts';
import { judgeRole } from './judgeRole.ts';
import { readPolicies } from './Policies.ts';
import { heldPage } from './permissionsPage.ts';

const ROLES = ['MonitorRole', 'MonitorScheduleRole'] as const;
const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 10, 16);
const topicArn = 'arn:aws:sns:us-east-1:000000000000:on-call';
const messagesSchema = z.object({
  messages: z.array(
    z.object({ at: z.string(), topic: z.string(), subject: z.string().nullable(), message: z.string() }),
  ),
});

type Cloud = Awaited<ReturnType<typeof relayCloud>>;
let cloud: Cloud;

async function control(path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${cloud.cloud.edge}/_sluice${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}
const published = async () => messagesSchema.parse(await control('/topics')).messages;

/** Time passes at once: the schedule rings once, and its run ends. */
async function jumpTo(ms: number): Promise<void> {
  await cloud.cloud.flush();
  await control('/clock', { now: new Date(ms).toISOString() });
  for (let i = 0; cloud.messages('monitor') > 0; i += 1) {
    if (i === 3_000) throw new Error(`The monitors do not end.\n${cloud.logs().slice(-5_000)}`);
    await wait(20);
  }
}

async function send(events: readonly object[]): Promise<void> {
  expect(await cloud.post({ body: JSON.stringify({ events }) })).toBe(202);
}

/** The traffic of one day, 1 to 7, at noon. */
async function sendDay(day: number): Promise<void> {
  const time = MONDAY + (day - 1) * 24 * HOUR + 12 * HOUR;
  await jumpTo(time);
  const users = Array.from({ length: 200 }, (_, i) => ({ userID: `u-${day}-${i}` }));
  // From the third day on, the checkout loses half of those in treatment.
  const groups = (isBad: boolean) =>
    users.flatMap((user, i) =>
      i % 2 === 0
        ? [{ user, ruleID: 'control' }]
        : isBad && i % 4 === 1
          ? []
          : [{ user, ruleID: 'treatment' }],
    );
  const exposures = (config: string, isBad: boolean) =>
    groups(isBad).map(({ user, ruleID }) => ({
      ...{ eventName: 'statsig::config_exposure', user, time, value: null },
      metadata: { config, ruleID, rulePassed: 'true', reason: 'Network:Recognized' },
    }));
  const named = (eventName: string, value: unknown, metadata: object = {}) =>
    users.slice(0, 60).map((user) => ({ eventName, user, time, value, metadata }));
  await send(exposures('checkout', day >= 3));
  await send(exposures('search', false));
  await send(named('page_view', 'home', { depth: 3 }));
  if (day <= 4) await send(named('purchase', 12.5));
  await send(named('add_to_cart', 1, { price: day <= 5 ? 9.5 : '9.50' }));
}

async function sluice(...args: string[]) {
  const { code, stdout } = await callMain(
    [...args, '--local', '--endpoint-url', cloud.cloud.edge, '--json'],
    { env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } },
  );
  return { code, answer: JSON.parse(stdout) };
}

beforeAll(async () => {
  const split = { control: 50, treatment: 50 };
  cloud = await relayCloud(undefined, {
    ...{ bucket: 'acme-monitors', alarms: { topicArn }, monitors: {} },
    experiments: [
      { name: 'checkout', split },
      { name: 'search', split },
    ],
  });
  for (let day = 1; day <= 7; day += 1) {
    await sendDay(day);
    // The daily look of the next night, and one more run an hour later.
    await jumpTo(MONDAY + day * 24 * HOUR + 2.5 * HOUR);
    if (day > 3) await jumpTo(MONDAY + day * 24 * HOUR + 3.5 * HOUR);
  }
}, 600_000);
afterAll(async () => {
  await cloud.close();
});

describe('a week of traffic with monitors', () => {
  it('tells the bad split, the silent event and the changed type once each, and nothing else', async () => {
    const began = (await published()).flatMap(({ at, topic, message }) => {
      expect(topic).toBe(topicArn);
      return message
        .split('\n\n')
        .map((part) => `${at.slice(0, 10)} ${part.split('\n').at(-1)} ${part.split('\n')[1]}`);
    });
    expect(began.map((line) => line.replace(/: control .*/, ''))).toEqual([
      // After 700 units, 400 and 300, p is still above 0.001.
      '2026-11-21 SLUICE_MONITOR_SPLIT 850 units',
      '2026-11-21 SLUICE_MONITOR_EVENT_SILENT purchase has had no rows since 2026-11-20; before it had 60 a day.',
      '2026-11-22 SLUICE_MONITOR_TYPE_CHANGED price of add_to_cart was number until 2026-11-20; since 2026-11-21 100 % of its rows are string.',
    ]);
    expect(cloud.refusals).toEqual([]);
  });

  it('names commands that show why', async () => {
    const { answer } = await sluice('monitors');
    const commands = answer.open.map(({ command }: { command: string }) => command.replace(/ --local.*/, ''));
    expect(commands).toEqual([
      'npx sluice names --event add_to_cart --days 15',
      'npx sluice names --event purchase --days 15',
      'npx sluice check checkout',
    ]);
    expect((await sluice('check', 'checkout')).answer.verdict).toBe('mismatch');
    expect((await sluice('check', 'search')).answer.verdict).toBe('as_expected');
    const { warnings } = (await sluice('names', '--event', 'add_to_cart', '--days', '15')).answer;
    expect(warnings).toMatchObject([{ kind: 'type_changed', property: 'price' }]);
  });

  it('lists what is open, and is told once when it ends', async () => {
    const { open } = (await sluice('monitors')).answer;
    const silent = open.find(({ code }: { code: string }) => code === 'SLUICE_MONITOR_EVENT_SILENT').id;
    const split = open.find(({ code }: { code: string }) => code === 'SLUICE_MONITOR_SPLIT').id;
    expect((await sluice('monitors', '--check')).code).toBe(3);
    expect((await sluice('monitors', '--acknowledge', split)).answer.open).toHaveLength(3);
    expect((await sluice('monitors', '--acknowledge', 'm99')).answer).toMatchObject({
      error: { code: 'SLUICE_MONITORS_UNKNOWN' },
    });
    const before = (await published()).length;
    await sendDay(8);
    const time = MONDAY + 7 * 24 * HOUR + 13 * HOUR;
    await send([{ eventName: 'purchase', user: { userID: 'back' }, time, value: 3 }]);
    await jumpTo(MONDAY + 8 * 24 * HOUR + 2.5 * HOUR);
    const [told, ...others] = (await published()).slice(before);
    expect([told?.subject, others]).toEqual(['Sluice local: 1 ended', []]);
    expect(told?.message).toContain('purchase');
    const { history } = (await sluice('monitors')).answer;
    expect(history[0]).toMatchObject({ what: 'ended', id: silent });
  });
});

describe('the roles of monitors', () => {
  async function readRoles() {
    const { region, id: account, partition } = localAccount;
    const { template, stackName } = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
    });
    const stack = { region, account, partition, stackName, endpoint: 'http://127.0.0.1' };
    return readPolicies(resolveTemplate(template, stack));
  }

  it.each(ROLES)('give %s exactly the permissions that its calls need', async (id) => {
    const { denied, idle } = await judgeRole(await readRoles(), id, await cloud.calls());
    // A query is stopped only when it takes longer than the function may.
    const known = (one: string) => one.startsWith('athena:StopQueryExecution on ');
    expect([denied, idle.filter((one) => !known(one))]).toEqual([[], []]);
  });

  it('are described in docs/reference/permissions.md (SLUICE_WRITE_DOCS=1 updates it)', async () => {
    const { roles } = await readRoles();
    const own = roles.filter(({ logicalId }) => ROLES.some((id) => id === logicalId));
    expect(own).toHaveLength(ROLES.length);
    const { page, held } = heldPage(own, await cloud.calls(), cloud.cloud.bucket);
    expect(page).toBe(held);
  });
});
