import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { endDeployment, removeTrial } from '../../../cli/trial/removeTrial.ts';
import { runTrial } from '../../../cli/trial/runTrial.ts';
import { newTrialId, trialStack, trialStage } from '../../../cli/trial/Trial.ts';
import { awaitKeys } from '../../../cli/trial/trialKeys.ts';
import { trialFiles } from '../../../cli/trial/writeService.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type Deployment, openDeployment } from '../../../observe/deployment.ts';
import { callMain } from '../../harness/callMain.ts';
import { listen } from '../../harness/listen.ts';

const trial = { id: newTrialId() };

/** A resource of the stack. */
interface StackResource {
  /** Without `AWS::`. */
  readonly type: string;
  /** Its physical ID. */
  readonly name: string;
  readonly status: string;
}

describe('a trial, before its questions', () => {
  const keys = { client: 'client-trial', server: 'secret-trial' };
  /** Waits for keys at a door that gives the same answer to all. */
  async function wait(status: number, body: string): Promise<number> {
    const server = createServer((_, answer) => void answer.writeHead(status).end(body));
    const collector = await listen(server);
    let waited = 0;
    const clock = { now: () => waited };
    const wait = async (ms: number) => {
      waited += ms;
    };
    const run = { id: trial.id, collector, keys, time: 0, lacks: new Set<string>() };
    await awaitKeys({ clock, wait }, run).finally(() => server.close());
    return waited;
  }

  it("ends with the status and the body of an answer that is not the collector's", async () => {
    await expect(wait(403, '<html>\nblocked by Acme</html>')).rejects.toMatchObject({
      code: 'SLUICE_TRIAL_NO_ANSWER',
      message: expect.stringMatching(/403, .*blocked by Acme/),
    });
  });

  it('waits two minutes for a collector that knows no key, and for no other', async () => {
    expect(await wait(401, '{"success":false,"code":"SLUICE_COLLECT_KEY_UNKNOWN"}')).toBe(120_000);
    expect(await wait(202, '{"success":true}')).toBe(0);
  });

  it('has the deployment of one that was killed end with its removal', async () => {
    const { service, pid } = trialFiles(trial);
    await mkdir(service, { recursive: true });
    const args = ['-e', 'setInterval(() => {}, 1e6)', 'deploy', '--stage', trialStage(trial)];
    const [own, foreign] = [args, args.slice(0, 2)].map((given) =>
      spawn(process.execPath, given, { detached: true, stdio: 'ignore' }),
    );
    const ended = new Promise((resolve) => own?.once('exit', (_, signal) => resolve(signal)));
    // A process that has got the number since is left alone.
    await writeFile(pid, String(foreign?.pid));
    await endDeployment(trial);
    await writeFile(pid, String(own?.pid));
    await endDeployment(trial);
    expect(await ended).toBe('SIGKILL');
    expect(foreign?.kill('SIGKILL')).toBe(true);
    await rm(service, { recursive: true });
    await endDeployment(trial);
  });
});

describe('a trial that comes to an end', () => {
  /** The state of its stack; null without one. */
  let stack: string | null;
  const denied = '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>';
  const none = '<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>';
  const caller =
    '<R><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/ada</Arn></GetCallerIdentityResult></R>';
  /** Resources of the stack. */
  let resources: readonly StackResource[];
  const resourceList = () => {
    const members = resources.map(({ type, name, status }) => {
      const physical = `<PhysicalResourceId>${name}</PhysicalResourceId>`;
      return `<member>${physical}<ResourceType>AWS::${type}</ResourceType><ResourceStatus>${status}</ResourceStatus></member>`;
    });
    return `<R><ListStackResourcesResult><StackResourceSummaries>${members.join('')}</StackResourceSummaries></ListStackResourcesResult></R>`;
  };
  /** Events of the stack, the newest first: the ID of a resource, its state, and why. */
  let events: readonly (readonly [id: string, status: string, why: string])[];
  const eventList = () => {
    const members = events.map(
      ([id, status, why]) =>
        `<member><LogicalResourceId>${id}</LogicalResourceId><ResourceStatus>${status}</ResourceStatus><ResourceStatusReason>${why}</ResourceStatusReason></member>`,
    );
    return `<R><DescribeStackEventsResult><StackEvents>${members.join('')}</StackEvents></DescribeStackEventsResult></R>`;
  };
  /** States of the stack after each deletion. */
  let deletions: string[];
  /** What was asked of S3. */
  let askedOfS3: string[];
  beforeEach(() => {
    stack = null;
    resources = [];
    events = [];
    deletions = [];
    askedOfS3 = [];
  });
  /** Answers for a bucket with one version, which can be deleted. */
  function answerS3({ method, url = '' }: IncomingMessage, response: ServerResponse) {
    const [path = '', query = ''] = url.split('?');
    const part = /^(versions|delete)/.exec(query)?.[0] ?? '';
    askedOfS3 = [...askedOfS3, `${method} ${path} ${part}`.trim()];
    const isEmpty = askedOfS3.some((asked) => asked.startsWith(`POST ${path}`));
    if (part === 'versions' && !isEmpty)
      response.end('<R><Version><Key>a</Key><VersionId>1</VersionId></Version></R>');
    else response.end('<R/>');
  }
  /** An AWS that knows who asks and the state of the stack, and denies everything else. */
  const aws = createServer(async (request, response) => {
    const asked = new URLSearchParams(await text(request)).get('Action');
    response.setHeader('content-type', 'text/xml');
    if (asked === null) answerS3(request, response);
    else if (asked === 'GetCallerIdentity') response.end(caller);
    else if (asked === 'DeleteStack') {
      stack = deletions.shift() ?? null;
      response.end('<R/>');
    } else if (asked === 'ListStackResources' && resources.length > 0) response.end(resourceList());
    else if (asked === 'DescribeStackEvents' && events.length > 0) response.end(eventList());
    else if (asked !== 'DescribeStacks') response.writeHead(403).end(denied);
    else if (stack === null) response.writeHead(400).end(none);
    else
      response.end(
        `<R><DescribeStacksResult><Stacks><member><StackId>arn:aws:cloudformation:us-east-1:111122223333:stack/x/1</StackId><StackStatus>${stack}</StackStatus></member></Stacks></DescribeStacksResult></R>`,
      );
  });
  let endpoint: string;
  beforeAll(async () => {
    endpoint = await listen(aws);
  });
  /** Deployments that tests have opened. */
  const deployments: Deployment[] = [];
  afterAll(() => {
    for (const deployment of deployments) deployment.close();
    aws.close();
  });

  /** Opens the deployment of the trial, with a clock that waiting moves. */
  function open() {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const place = { stack: { service: 'sluice', stage: trialStage(trial) }, isLocal: false, now: 0 };
    const config = defineConfig({ bucket: 'acme' });
    const opened = openDeployment({ config, ...place }, { region: 'us-east-1', endpoint, credentials });
    deployments.push(opened);
    let now = 0;
    const wait = async (ms: number) => {
      now += ms;
    };
    return { ...opened, clock: { now: () => now }, wait };
  }

  it('makes nothing in an account that is not fit for it', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const args = ['trial', '--region', 'eu-west-1', '--endpoint-url', endpoint, '--yes'];
    expect(await callMain(args, { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_TRIAL_ACCOUNT_UNFIT'),
    });
  });

  it('says what of it failed first if it could not be deployed, and removes what there is of it', async () => {
    stack = 'ROLLBACK_COMPLETE';
    resources = [{ type: 'IAM::Role', name: 'sluice-role', status: 'CREATE_COMPLETE' }];
    events = [
      ['WriteRole', 'CREATE_FAILED', 'Resource creation cancelled'],
      ['DataBucket', 'CREATE_FAILED', 'acme already exists'],
      ['Stack', 'CREATE_IN_PROGRESS', 'User Initiated'],
    ];
    deletions = ['DELETE_COMPLETE'];
    const deployment = open();
    await mkdir(trialFiles(trial).service, { recursive: true });
    const project = {
      encryption: 'kms' as const,
      permissionsBoundary: null,
      tags: {},
      existing: { keyArn: null },
    };
    const whole = { ...trial, account: '1', region: 'us-east-1', endpoint: 'http-api', project } as const;
    const tried = await runTrial(whole, { deployment, onProgress: () => {}, onStep: () => {} });
    expect(tried).toMatchObject({
      error: {
        code: 'SLUICE_TRIAL_DEPLOY_FAILED',
        detail: expect.stringContaining(
          `DataBucket: acme already exists. The log is ${trialFiles(trial).log}.`,
        ),
      },
      removal: { deleted: 1, left: [] },
    });
    await rm(trialFiles(trial).service, { recursive: true });
    await rm(trialFiles(trial).log);
  });

  const OWN = `${trialStack(trial)}-drops`;
  const MADE: readonly StackResource[] = [
    { type: 'S3::Bucket', name: OWN, status: 'CREATE_COMPLETE' },
    { type: 'S3::Bucket', name: 'acme-data', status: 'CREATE_COMPLETE' },
    { type: 'S3::Bucket', name: `${trialStack(trial)}-theirs`, status: 'CREATE_FAILED' },
    { type: 'IAM::Role', name: 'sluice-role', status: 'DELETE_COMPLETE' },
  ];

  it.each([
    { what: 'at once', after: ['DELETE_COMPLETE'], removal: { deleted: 2, left: [] } },
    {
      what: 'with its bucket, once that is empty',
      after: ['DELETE_FAILED', 'DELETE_COMPLETE'],
      removal: { deleted: 2, left: [] },
    },
    {
      what: 'but for what CloudFormation keeps',
      after: ['DELETE_FAILED', 'DELETE_FAILED', 'DELETE_FAILED'],
      removal: {
        deleted: 0,
        left: [OWN, 'acme-data'].map((name) => expect.stringContaining(`AWS::S3::Bucket ${name}: `)),
      },
    },
  ])('is removed $what, and no bucket of others', async ({ after, removal }) => {
    stack = 'CREATE_COMPLETE';
    resources = MADE;
    deletions = [...after];
    const deployment = open();
    expect(await removeTrial(deployment, trial, () => {})).toEqual(removal);
    expect(deletions).toEqual([]);
    expect([...new Set(askedOfS3)].sort()).toEqual([
      `DELETE /${OWN}/`,
      `GET /${OWN}/ versions`,
      `POST /${OWN}/ delete`,
    ]);
  });

  it('is not removed while CloudFormation works on its stack', async () => {
    stack = 'UPDATE_IN_PROGRESS';
    const deployment = open();
    await expect(removeTrial(deployment, trial, () => {})).rejects.toMatchObject({
      code: 'SLUICE_TRIAL_NOT_REMOVED',
    });
  });
});
