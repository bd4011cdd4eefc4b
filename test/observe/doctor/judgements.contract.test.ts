import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shellCommand } from '../../../lib/base/text.ts';
import { VERSION } from '../../../lib/base/version.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { deploymentCommands, revertDriftWords } from '../../../observe/deploymentCommands.ts';
import { judgeForeign, sameDocument } from '../../../observe/doctor/bucket.ts';
import { judgeSimulation } from '../../../observe/doctor/readers.ts';
import { judgeDomain, judgeDrift, judgeStack, stack as missing } from '../../../observe/doctor/stack.ts';
import { deniedByBucket, writerNeeds } from '../../../observe/doctor/writer.ts';
import { differences } from '../../../observe/facts/stackFaults.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment.ts';

const commands = deploymentCommands(
  { stack: { service: 'sluice', stage: 'prod' }, localControl: undefined },
  'eu-west-1',
);
describe('a domain', () => {
  const target = 'd-1.execute-api.us-east-1.amazonaws.com';
  const fit = {
    domainName: 'collect.acme.com',
    domainNameStatus: 'AVAILABLE',
    regionalDomainName: target,
    regionalCertificateArn: 'arn:one',
    addresses: ['192.0.2.1', '192.0.2.9'],
    expected: ['192.0.2.9', '192.0.2.8'],
  };
  const elsewhere = `expected the addresses of ${target}`;

  it.each([
    [{}, []],
    [{ addresses: ['192.0.2.1'] }, [`leads to 192.0.2.1, ${elsewhere}`]],
    [{ addresses: [], expected: [] }, [`has no address, ${elsewhere}`]],
    [{ domainNameStatus: 'UPDATING', domainNameStatusMessage: 'Certificate' }, ['is UPDATING: Certificate']],
    [{ regionalCertificateArn: 'arn:other' }, ['has the certificate arn:other, configured is arn:one']],
  ])('is judged with %j', (more, expected) => {
    expect(judgeDomain({ ...fit, ...more }, 'arn:one').map(({ detail }) => detail)).toEqual(
      expected.map((why) => `collect.acme.com ${why}.`),
    );
  });
});

describe('a stack', () => {
  it('is missing', async () => {
    const setup = { deployed: undefined, stackName: 's', identity: { account: '1', region: 'eu-west-1' } };
    expect(await missing.find(Object.assign(Object.create(null), setup))).toMatchObject([
      { code: 'SLUICE_FINDING_STACK_MISSING', detail: 's, in eu-west-1 of account 1.' },
    ]);
  });

  const config = { bucket: 'b', database: 'd', tables: { exposures: 'x', events: 'e', quarantine: 'q' } };
  const stack = { StackName: 's', Outputs: [{ OutputKey: 'SluiceVersion', OutputValue: VERSION }] };

  it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'IMPORT_COMPLETE'])(
    'is complete after %s',
    (StackStatus) => {
      expect([...judgeStack({ ...stack, StackStatus }, config, commands)]).toEqual([]);
    },
  );

  it.each([
    ['UPDATE_ROLLBACK_COMPLETE', null],
    ['CREATE_IN_PROGRESS', null],
    ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
    ['UPDATE_FAILED', 'rollback-stack'],
    ['ROLLBACK_COMPLETE', 'delete-stack'],
    ['DELETE_FAILED', 'delete-stack'],
  ])('is not complete after %s; the next deployment needs %s first', (StackStatus, verb) => {
    expect([
      ...judgeStack({ ...stack, StackStatus, StackStatusReason: 'because' }, config, commands),
    ]).toMatchObject([
      {
        code: 'SLUICE_FINDING_STACK_UNFINISHED',
        detail: `s is ${StackStatus}: because.`,
        commands: verb === null ? [] : [`aws cloudformation ${verb} --stack-name s --region eu-west-1`],
      },
    ]);
  });

  it.each([['0.0.1'], [undefined]])('was deployed by the version %s', (OutputValue) => {
    const Outputs = OutputValue === undefined ? [] : [{ OutputKey: 'SluiceVersion', OutputValue }];
    const found = judgeStack({ ...stack, Outputs, StackStatus: 'CREATE_COMPLETE' }, config, commands);
    const detail = `s: ${OutputValue ?? 'not named'}; this working tree: ${VERSION}.`;
    expect([...found]).toMatchObject([{ code: 'SLUICE_FINDING_VERSION_DIFFERS', detail }]);
  });

  it('differs from the configuration in a name', () => {
    const Outputs = [...stack.Outputs, { OutputKey: 'DataBucketName', OutputValue: 'other' }];
    const found = judgeStack({ ...stack, Outputs, StackStatus: 'CREATE_COMPLETE' }, config, commands);
    expect([...found]).toMatchObject([
      { code: 'SLUICE_FINDING_STACK_DIFFERS', detail: 'DataBucketName: deployed other, configured b.' },
    ]);
  });
});

describe('a resource that differs from the template', () => {
  const found = { PhysicalResourceId: 'sluice', ResourceType: 'AWS::Athena::WorkGroup' };

  it('was deleted, or has other properties', () => {
    expect(judgeDrift({ ...found, StackResourceDriftStatus: 'DELETED' }, ['revert'])).toMatchObject({
      code: 'SLUICE_FINDING_RESOURCE_MISSING',
      detail: 'AWS::Athena::WorkGroup sluice.',
      commands: ['revert'],
    });
    const State = { PropertyPath: '/State', ActualValue: 'DISABLED', ExpectedValue: 'ENABLED' };
    const PropertyDifferences = [{ ...State, DifferenceType: 'NOT_EQUAL' as const }];
    expect(
      judgeDrift({ ...found, StackResourceDriftStatus: 'MODIFIED', PropertyDifferences }, ['revert']),
    ).toMatchObject({
      code: 'SLUICE_FINDING_DRIFT',
      detail: 'AWS::Athena::WorkGroup sluice: /State: got DISABLED, expected ENABLED.',
      commands: ['revert'],
    });
  });

  it('is reverted by a drift-aware change set, which is shown before it is executed', () => {
    const words = revertDriftWords('sluice-prod');
    expect(words.map(([, verb]) => verb)).toEqual([
      'create-change-set',
      'wait',
      'describe-change-set',
      'execute-change-set',
    ]);
    expect(words[0]).toEqual(expect.arrayContaining(['--use-previous-template', 'REVERT_DRIFT']));
    for (const one of words)
      expect(one.join(' ')).toContain('--stack-name sluice-prod --change-set-name sluice-repair');
  });
});

describe('a key', () => {
  const fit = {
    Arn: 'k',
    KeyState: 'Enabled',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
  } as const;

  it.each([
    [{}, null],
    [
      { KeyState: 'PendingDeletion', DeletionDate: new Date('2026-12-01') },
      ['cancel-key-deletion', 'enable-key'],
      'k is disabled, and is to be deleted at 2026-12-01T00:00:00.000Z.',
    ],
    [{ KeyState: 'PendingImport' }, [], 'k is PendingImport.'],
    [{ KeyState: 'Disabled' }, ['enable-key'], 'k is disabled.'],
    [{ KeySpec: 'RSA_2048' }, [], /^k is of a kind .*RSA_2048/],
    [{ KeyUsage: 'SIGN_VERIFY' }, [], /^k is of a kind .*SIGN_VERIFY/],
    [{ MultiRegion: true }, [], /^k is of a kind .*multi-Region/],
  ] as const)('is judged with %j', (more, verbs, detail: string | RegExp = '') => {
    expect(judgeKey({ ...fit, ...more }, commands)).toMatchObject(
      verbs === null
        ? []
        : [
            {
              code: 'SLUICE_FINDING_KEY_UNUSABLE',
              detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
              commands: verbs.map((verb) => `aws kms ${verb} --key-id k --region eu-west-1`),
            },
          ],
    );
  });
});

describe('a simulation by IAM', () => {
  const decide = (resource: string, isAllowed: boolean) => ({ action: 's3:GetObject', resource, isAllowed });
  const mixed = { sid: 'ReadRows', decisions: [decide('a', true), decide('b', false)] };

  it('names what is not as expected', () => {
    expect(judgeSimulation('bi', mixed, true)).toMatchObject([
      { code: 'SLUICE_FINDING_READER_DENIED', detail: 'bi: ReadRows: s3:GetObject on b.' },
    ]);
    expect(judgeSimulation('bi', mixed, false)).toMatchObject([
      { code: 'SLUICE_FINDING_READER_ALLOWED', detail: 'bi: ReadRows: s3:GetObject on a.' },
    ]);
  });

  it('counts as denied without a decision', () => {
    const none = { sid: 'ReadRows', decisions: [] };
    expect(judgeSimulation('bi', none, true)).toMatchObject([{ code: 'SLUICE_FINDING_READER_DENIED' }]);
    expect(judgeSimulation('bi', none, false)).toEqual([]);
  });
});

describe('the folders of tables', () => {
  const config = defineConfig({ bucket: 'acme' });
  const foreign = { folder: 'statsig/events/', files: ['2026-11-20/theirs.parquet', 'x'], since: 0 };

  it('have files of others, which is a problem where they come back by relay', () => {
    expect(judgeForeign(config, { ...foreign, files: [] })).toEqual([]);
    expect(judgeForeign(config, foreign)).toMatchObject([
      {
        code: 'SLUICE_FINDING_FORWARDED',
        severity: 'warning',
        detail: 's3://acme/statsig/events/: 2 files since 1970-01-01, such as 2026-11-20/theirs.parquet.',
      },
    ]);
    const relayed = defineConfig({ bucket: 'acme', relay: { statsig: true } });
    expect(judgeForeign(relayed, foreign)).toMatchObject([{ severity: 'problem' }]);
  });
});

describe('the policy of a bucket', () => {
  const role = 'arn:aws:iam::111122223333:role/sluice-prod-WriteRole-1';
  const needs = writerNeeds(defineConfig({ bucket: 'acme' }), 'aws');
  const denied = (statement: object) => {
    const usual = { Sid: 'S', Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject' };
    const Statement = [{ ...usual, Resource: 'arn:aws:s3:::acme/*', ...statement }];
    return deniedByBucket(JSON.stringify({ Statement }), role, needs).map(({ code, detail }) => [
      code,
      detail,
    ]);
  };
  const text = (verb: string, action = 's3:DeleteObject') => [
    ['SLUICE_FINDING_WRITER_DENIED', `The policy of the bucket: S ${verb} ${action} to ${role}.`],
  ];

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
    ['another folder', { Resource: 'arn:aws:s3:::acme/statsig/*' }],
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
    expect(denied({ Action: '*' })).toEqual([
      ...['s3:GetObject', 's3:PutObject'].flatMap((action) => text('denies', action)),
      ...text('denies'),
    ]);
    expect(deniedByBucket('', role, needs)).toEqual([]);
  });

  it.each(['quarantine/', 'statsig/statsig_forwarded_events/'])('denies files in %s', (folder) => {
    const statement = { Action: ['s3:Put*', 's3:Get*'], Resource: `arn:aws:s3:::acme/${folder}*` };
    expect(denied(statement)).toEqual(text('denies', 's3:PutObject'));
  });
});

describe('differences', () => {
  it('are those of what is wanted, and what a list has besides', () => {
    const wanted = { Columns: [{ Name: 'a', Type: 'string' }], Location: '', SerdeInfo: {} };
    const there = (...Columns: readonly object[]) => differences(wanted, { Columns, Compressed: true }, 'T');
    const a = { Name: 'a', Type: 'string', Parameters: {} };
    expect(there(a)).toEqual([]);
    expect(there({ ...a, Type: 'date' })).toEqual(['T.Columns.0.Type: got "date", expected "string"']);
    expect(there(a, { Name: 'b' })).toEqual(['T.Columns.1: got {"Name":"b"}, expected none']);
    expect(there()).toEqual([
      'T.Columns.0.Name: got none, expected "a"',
      'T.Columns.0.Type: got none, expected "string"',
    ]);
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

describe('shellCommand', () => {
  it('is split by a shell into the same words', () => {
    const word = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const told = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(words)}`], {
          encoding: 'utf8',
        });
        expect(told.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });
});
