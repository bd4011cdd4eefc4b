import { hash } from 'node:crypto';
import { DeletePartitionCommand, GlueClient } from '@aws-sdk/client-glue';
import { DisableKeyCommand, EnableKeyCommand, KMSClient, ListAliasesCommand } from '@aws-sdk/client-kms';
import {
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { FRESH_MS, UNKNOWN_KEY_PAUSE_MS } from '../../lib/wire/keys/KeyCache.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import type { Status } from '../../observe/findings/status.ts';
import { openLocalConsole } from '../console/openPage.ts';
import { callMain } from '../harness/callMain.ts';
import { findingIn, type StoryCloud, storyCloud } from '../harness/storyCloud.ts';
import { eventually } from '../harness/waiting.ts';

const KEY = 'client-web-0123456789';
const DAY = '2026-11-20';

let story: StoryCloud;
let open: Console;

beforeAll(async () => {
  story = await storyCloud(undefined, { startsAt: `${DAY}T05:00:00Z`, checkKeys: true });
  open = await openLocalConsole(story.cloud);
});
afterAll(async () => {
  await open?.close();
  await story?.close();
});

const keys = (args: readonly string[], stdin = '') =>
  callMain(['keys', ...args, '--stage', 'local'], { stdin, env: story.env });

let posted = 0;
function post(count: number, key = KEY): Promise<number> {
  posted += 1;
  const user = { userID: `u${posted}` };
  const events = Array.from({ length: count }, (_, value) => ({ eventName: 'purchase', value, user }));
  return story.post({ headers: { 'statsig-api-key': key }, events });
}

const status = () => story.json<Status>('status');
const codes = ({ problems }: Status) => problems.map(({ code }) => code);

/** Pastes the commands of a finding. @returns How each ended. */
async function paste({ commands }: Finding): Promise<readonly number[]> {
  const ended: number[] = [];
  for (const command of commands) ended.push((await story.paste(command)).code);
  return ended;
}

async function dead(QueueName: string, MessageBody: string): Promise<void> {
  const sqs = story.kept(new SQSClient(story.clientOptions()));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
}

describe('sluice status', () => {
  it('finds nothing wrong with a new deployment', async () => {
    const { code, stdout } = await story.sluice('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      isWell: true,
      problems: [],
      unknown: [],
      stack: 'sluice-local',
      isLocal: true,
      collector: story.cloud.collector,
      lastRequestAt: null,
      stream: null,
      quarantine: [],
      partitions: { days: 0, gaps: [] },
      waiting: {
        buffered: { count: 0, oldest: null },
        landing: { count: 0, oldest: null },
        damaged: { count: 0, oldest: null },
      },
    });
  });

  it('shows requests in the buffers, and when they have landed', async () => {
    expect(await post(1)).toBe(401);
    await keys(['add', 'web'], KEY);
    await story.advance(UNKNOWN_KEY_PAUSE_MS);
    const first = story.clock.now();
    expect(await post(3)).toBe(202);
    await story.advance(MINUTE_MS / 2);
    expect(await post(1)).toBe(202);
    const before = await status();
    expect(before.waiting.buffered.count).toBe(2);
    const oldest = Date.parse(before.waiting.buffered.oldest ?? '') - first;
    expect(oldest).toBeGreaterThanOrEqual(0);
    expect(oldest).toBeLessThan(MINUTE_MS);
    expect(before.lastHour).toMatchObject({ received: 4, landed: 4 });
    await story.cloud.flush();
    await story.advance(10 * MINUTE_MS);
    const { at, tables, waiting, partitions } = await status();
    const events = tables?.find(({ table }) => table === 'events');
    expect(waiting.buffered.count).toBe(0);
    expect(partitions?.gaps).toEqual([]);
    expect(events?.rowsLastHour).toBe(4);
    expect(Date.parse(at) - Date.parse(events?.newestRowAt ?? '')).toBeGreaterThanOrEqual(10 * MINUTE_MS);
  });
});

/** Each fault as somebody on call meets it: by its finding. A test goes on where the one before it ended. */
describe('a fault leads by sluice status to its finding', () => {
  it('an unknown key, also on the console’s page, and the command that lists those that are known', async () => {
    expect(await post(1, 'client-stranger-0123456789')).toBe(401);
    const found = await story.finding('REFUSED');
    await eventually(
      `${found.code} in the console`,
      async () => {
        const answer = await fetch(new URL('/api/findings', open.address));
        return codes(JSON.parse(await answer.text()));
      },
      (seen) => seen.includes(found.code),
    );
    expect(found).toMatchObject({ severity: 'warning', section: 'Requests are refused' });
    const prefix = hash('sha256', 'client-stranger-0123456789').slice(0, 8);
    expect(found.detail).toContain(`1 SLUICE_KEY_UNKNOWN with the key ${prefix}, first `);
    expect((await story.paste(found.commands[0] ?? '')).stdout).toContain('web');
    const { stdout } = await story.sluice('explain', found.code);
    expect(stdout).toContain(found.title);
    expect(stdout).toContain(found.cure);
  });

  it('a key turned off: nobody may send', async () => {
    await keys(['remove', 'web', '--sha256', hash('sha256', KEY).slice(0, 10)]);
    await story.advance(10 * MINUTE_MS);
    await post(1);
    expect(await post(1)).toBe(401);
    const { commands } = await story.finding('NO_KEY');
    expect((await story.paste((commands.at(-1) ?? '').replace('LABEL', 'web'), KEY)).code).toBe(0);
    await story.advance(UNKNOWN_KEY_PAUSE_MS);
    expect(await post(1)).toBe(202);
  });

  it('a secret that is no list of keys, or is to be deleted, while collectors know the keys', async () => {
    const secrets = story.kept(new SecretsManagerClient(story.clientOptions()));
    const SecretId = 'sluice-local-keys';
    const spoil = (SecretString: string) =>
      secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
    const accepts = async () => {
      await story.advance(FRESH_MS);
      expect(await post(1)).toBe(202);
    };
    /** Pastes the commands of the finding, after which the keys are there. @returns Its detail. */
    const cure = async (ended: readonly number[]) => {
      const found = await story.finding('KEYS_UNREADABLE');
      expect(await paste(found)).toEqual(ended);
      await accepts();
      expect((await keys(['list'])).stdout).toContain('web');
      return found.detail;
    };
    await spoil('{"keys":[{"label":"web"}]}');
    expect(await cure([0, 0])).toMatch(/^sluice-local-keys: web: sha256: /);
    await secrets.send(new DeleteSecretCommand({ SecretId }));
    await accepts();
    // A dry run could not read the secret.
    expect(await cure([0])).toContain('deletion');
    expect(codes(await status()).filter((code) => /KEY/.test(code))).toEqual([]);
  });

  it('days without a partition, whose command registers them', async () => {
    await story.cloud.flush();
    const glue = story.kept(new GlueClient(story.clientOptions()));
    const named = { DatabaseName: story.cloud.database, TableName: 'statsig_forwarded_events' };
    await glue.send(new DeletePartitionCommand({ ...named, PartitionValues: [DAY] }));
    const { commands, detail } = await story.finding('PARTITION_WRONG');
    expect(detail).toContain(`statsig_forwarded_events: ${DAY}`);
    const [, queue = ''] = /--queue-name (\S+)/.exec(commands.join()) ?? [];
    const [, body = ''] = /--message-body '([^']+)'/.exec(commands.join()) ?? [];
    const denied = { fault: 'failCalls', code: 'AccessDeniedException', status: 400, calls: 'all' };
    await story.setFaults({ glue: [{ ...denied, operations: ['BatchCreatePartition'] }] });
    await dead(queue, body);
    // The queue's batch is complete.
    await story.advance(MINUTE_MS);
    const denial = await status();
    const { register: why } = denial.failures;
    expect(why?.text).toMatch(/^2026-11-20T\S+Z: AccessDeniedException: /);
    expect(findingIn(denial, 'PARTITION_WRONG').detail).toContain(`failed last at ${why?.text} Missing:`);
    await story.clearFaults();
    await story.advance(20 * MINUTE_MS);
    await story.cloud.flush();
    const { partitions, failures } = await status();
    expect({ gaps: partitions?.gaps, failures }).toEqual({ gaps: [], failures: {} });
  });

  it('a key that is disabled: one finding, from which hour on Firehose drops, and the command that enables it', async () => {
    const kms = story.kept(new KMSClient(story.clientOptions()));
    const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
    const KeyId = Aliases.find(({ AliasName }) => AliasName === 'alias/sluice-local')?.TargetKeyId;
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await post(1)).toBe(202);
    await story.jump(13 * HOUR_MS);
    const disabled = await status();
    const { commands, detail } = findingIn(disabled, 'KEY_UNUSABLE');
    expect(detail).toMatch(
      /^The oldest request that waits for delivery is of 2026-\S+Z: Firehose drops it in (11\.0|10\.9) hours\. \d parts of this look could not be read\. `npx sluice status --json /,
    );
    expect(commands[0]).toMatch(/^aws kms enable-key --key-id \S+ /);
    const follows = /NOT_STORED|STREAM_LATE|LANDING_LATE|UNREADABLE|ALARM|DEAD_LETTERS|NIGHT_MISSING/;
    expect(codes(disabled).filter((code) => follows.test(code))).toEqual([]);
    await kms.send(new EnableKeyCommand({ KeyId }));
    await story.cloud.flush();
    const after = codes(await status());
    for (const code of ['SLUICE_FINDING_STREAM_LATE', 'SLUICE_FINDING_KEY_UNUSABLE'])
      expect(after).not.toContain(code);
  });

  it('what may not be read, by name', async () => {
    const denied = { fault: 'failCalls', calls: 'all', code: 'AccessDeniedException', status: 400 };
    await story.setFaults({ glue: [{ ...denied, operations: ['GetPartitions'] }] });
    const { code, stdout } = await story.sluice('status', '--json');
    await story.clearFaults();
    expect(code).toBe(3);
    const { partitions, unknown }: Status = JSON.parse(stdout);
    const why = expect.stringContaining('AccessDeniedException');
    expect(partitions).toBe(null);
    expect(unknown).toEqual(
      ['the partitions', 'the partitions of curated days'].map((part) => {
        return { part, kind: 'denied', log: null, why, isByKey: false };
      }),
    );
  });
});
