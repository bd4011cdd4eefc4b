import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { bucketSettings } from '../../../lib/access/buckets/bucketSettings.ts';
import { DAY_MS, HOUR_MS, isoTimestamp } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { deploymentCommands } from '../../../observe/deploymentCommands.ts';
import { findBucketFault } from '../../../observe/facts/bucketFaults.ts';
import { readDeniedCalls } from '../../../observe/facts/deniedCalls.ts';
import { deniedFindings } from '../../../observe/findings/judge/deployment/denials.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { cloudFormationService } from '../../../packages/local-aws/src/cloudformation/index.ts';
import { MetricStore } from '../../../packages/local-aws/src/cloudwatch/index.ts';
import { FunctionLogs, logsService } from '../../../packages/local-aws/src/logs/index.ts';
import { AwsError, jsonService, operation } from '../../../packages/local-aws/src/protocol/index.ts';
import { temporaryDirectory } from '../../../packages/local-aws/src/testing/index.ts';
import { shellWords } from '../../harness/npxWords.ts';
import { startAws } from '../../harness/startAws.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const ACCOUNT = '000000000000';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/k`;
const config = defineConfig({ bucket: 'acme', curate: false });
const stack = { service: 'sluice', stage: 'prod' };
const roleOf = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
/** The functions that log, and their roles. */
const ROLES = { write: 'sluice-prod-WriteRole-x', register: 'sluice-prod-RegisterRole-x' } as const;
type Part = keyof typeof ROLES;
const WRITER = roleOf(ROLES.write);

/** The folder of what landed, and a call that reads one of its objects. */
const LANDING = 'arn:aws:s3:::acme/landing/*';
const READ = { action: 's3:GetObject', resource: 'arn:aws:s3:::acme/landing/a' } as const;

/** AWS's reasons for a denial. */
const BY_RESOURCE = 'with an explicit deny in a resource-based policy';
const UNALLOWED = 'because no resource-based policy allows the action';

let clock: ManualClock;
let aws: Awaited<ReturnType<typeof startAws>>;
let logs: FunctionLogs;
let client: CloudWatchLogsClient;
/** Policies of keys by ARN; these credentials may read no other. */
let keyPolicies: Map<string, string>;
let ends: (() => unknown)[];

beforeEach(async () => {
  clock = new ManualClock(NOON);
  keyPolicies = new Map();
  const directory = temporaryDirectory();
  const metrics = MetricStore.open({ directory: `${directory.path}/cloudwatch`, clock });
  logs = new FunctionLogs({ directory: `${directory.path}/logs`, clock, metrics });
  const resources = Object.entries(ROLES).map(([part, physicalId]) => {
    const logicalId = `${part[0]?.toUpperCase()}${part.slice(1)}Role`;
    return { logicalId, physicalId, type: 'AWS::IAM::Role' };
  });
  const groups = Object.keys(ROLES).map((part) => `/aws/lambda/sluice-prod-${part}`);
  const place = { region: 'us-east-1', account: ACCOUNT, partition: 'aws', createdMs: 0 };
  const deployed = { ...place, name: 'sluice-prod', resources, outputs: {} };
  const kms = jsonService({
    signingName: 'kms',
    targetPrefix: 'TrentService',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: (message) => new AwsError('ValidationException', 400, message),
    resource: () => undefined,
    operations: {
      GetKeyPolicy: operation({
        input: z.object({ KeyId: z.string() }),
        run({ KeyId }) {
          const Policy = keyPolicies.get(KeyId);
          if (Policy === undefined) throw new AwsError('AccessDeniedException', 400, KeyId);
          return { Policy, PolicyName: 'default' };
        },
      }),
    },
  });
  const more = [
    logsService({ logs, groups: () => groups }),
    cloudFormationService({ stack: () => deployed }),
    kms,
  ];
  aws = await startAws({ clock, more });
  aws.store.createBucket(config.bucket);
  client = new CloudWatchLogsClient(aws.options);
  ends = [
    () => client.destroy(),
    () => aws.close(),
    () => logs.close(),
    () => metrics.close(),
    () => directory.remove(),
  ];
});
afterEach(async () => {
  for (const end of ends) await end();
});

/** A call that a function is denied. */
interface Denied {
  /** Default the writer. */
  readonly part?: Part;
  readonly action: string;
  readonly resource: string;
  /** AWS's words for what denies it. Default a statement of the policy of the resource. */
  readonly why?: string;
  /** Account and role, as AWS names them. Default the function's own. */
  readonly role?: string;
}

/** Writes into the log of a function that it was denied a call, as AWS says it. */
function deny({
  part = 'write',
  action,
  resource,
  why = BY_RESOURCE,
  role = `${ACCOUNT}:assumed-role/${ROLES[part]}`,
}: Denied): void {
  const said = `User: arn:aws:sts::${role}/s is not authorized to perform: ${action} on resource: "${resource}" ${why}`;
  const line = { level: 'error', event: part, code: 'AccessDenied', detail: said };
  logs.open(`sluice-prod-${part}`)(`${JSON.stringify(line)}\n`);
}

/** A statement that denies everybody something. */
function denial(Sid: string, Action: string, Resource: string): object {
  return { Sid, Effect: 'Deny', Principal: '*', Action, Resource };
}

const document = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

async function putBucketPolicy(Policy: string): Promise<void> {
  await aws.s3.send(new PutBucketPolicyCommand({ Bucket: config.bucket, Policy }));
}

/** Has each page of a log be followed by the same page. @param before Lines of all 14 days. Default: those that are there. */
function answerAnotherPage(before?: readonly object[]): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next({ ...args, input: { ...args.input, nextToken: undefined } });
      const isWhole = Number(Reflect.get(args.input, 'startTime')) < clock.now() - DAY_MS;
      Object.assign(answer.output, { nextToken: 'another' }, isWhole && before ? { events: before } : {});
      return answer;
    },
    { step: 'initialize' },
  );
}

/** The calls that are denied now, while these functions fail with a denial. @param over Those whose errors are over. */
function denied(failing: readonly Part[] = ['write', 'register'], over: readonly Part[] = []) {
  const failures = Object.fromEntries(failing.map((part) => [part, { kind: 'denied' as const }]));
  const id = `arn:aws:cloudformation:us-east-1:${ACCOUNT}:stack/sluice-prod/s`;
  const functionErrors = over.map((part) => ({ part, isOver: true }));
  const asked = { aws: aws.options, config, logs: client, now: clock.now(), s3: aws.s3, stack };
  return readDeniedCalls(asked, { stack: { id }, failures, functionErrors });
}

/** The commands of all findings, in the order in which they are printed. */
async function printed(): Promise<readonly string[]> {
  const commands = deploymentCommands({ stack, localControl: undefined }, 'us-east-1');
  return deniedFindings({ deniedCalls: await denied() }, { commands }).flatMap(({ found }) => found.commands);
}

/** Runs printed commands, one after the other. */
async function paste(commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const words = shellWords(command);
    const wordAfter = (option: string) => words[words.indexOf(option) + 1] ?? '';
    if (words[2] === 'put-bucket-policy') await putBucketPolicy(wordAfter('--policy'));
    if (words[2] === 'put-key-policy') keyPolicies.set(wordAfter('--key-id'), wordAfter('--policy'));
  }
}

describe('calls that are denied still', () => {
  it('of a bucket and two keys end with the printed commands, pasted in their order', async () => {
    const other = `${KEY}2`;
    for (const key of [KEY, other]) keyPolicies.set(key, document(denial('Own', 'kms:*', key)));
    await putBucketPolicy(
      document(denial('A', 's3:GetObject', LANDING), denial('B', 's3:DeleteObject', LANDING)),
    );
    deny(READ);
    deny({ action: 's3:DeleteObject', resource: 'arn:aws:s3:::acme/landing/a' });
    for (const key of [KEY, other]) deny({ part: 'register', action: 'kms:Decrypt', resource: key });
    await paste(await printed());
    expect(await denied()).toEqual([]);
  });

  it('of a bucket that lacks the statements of the stack end without taking these back', async () => {
    await putBucketPolicy(document(denial('A', 's3:GetObject', LANDING)));
    deny(READ);
    const settings = bucketSettings(config, { keyArn: null, deleters: [WRITER] });
    const setting = settings.find(({ name }) => name === 'policy');
    const fault = async () => (setting ? findBucketFault({ s3: aws.s3, config }, setting) : undefined);
    const commands = await printed();
    // The command of the setting, which is printed before.
    await putBucketPolicy((await fault())?.repair.at(-1) ?? '');
    await paste(commands);
    expect(await fault()).toBeNull();
  });

  it('have one command for all statements of a key, which keeps the rest of its policy', async () => {
    const allowed = { Sid: 'Ours', Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' };
    // Of a call that was denied it holds, though nobody here knows.
    const network = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const two = { ...denial('Two', 'kms:GenerateDataKey', '*'), Condition: network };
    const twice = [denial('One', 'kms:*', '*'), two];
    keyPolicies.set(KEY, document(allowed, ...twice));
    deny({ action: 'kms:Decrypt', resource: KEY });
    deny({ action: 'kms:GenerateDataKey', resource: KEY });
    deny({ part: 'register', action: 'kms:Decrypt', resource: KEY });
    const Condition = (...names: readonly Part[]) => {
      const roles = names.map((name) => roleOf(ROLES[name]));
      return { Condition: { ArnNotEquals: { 'aws:PrincipalArn': roles } } };
    };
    const excepted = [
      { ...twice[0], ...Condition('register', 'write') },
      { ...two, Condition: { ...network, ...Condition('write').Condition } },
    ];
    const policies = (await denied()).map(({ repair }) => JSON.parse(repair?.at(-1) ?? ''));
    const policy = { Version: '2012-10-17', Statement: [allowed, ...excepted] };
    expect(policies).toEqual([policy, policy, policy]);
  });

  it('are judged each by its own resource, and counted by the statement', async () => {
    await putBucketPolicy(document(denial('Own', 's3:GetObject', LANDING)));
    const at = new Date(clock.now()).toISOString();
    deny(READ);
    clock.advance(HOUR_MS);
    deny({ action: 's3:GetObject', resource: 'arn:aws:s3:::acme/landing/b' });
    clock.advance(HOUR_MS);
    // A statement that has denied this is gone.
    deny({ action: 's3:GetObject', resource: 'arn:aws:s3:::acme/ledger/c' });
    clock.advance(2 * DAY_MS);
    const last = new Date(NOON + HOUR_MS).toISOString();
    // Also while nothing fails: a statement that is not ours denies the role what it needs.
    for (const failing of [['write'], []] as const)
      expect(await denied(failing)).toMatchObject([
        {
          part: 'write',
          role: WRITER,
          resource: 'arn:aws:s3:::acme/landing/b',
          by: 'bucket',
          statements: { owner: 'acme', sids: ['Own'] },
          count: 2,
          first: at,
          last,
        },
      ]);
  });

  const ORGANIZATION = 'with an explicit deny in a service control policy';
  const BOUNDARY = 'because no permissions boundary allows the s3:GetObject action';
  const OBJECT = 'arn:aws:s3:::acme/a';

  it.each<{
    readonly what: string;
    readonly resource: string;
    readonly action: string;
    /** AWS's words for what denies the call. */
    readonly why: string;
    readonly by: string;
  }>([
    {
      what: "a queue's policy",
      resource: 'arn:aws:sqs:us-east-1:1:sluice-prod-write',
      action: 'sqs:sendmessage',
      why: BY_RESOURCE,
      by: 'explicit',
    },
    {
      what: 'the policy of a bucket whose name begins like ours',
      resource: 'arn:aws:s3:::acme-2/a',
      action: 's3:GetObject',
      why: BY_RESOURCE,
      by: 'explicit',
    },
    {
      what: 'no statement that allows to read an object',
      resource: OBJECT,
      action: 's3:GetObject',
      why: UNALLOWED,
      by: 'missing',
    },
    {
      what: "a key's policy that cannot be read",
      resource: KEY,
      action: 'kms:Decrypt',
      why: BY_RESOURCE,
      by: 'keyUnread',
    },
    {
      what: 'a policy of the organization',
      resource: OBJECT,
      action: 's3:GetObject',
      why: ORGANIZATION,
      by: 'organization',
    },
    {
      what: 'a permissions boundary',
      resource: OBJECT,
      action: 's3:GetObject',
      why: BOUNDARY,
      by: 'boundary',
    },
  ])('by $what are told as by `$by` while the function fails', async ({ resource, action, why, by }) => {
    deny({ action, resource, why });
    expect(await denied()).toMatchObject([{ resource, action, by, statements: null, repair: null }]);
    expect(await denied([])).toEqual([]);
    expect(await denied(['write'], ['write'])).toEqual([]);
  });

  it('have no first time where the first of 14 days had one, too', async () => {
    await putBucketPolicy(document(denial('Own', 's3:GetObject', LANDING)));
    deny(READ);
    clock.advance(13 * DAY_MS);
    deny(READ);
    expect(await denied()).toMatchObject([{ count: 2, first: new Date(NOON).toISOString() }]);
    clock.advance(1);
    expect(await denied()).toMatchObject([{ count: 2, first: null }]);
  });

  it('are counted in five pages of a log, and told to be more', async () => {
    await putBucketPolicy(document(denial('Own', 's3:GetObject', LANDING)));
    deny(READ);
    expect(await denied()).toMatchObject([{ count: 1, hasMore: false }]);
    answerAnotherPage();
    expect(await denied()).toMatchObject([{ count: 5, hasMore: true }]);
  });

  it('of the last day are told though the log before has more pages than are read', async () => {
    await putBucketPolicy(document(denial('Own', 's3:GetObject', LANDING)));
    deny(READ);
    clock.advance(DAY_MS);
    answerAnotherPage([]);
    expect(await denied()).toMatchObject([{ count: 5, hasMore: true, last: isoTimestamp(NOON) }]);
  });

  it("are no more if neither the bucket's nor the key's policy denies them now", async () => {
    keyPolicies.set(KEY, document(denial('Own', 'kms:CreateGrant', '*')));
    deny(READ);
    deny({ action: 'kms:Decrypt', resource: KEY });
    expect(await denied()).toEqual([]);
  });

  it('of a role of another account have the account of that', async () => {
    deny({
      action: 's3:PutObject',
      resource: 'arn:aws:s3:::customer/a',
      role: '999988887777:assumed-role/exports',
    });
    expect(await denied()).toMatchObject([{ role: 'arn:aws:iam::999988887777:role/exports' }]);
  });
});
