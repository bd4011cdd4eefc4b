import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { deleteByVersionOnly } from '../../../lib/access/buckets/bucketDenials.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { bucketPolicyLook, judgeDenial, judgeRole } from '../../../observe/doctor/roles.ts';
import type { Decision } from '../../../observe/doctor/simulator.ts';
import type { DeniedCalls } from '../../../observe/facts/standingDenials.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { deniedFindings } from '../../../observe/findings/judge/deployment/denials.ts';
import type { Status } from '../../../observe/findings/status.ts';
import { answeredBy, named } from '../../harness/answering.ts';
import { deniedCalls } from '../statusFacts.ts';
import { commands, setupOf } from './setupOf.ts';

describe("the look at the bucket's policy", () => {
  const WRITER = 'arn:aws:iam::111122223333:role/w';
  /** A statement that denies everybody to delete what has landed. */
  const denial = (Sid: string, members: object = {}) => ({
    Sid,
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:DeleteObject',
    Resource: 'arn:aws:s3:::acme/landing/*',
    ...members,
  });
  /** Nothing is known here of whether it holds. */
  const UNKNOWN = { Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } };
  /** Fails a look that asks a log. */
  const refuse = (): Promise<never> => Promise.reject(new Error('No log is asked.'));

  interface World {
    /** Statements of the bucket's policy; null without a policy. */
    readonly policy: readonly object[] | null;
    /** Logical IDs of the roles of the stack, each of which is {@link WRITER}; none without a stack. */
    readonly roles?: readonly string[];
    /** What `sluice status` says; by default nobody asks it. */
    readonly status?: () => Promise<Pick<Status, 'deniedCalls' | 'problems'>>;
  }

  /** Of each finding the statement that it tells of, and its commands. */
  async function found({ policy, roles = ['WriteRole'], status = refuse }: World) {
    const s3 = answeredBy(S3Client, () => {
      if (policy === null) throw named('NoSuchBucketPolicy');
      return { Policy: JSON.stringify({ Statement: policy }) };
    });
    const findings = await bucketPolicyLook.find(
      setupOf({
        s3,
        config: defineConfig({ bucket: 'acme', curate: false }),
        stack: { service: 'sluice', stage: 'prod' },
        identity: { account: '111122223333', arn: 'a', partition: 'aws', region: 'us-east-1' },
        resources: new Map(roles.map((role) => [role, 'w'])),
        commands,
        status,
      }),
    );
    return findings.map(({ title, commands: printed }) => {
      return { sid: /The statement (\w+) /.exec(title)?.[1], commands: printed };
    });
  }
  /** The command that only shows the policy. */
  const SHOW = 'aws s3api get-bucket-policy --bucket acme --query Policy --region eu-west-1';
  /** The command that puts a policy. @param policy As a word of the shell. */
  const put = (policy: string) =>
    `aws s3api put-bucket-policy --bucket acme --policy ${policy} --region eu-west-1`;

  it.each<{ readonly what: string; readonly policy: World['policy'] }>([
    { what: 'there is no policy', policy: null },
    { what: 'the policy only allows', policy: [denial('A', { Effect: 'Allow' })] },
  ])('finds nothing where $what', async ({ policy }) => {
    expect(await found({ policy, status: async () => ({ deniedCalls: [], problems: [] }) })).toEqual([]);
  });

  it('repairs all statements that deny for certain by one policy, and shows one under a condition that is not known', async () => {
    const policy = [denial('A'), denial('B'), denial('C', UNKNOWN)];
    const status = async () => ({ deniedCalls: null, problems: [] });
    const findings = await found({ policy, status });
    const [, excepted = ''] = /--policy '(.*)'/.exec(findings[0]?.commands.join() ?? '') ?? [];
    expect(findings).toEqual([
      { sid: 'A', commands: [put(`'${excepted}'`)] },
      { sid: 'B', commands: [put(`'${excepted}'`)] },
      { sid: 'C', commands: [SHOW] },
    ]);
    const Condition = { ArnNotEquals: { 'aws:PrincipalArn': [WRITER] } };
    // The statements of the stack follow, which the bucket lacks.
    expect(JSON.parse(excepted).Statement.slice(0, 3)).toEqual([
      denial('A', { Condition }),
      denial('B', { Condition }),
      denial('C', UNKNOWN),
    ]);
  });

  it('has what a log tells of as the status says it, and repairs the rest with the policy of that finding', async () => {
    const repair = (document: string) => ['s3api', 'put-bucket-policy', '--policy', document];
    const ofKey: DeniedCalls = {
      ...deniedCalls,
      by: 'key',
      statements: { owner: 'k', sids: [] },
      repair: repair('policy-of-a-key'),
    };
    const ofBucket: DeniedCalls = {
      ...deniedCalls,
      by: 'bucket',
      statements: { owner: 'acme', sids: ['A'] },
      repair: repair('policy-of-the-log'),
    };
    const problems = deniedFindings({ deniedCalls: [ofKey, ofBucket] }, { commands });
    const status = async () => ({
      deniedCalls: [ofKey, ofBucket],
      problems: problems.map((problem) => problem.found),
    });
    const policy = [denial('A'), denial('B'), denial('C', UNKNOWN)];
    expect(await found({ policy, status })).toEqual([
      {
        sid: undefined,
        commands: ['aws s3api put-bucket-policy --policy policy-of-the-log --region eu-west-1'],
      },
      { sid: 'B', commands: [put('policy-of-the-log')] },
      { sid: 'C', commands: [SHOW] },
    ]);
  });

  it('has what a log tells of where the policy denies nothing any more', async () => {
    const mended: DeniedCalls = {
      ...deniedCalls,
      by: 'bucket',
      statements: { owner: 'acme', sids: ['A'] },
      repair: ['s3api', 'get-bucket-policy'],
    };
    const problems = deniedFindings({ deniedCalls: [mended] }, { commands });
    const status = async () => ({
      deniedCalls: [mended],
      problems: problems.map((problem) => problem.found),
    });
    expect(await found({ policy: null, status })).toEqual([
      { sid: undefined, commands: ['aws s3api get-bucket-policy --region eu-west-1'] },
    ]);
  });

  it('before there is a stack, only shows the policy, asks no log, and leaves out our own statement', async () => {
    // It names no role yet.
    const own = deleteByVersionOnly(['arn:aws:s3:::acme/statsig/*'], []);
    expect(await found({ policy: [own, denial('A')], roles: [] })).toEqual([{ sid: 'A', commands: [SHOW] }]);
  });
});

it('a denial by another policy than those of the stack prints no look at the stack', () => {
  const denied = { action: 'a', resource: 'r', isAllowed: false, policies: [] };
  const printed = (reason: Decision['reason']) =>
    judgeRole('arn', { sid: 'S', decisions: [{ ...denied, reason }] }, commands).map(
      (found) => found.commands,
    );
  expect(printed('explicit')).toEqual([[]]);
  expect(printed('missing')).toEqual([[expect.stringContaining('doctor --drift')]]);
});

describe('a statement of the policy of a bucket', () => {
  const denial = {
    sid: 'Own',
    isKnown: true,
    roles: [
      { role: 'W', denied: ['s3:PutObject', 's3:GetObject'] },
      { role: 'L', denied: ['s3:GetObject'] },
    ],
    text: 'Text_1.',
  };

  it.each([
    {
      isKnown: true,
      excepted: '{}',
      name: 'bucket',
      command: "put-bucket-policy --bucket acme --policy '{}'",
    },
    {
      isKnown: true,
      excepted: undefined,
      name: 'new',
      command: 'get-bucket-policy --bucket acme --query Policy',
    },
    {
      isKnown: false,
      excepted: undefined,
      name: 'condition',
      command: 'get-bucket-policy --bucket acme --query Policy',
    },
  ] as const)('that denies roles is told as of $name', ({ isKnown, excepted, name, command }) => {
    const found = judgeDenial('acme', { ...denial, isKnown }, commands, excepted);
    expect(found).toMatchObject({
      title: expect.stringMatching(/^The statement Own .* 2 roles, the first W s3:PutObject/),
      detail: 'Text_1.',
      cause: findingCatalogue.SLUICE_FINDING_ROLE_DENIED.cases[name].cause,
      commands: [expect.stringContaining(command)],
    });
  });
});
