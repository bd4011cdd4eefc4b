import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeleteTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { namedTarget } from '../../../cli/aws/target.ts';
import type { Answer } from '../../../cli/trial/Answer.ts';
import { questionCodes } from '../../../cli/trial/questions.ts';
import { askTrial, Steps } from '../../../cli/trial/runTrial.ts';
import {
  dropBucket,
  dropBucketPolicy,
  newTrialId,
  type Trial,
  trialConfig,
  trialStage,
} from '../../../cli/trial/Trial.ts';
import { trialFiles, writeService } from '../../../cli/trial/writeService.ts';
import { localAccount } from '../../../local/localAccount.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { parseTemplate } from '../../../packages/local-aws/src/template/index.ts';
import { storyCloud } from '../../harness/storyCloud.ts';

const trial: Trial = {
  id: newTrialId(),
  account: localAccount.id,
  region: 'us-east-1',
  endpoint: 'http-api',
  project: { encryption: 'kms', permissionsBoundary: null, tags: {}, existing: { keyArn: null } },
};
// No configuration has the account of the local cloud.
const { account: _, ...config } = trialConfig(trial, 'arm64');
const story = await storyCloud(config);
afterAll(() => story.close());
// The trial's own service makes it.
await story.s3By().send(new CreateBucketCommand({ Bucket: dropBucket(trial) }));
await story.s3By().send(
  new PutBucketPolicyCommand({
    Bucket: dropBucket(trial),
    Policy: JSON.stringify(dropBucketPolicy(trial)),
  }),
);

/** Asks all of a deployed trial: the answers by the end of their codes. */
async function ask(lacks: readonly string[] = []) {
  const target = namedTarget({ values: { local: true, 'endpoint-url': story.cloud.edge } }, {});
  const about = { ...target, config: story.cloud.config, now: story.clock.now() };
  const opened = openDeployment(about, { ...target.aws, region: trial.region });
  const deployment = { ...opened, clock: story.clock };
  const keys = { client: 'client-trial', server: 'secret-trial' };
  const run = {
    id: trial.id,
    collector: story.cloud.collector,
    keys,
    time: story.clock.now(),
    lacks: new Set(lacks),
  };
  const answers: Answer[] = [];
  const progress: string[] = [];
  const steps = new Steps({
    deployment,
    onProgress: (_step, _what, waitsFor) => {
      if (waitsFor === 'rows') void story.cloud.flush();
    },
    onStep: ({ step }) => progress.push(step),
  });
  await askTrial(deployment, run, steps, answers).finally(() => deployment.close());
  return {
    told: progress,
    steps,
    of: new Map(answers.map((answer) => [answer.code.slice('SLUICE_PROBE_'.length), answer] as const)),
  };
}

const account = '111122223333';
const permissionsBoundary = `arn:aws:iam::${account}:policy/limit`;
const keyArn = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

it.each([
  { what: 'deploys nothing that stays when its stack goes', project: trial.project },
  {
    what: 'has the boundary and the key of the project',
    project: { ...trial.project, permissionsBoundary, existing: { keyArn } },
  },
] as const)('$what', async ({ project }) => {
  const { service, config: configFile } = trialFiles(trial);
  await writeService(trial, trialConfig({ ...trial, account, project }, 'arm64'));
  try {
    const serverless = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
    const args = [serverless, 'package', '--stage', trialStage(trial), '--region', trial.region];
    const env = { ...process.env, SLUICE_CONFIG: configFile, SLUICE_PACKAGE_FOR: 'here', CI: '1' };
    await promisify(execFile)(process.execPath, args, { cwd: service, env });
    const text = await readFile(
      join(service, '.serverless/cloudformation-template-update-stack.json'),
      'utf8',
    );
    const all = Object.entries(parseTemplate(JSON.parse(text)).Resources);
    expect(all.map(([id]) => id)).toEqual(expect.arrayContaining(['DropBucket', 'HttpApi']));
    expect(all.filter(([, { DeletionPolicy }]) => DeletionPolicy !== 'Delete')).toEqual([]);
    const roles = all.filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    expect(new Set(roles.map(([, { Properties }]) => Properties['PermissionsBoundary'] ?? null))).toEqual(
      new Set([project.permissionsBoundary]),
    );
    // The question of managed policies: what is dropped is read by one of them alone.
    const reads = all.filter(([, { Properties }]) => JSON.stringify(Properties).includes('-drops/orders/*'));
    expect(reads.map(([id]) => id)).toEqual([expect.stringMatching(/^IngestLoadRolePolicy\d+$/)]);
    expect(all.some(([, { Type }]) => Type === 'AWS::KMS::Key')).toBe(project.existing.keyArn === null);
  } finally {
    await rm(service, { recursive: true });
  }
});

describe('the questions of a trial', () => {
  it('are all answered as expected by the local cloud, which has no function that can be invoked', async () => {
    const { told: progress, steps, of: answerOf } = await ask();
    const others = [...answerOf].filter(([, { verdict }]) => verdict !== 'expected');
    expect(others.map(([code, { verdict }]) => [code, verdict])).toEqual([['LAKE_SETTINGS', 'not asked']]);
    expect(answerOf.get('LAKE_SETTINGS')?.found).toContain('NotImplemented');
    expect(answerOf.get('ENCRYPTION')?.found).toMatch(
      /aws:kms: without AccessDenied, with stored, in parts stored/,
    );
    expect([...answerOf.values()].map(({ code }) => code).toSorted()).toEqual(questionCodes.toSorted());
    expect(answerOf.get('SERVER_CORE')?.found).toBe('202, 1 row');
    expect(answerOf.get('DROP')?.found).toBe('loaded, 3 of 3 rows in trial_orders');
    expect(progress).toEqual(['probe', 'drop', 'alarm']);
    expect(steps.taken.map(({ failed }) => failed)).toEqual([null, null, null]);
  });

  it('are not asked where this AWS has not made what they need', async () => {
    const { of: answerOf } = await ask(['AWS::Athena::WorkGroup', 'AWS::Logs::MetricFilter']);
    const notAsked = [...answerOf].filter(([, { verdict }]) => verdict === 'not asked').map(([code]) => code);
    expect(notAsked).toEqual(
      expect.arrayContaining(['METRICS', 'ALARM', 'PLAIN_JSON', 'JS_CLIENT', 'OVER_LAMBDA_LIMIT']),
    );
    expect(['PREFLIGHT', 'DROP'].map((code) => answerOf.get(code)?.verdict)).toEqual([
      'expected',
      'expected',
    ]);
  });

  it("have the gateway's answers even if rows cannot be read", async () => {
    await story.setFaults({ athena: [{ fault: 'failCalls', code: 'AccessDeniedException', calls: 'all' }] });
    const { of: answerOf } = await ask().finally(() => story.clearFaults());
    expect(answerOf.get('DELIVERY_TIME')?.found).toMatch(/^rows could not be read: .*AccessDeniedException/);
    expect(['DELIVERY_TIME', 'PREFLIGHT', 'ZSTD_JSON'].map((code) => answerOf.get(code)?.verdict)).toEqual([
      'otherwise',
      'expected',
      'not asked',
    ]);
  });

  it('name a view that Athena rejects', async () => {
    const glue = story.kept(new GlueClient(story.clientOptions()));
    await glue.send(new DeleteTableCommand({ DatabaseName: story.cloud.database, Name: 'product_events' }));
    const views = (await ask()).of.get('VIEWS');
    expect(views?.verdict).toBe('otherwise');
    expect(views?.found).toMatch(/^product_events: .*TABLE_NOT_FOUND/);
  });
});
