import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { type BucketNeed, bucketNeeds } from '../../../infra/bucketNeeds.ts';
import { deleterIds } from '../../../infra/roles/functionRoles.ts';
import { deleteByVersionOnly, keptFolders } from '../../../lib/access/buckets/bucketDenials.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { findBucket, judgeForeign } from '../../../observe/doctor/bucket.ts';
import { bucketPolicy, judgeDenial } from '../../../observe/doctor/roles.ts';
import { deniedByBucket, exceptedDenials, exceptedPolicy } from '../../../observe/facts/bucketDenials.ts';
import { sameDocument } from '../../../observe/facts/bucketFaults.ts';
import type { DeniedCalls } from '../../../observe/facts/standingDenials.ts';
import type { Status } from '../../../observe/findings/status.ts';
import { answeredBy, answering, named } from '../../harness/answering.ts';
import { templateConfigurations } from '../../infra/templateConfigurations.ts';
import { deniedCalls } from '../statusFacts.ts';
import { commands, setupOf } from './setupOf.ts';

describe('the policy of a bucket', () => {
  const identity = { partition: 'aws', account: '111122223333' };
  const role = 'arn:aws:iam::111122223333:role/w';
  const config = defineConfig({ ...templateConfigurations['readers and customers'], bucket: 'acme' });
  const stack = { service: 'acme', stage: 'prod', config };
  const all = bucketNeeds(stack, { identity, names: new Map([['WriteRole', 'w']]) });
  const needs = all.filter(({ id }) => id === 'WriteRole');
  const denied = (statement: object, wanted: readonly BucketNeed[] = needs) => {
    const usual = { Sid: 'S', Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject' };
    const Statement = [{ ...usual, Resource: 'arn:aws:s3:::acme/landing/*', ...statement }];
    return deniedByBucket(JSON.stringify({ Statement }), wanted).map(({ text: said }) => said);
  };
  const text = (verb: string, what = 's3:DeleteObject on landing/*') => [`S ${verb} ${role}: ${what}.`];

  it.each([
    ['everybody', {}],
    ['the account', { Principal: { AWS: ['arn:aws:iam::111122223333:root'] } }],
    ['all but others', { Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::111122223333:role/x' } }],
    ['a pattern', { Action: ['S3:Delete*'], Resource: ['arn:aws:s3:::acme/landing*'] }],
    ['roles that are not listed', { Condition: { ArnNotLike: { 'aws:PrincipalArn': '*:role/admin' } } }],
  ])('denies the writer as it denies %s', (_, statement) => {
    expect(denied(statement)).toEqual(text('denies'));
  });

  it.each([
    ['an allowance', { Effect: 'Allow' }],
    ['another action', { Action: 's3:DeleteObjectVersion' }],
    ['all but this action', { Action: undefined, NotAction: ['s3:*Object'] }],
    ['another folder', { Resource: 'arn:aws:s3:::acme/elsewhere/*' }],
    ['all but the bucket', { Resource: undefined, NotResource: 'arn:aws:s3:::acme*' }],
    ['somebody else', { Principal: { AWS: 'arn:aws:iam::111122223333:role/x' } }],
    ['plain HTTP', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
    ['deletions without a condition', { Condition: { Null: { 's3:if-match': 'true' } } }],
    ['all but the writer', { Condition: { ArnNotEquals: { 'aws:PrincipalArn': [role] } } }],
  ])('does not with %s', (_, statement) => {
    expect(denied(statement)).toEqual([]);
  });

  it('may, under a condition that nobody here knows', () => {
    const Condition = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };
    expect(denied({ Condition })).toEqual(text('may deny'));
    expect(deniedByBucket('', needs)).toEqual([]);
  });

  it.each<{ what: string; condition: object; verb: string; action?: string }>([
    { what: 'HTTPS', condition: { Bool: { 'aws:SecureTransport': 'true' } }, verb: 'may deny' },
    {
      what: 'reads without a condition',
      condition: { Null: { 's3:if-match': 'true' } },
      verb: 'may deny',
      action: 's3:GetObject',
    },
    {
      what: 'deletions with a condition',
      condition: { Null: { 's3:if-match': 'false' } },
      verb: 'may deny',
    },
    {
      what: 'the writer by its name',
      condition: { ArnEquals: { 'AWS:principalarn': role } },
      verb: 'denies',
    },
    {
      what: 'the writer by its name, from a network',
      condition: { IpAddress: { 'aws:SourceIp': '::' }, ArnLike: { 'aws:PrincipalArn': role } },
      verb: 'may deny',
    },
  ])('$verb $what', ({ condition, verb, action = 's3:DeleteObject' }) => {
    expect(denied({ Condition: condition, Action: action })).toEqual(text(verb, `${action} on landing/*`));
  });

  it('does not where it denies another role by its name', () => {
    expect(denied({ Condition: { ArnEquals: { 'aws:PrincipalArn': `${role}x` } } })).toEqual([]);
  });

  it('names a statement without a name by its place', () => {
    const nameless = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObject',
      Resource: 'arn:aws:s3:::acme/landing/*',
    };
    const policy = JSON.stringify({ Statement: [{ ...nameless, Effect: 'Allow' }, nameless] });
    expect(deniedByBucket(policy, needs)).toMatchObject([{ sid: 'Statement 2' }]);
  });

  it('keeps its conditions and the roles that it excepts, however their key is written, beside new ones', () => {
    const others = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const Condition = { ...others, ArnNotEquals: { 'AWS:principalarn': 'c' } };
    const policy = JSON.stringify({ Version: 'v', Statement: [{ Sid: 'S', Effect: 'Deny', Condition }] });
    expect(JSON.parse(exceptedPolicy(policy, () => ['a', 'b']))).toEqual({
      Version: 'v',
      Statement: [
        {
          Sid: 'S',
          Effect: 'Deny',
          Condition: { ...others, ArnNotEquals: { 'AWS:principalarn': ['c', 'a', 'b'] } },
        },
      ],
    });
  });

  it.each([
    ['landing/direct/*', 's3:PutObject on landing/direct/*'],
    ['landing/*/x', 's3:PutObject on landing/*/x'],
    ['*.gz', 's3:PutObject on *.gz'],
    ['land*', 's3:PutObject on landing/*'],
  ])('denies the part of a folder that %s is', (folder, what) => {
    const collect = all.filter(
      ({ id, statement }) => id === 'CollectRole' && /landing/.test(statement.Resource.join()),
    );
    const Resource = `arn:aws:s3:::acme/${folder}`;
    const [found = ''] = denied({ Action: 's3:Put*', Resource }, collect);
    expect(found).toMatch(/^S denies arn:aws:iam::111122223333:role\/acme-prod-CollectRole-x: /);
    expect(found).toContain(what);
  });

  it.each(Object.entries(templateConfigurations))(
    'as the stack makes it denies none of its roles: %s',
    (_, input) => {
      const made = defineConfig({ ...input, bucket: 'acme' });
      const own = bucketNeeds({ ...stack, config: made }, { identity, names: new Map() });
      const files = keptFolders(made).map((folder) => `arn:aws:s3:::acme/${folder}*`);
      const ids = deleterIds(made);
      const deleters = own.flatMap((deleter) => (ids.includes(deleter.id) ? [deleter.role] : []));
      const Statement = [deleteByVersionOnly(files, deleters)];
      expect(own.length).toBeGreaterThan(10);
      expect(deniedByBucket(JSON.stringify({ Statement }), own)).toEqual([]);
    },
  );

  it('has an exception of the roles that it denies for certain, in every statement, in one command', () => {
    const usual = { Effect: 'Deny', Principal: '*', Resource: 'arn:aws:s3:::acme/landing/*' };
    const Condition = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const policy = JSON.stringify({
      Statement: [
        { ...usual, Sid: 'A', Action: 's3:DeleteObject' },
        { ...usual, Sid: 'B', Action: 's3:GetObject' },
        { ...usual, Sid: 'C', Action: 's3:GetObject', Condition },
      ],
    });
    const found = deniedByBucket(policy, needs);
    expect(found.map(({ sid, isKnown }) => [sid, isKnown])).toEqual([
      ['A', true],
      ['B', true],
      ['C', false],
    ]);
    const excepted = exceptedDenials(policy, found);
    expect(deniedByBucket(excepted, needs).map(({ sid }) => sid)).toEqual(['C']);
    const [first] = found;
    const put = first && judgeDenial('acme', first, commands, excepted);
    expect(put?.commands).toEqual([expect.stringMatching(/^aws s3api put-bucket-policy --bucket acme /)]);
    const shown = first && judgeDenial('acme', first, commands);
    expect(shown?.commands).toEqual([expect.stringContaining('get-bucket-policy')]);
    expect(shown?.cure).not.toBe(put?.cure);
  });

  it('names every role of the template, with every action, until nothing is denied', () => {
    const Resource = ['arn:aws:s3:::acme', 'arn:aws:s3:::acme/*'];
    const [found = '', ...more] = denied({ Action: 's3:*', Resource }, all);
    expect(more).toEqual([]);
    for (const { statement } of all)
      for (const action of statement.Action) expect(found).toContain(`${action} on `);
    expect(found).toContain('s3:ListBucket on the bucket');
    const roles = [...new Set(all.map((need) => need.role))];
    expect(roles.length).toBeGreaterThan(5);
    const but = (none: string) => ({
      ArnNotEquals: { 'aws:PrincipalArn': roles.filter((principal) => principal !== none) },
    });
    for (const principal of roles)
      expect(denied({ Resource, Action: 's3:*', Condition: but(principal) }, all)).toEqual([
        expect.stringMatching(`^S denies ${principal}: [^:]+:`),
      ]);
    expect(denied({ Resource, Action: 's3:*', Condition: but('') }, all)).toEqual([]);
  });
});

describe("the look at the bucket's policy", () => {
  const config = defineConfig({ bucket: 'acme', curate: false });
  const landing = 'arn:aws:s3:::acme/landing/*';
  const denial = (Sid: string, more: object = {}) => {
    return { Sid, Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: landing, ...more };
  };
  const own = deleteByVersionOnly(['arn:aws:s3:::acme/statsig/*'], []);
  const conditional = { Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } };
  const noStatus = (): Promise<never> => Promise.reject(new Error('No log is asked.'));

  /** What is found of a policy, by cases and by what the command does with it. */
  async function found(
    policy: readonly object[] | null,
    {
      roles = ['WriteRole'],
      status = noStatus,
    }: { roles?: string[]; status?: () => Promise<Pick<Status, 'deniedCalls'>> } = {},
  ) {
    const s3 = answeredBy(S3Client, () => {
      if (policy === null) throw named('NoSuchBucketPolicy');
      return { Policy: JSON.stringify({ Statement: policy }) };
    });
    const setup = {
      s3,
      config,
      stack: { service: 'sluice', stage: 'prod' },
      identity: { account: '111122223333', arn: 'a', partition: 'aws', region: 'us-east-1' },
      resources: new Map(roles.map((role) => [role, 'w'])),
      commands,
      status,
    };
    const findings = await bucketPolicy.find(setupOf(setup));
    return findings.map(({ title, commands: [command = ''] }) => [
      /The statement (\w+) /.exec(title)?.[1],
      /^aws s3api (\S+)/.exec(command)?.[1],
      command.includes(EXCEPTED),
    ]);
  }
  /** A policy of the finding of a log. */
  const EXCEPTED = 'policy-of-the-log';

  it('finds nothing without a policy, or where it denies nothing, and asks no log', async () => {
    expect(await found(null)).toEqual([]);
    expect(await found([denial('A', { Effect: 'Allow' })])).toEqual([]);
  });

  it('leaves out what a log tells of, and repairs with the policy of that finding', async () => {
    const repair = (policy: string) => ['s3api', 'put-bucket-policy', '--policy', policy];
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
      repair: repair(EXCEPTED),
    };
    const status = async () => ({ deniedCalls: [ofKey, ofBucket] });
    expect(await found([denial('A'), denial('B'), denial('C', conditional)], { status })).toEqual([
      ['B', 'put-bucket-policy', true],
      ['C', 'get-bucket-policy', false],
    ]);
    expect(await found([denial('A')], { status: async () => ({ deniedCalls: null }) })).toEqual([
      ['A', 'put-bucket-policy', false],
    ]);
  });

  it('only shows it before there is a stack, and leaves out our own statement, which names no role yet', async () => {
    expect(await found([own, denial('A')], { roles: [] })).toEqual([['A', 'get-bucket-policy', false]]);
  });
});

it.each([
  { LocationConstraint: undefined, region: 'us-east-1' },
  { LocationConstraint: 'EU', region: 'eu-west-1' },
  { LocationConstraint: 'eu-west-2', region: 'eu-west-2' },
])(
  'a bucket of the account for which S3 answers $LocationConstraint is in $region',
  async ({ LocationConstraint, region }) => {
    const { client: s3, asked } = answering(S3Client, { LocationConstraint });
    const identity = { account: '111122223333', arn: 'a', partition: 'aws', region: 'us-east-1' };
    expect(await findBucket({ s3, identity }, 'acme')).toEqual({ kind: 'found', region });
    const input = { Bucket: 'acme', ExpectedBucketOwner: '111122223333' };
    expect(asked).toEqual([{ name: 'GetBucketLocation', input }]);
  },
);

describe('the folders of tables', () => {
  const config = defineConfig({ bucket: 'acme' });
  const files = [
    { key: 'statsig/events/2026-11-20/theirs.parquet', size: 9, at: Date.UTC(2026, 10, 20, 7) },
    { key: 'statsig/events/x', size: 1, at: Date.UTC(2026, 10, 21), version: 'v9' },
  ];
  const judge = (found: typeof files, place = config) =>
    judgeForeign({ config: place, commands }, 'statsig/events/', found);

  it('have files of others, told since the first with commands that copy each under a name of its own and delete its version', () => {
    expect(judge([])).toEqual([]);
    expect(judge(files)).toMatchObject([
      {
        code: 'SLUICE_FINDING_FORWARDED',
        severity: 'warning',
        since: '2026-11-20T07:00:00.000Z',
        detail: expect.stringContaining('theirs.parquet, 9 bytes, written at 2026-11-20T07:00:00.000Z'),
        commands: [
          expect.stringMatching(/^aws s3api get-object .* statsig_events_x( |$)/),
          expect.stringMatching(/^aws s3api delete-object .*--key statsig\/events\/x --version-id v9( |$)/),
          expect.stringMatching(/^aws s3api get-object .* statsig_events_2026-11-20_theirs.parquet( |$)/),
          expect.stringMatching(/^aws s3api delete-object .*theirs.parquet( |$)/),
        ],
      },
    ]);
  });

  it('have files of others, which is a problem where they come back by relay', () => {
    const relayed = defineConfig({ bucket: 'acme', relay: { statsig: true } });
    expect(judge(files, relayed)).toMatchObject([{ severity: 'problem' }]);
  });
});

describe('sameDocument', () => {
  it('ignores order, lists of one item and members without a value', () => {
    expect(
      sameDocument({ a: ['x'], b: [{ c: 1 }, { d: 2 }], e: undefined }, { b: [{ d: 2 }, { c: 1 }], a: 'x' }),
    ).toBe(true);
    expect(sameDocument({ a: ['x'] }, { a: ['x', 'y'] })).toBe(false);
    expect(sameDocument({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  });
});
