import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { type BucketNeed, bucketNeeds } from '../../../infra/bucketNeeds.ts';
import { deleterIds } from '../../../infra/roles/functionRoles.ts';
import { encryptionProblems, heldNames, replacedReaders } from '../../../infra/serverless/deployedStack.ts';
import { deleteByVersionOnly, keptFolders } from '../../../lib/access/buckets/bucketSettings.ts';
import { shellCommand } from '../../../lib/base/text.ts';
import { VERSION } from '../../../lib/base/version.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { deploymentCommands } from '../../../observe/deploymentCommands.ts';
import { judgeForeign, sameDocument } from '../../../observe/doctor/bucket.ts';
import { judgeDatabase } from '../../../observe/doctor/catalog.ts';
import { distinctFor, unknownToOthers } from '../../../observe/doctor/diagnose.ts';
import { judgeSimulation } from '../../../observe/doctor/readers.ts';
import { judgeDenial } from '../../../observe/doctor/roles.ts';
import {
  drift,
  judgeDomain,
  judgeDrift,
  judgeStack,
  stack as missing,
} from '../../../observe/doctor/stack.ts';
import { deniedByBucket, exceptedDenials } from '../../../observe/facts/bucketDenials.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment.ts';
import { judge } from '../../../observe/findings/judge/judge.ts';
import { toldSights } from '../../../observe/findings/lastSight.ts';
import { templateConfigurations } from '../../infra/templateConfigurations.ts';
import { datasetFacts, failureOf, hoursAgo, judgedDeployment, wellFacts } from '../statusFacts.ts';

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
    const identity = { account: '1', region: 'eu-west-1' };
    const setup = { deployed: undefined, stackName: 's', identity, commands };
    expect(await missing.find(Object.assign(Object.create(null), setup))).toMatchObject([
      { code: 'SLUICE_FINDING_STACK_MISSING', detail: 's, in eu-west-1 of account 1.' },
    ]);
  });

  const stack = { StackName: 's', Outputs: [{ OutputKey: 'SluiceVersion', OutputValue: VERSION }] };

  it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'IMPORT_COMPLETE'])(
    'is complete after %s',
    (StackStatus) => {
      expect([...judgeStack({ ...stack, StackStatus }, commands)]).toEqual([]);
    },
  );

  it.each([
    ['UPDATE_ROLLBACK_COMPLETE', null, 'rolledBack'],
    ['CREATE_IN_PROGRESS', null, 'running'],
    ['IMPORT_ROLLBACK_FAILED', null, 'importFailed'],
    ['REVIEW_IN_PROGRESS', 'delete-stack', 'review'],
    ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback', 'failed'],
    ['UPDATE_FAILED', 'rollback-stack', 'failed'],
    ['ROLLBACK_COMPLETE', 'delete-stack', 'failed'],
    ['DELETE_FAILED', 'delete-stack', 'failed'],
  ] as const)(
    'is not complete after %s; the next deployment needs %s first: %s',
    (StackStatus, verb, name) => {
      const { cause, cure } = findingCatalogue.SLUICE_FINDING_STACK_UNFINISHED.cases[name];
      expect([
        ...judgeStack({ ...stack, StackStatus, StackStatusReason: 'because' }, commands),
      ]).toMatchObject([
        {
          code: 'SLUICE_FINDING_STACK_UNFINISHED',
          detail: `s is ${StackStatus}: because.`,
          cause,
          cure,
          commands: [
            expect.stringMatching(/^aws cloudformation describe-stack-events --stack-name s /),
            ...(verb === null ? [] : [`aws cloudformation ${verb} --stack-name s --region eu-west-1`]),
          ],
        },
      ]);
    },
  );

  it.each([
    ['0.0.1', 'earlier'],
    [undefined, 'earlier'],
    [`${VERSION}-beta.1`, 'earlier'],
    ['999.0.0-beta.1', 'later'],
  ])('was deployed by the version %s, which is %s', (OutputValue, order) => {
    const Outputs = OutputValue === undefined ? [] : [{ OutputKey: 'SluiceVersion', OutputValue }];
    const found = judgeStack({ ...stack, Outputs, StackStatus: 'CREATE_COMPLETE' }, commands);
    const detail = `s: ${OutputValue ?? 'not named'}; this working tree: ${VERSION}.`;
    expect([...found]).toMatchObject([
      { code: 'SLUICE_FINDING_VERSION_DIFFERS', detail, cause: expect.stringContaining(order) },
    ]);
  });
});

describe('a database that does not exist', () => {
  it.each([
    [true, 'database', ['make']],
    [false, 'new', []],
  ] as const)('was deployed: %s; the case is %s', (isDeployed, name, shown) => {
    const { cause, cure } = findingCatalogue.SLUICE_FINDING_RESOURCE_MISSING.cases[name];
    const found = judgeDatabase(defineConfig({ bucket: 'acme' }), isDeployed, 'make');
    expect(found).toMatchObject({ cause, cure, commands: shown });
    expect(found.cause.includes('DeleteDatabase')).toBe(isDeployed);
  });
});

describe('findings of one look', () => {
  it('are told once each: one key that is disabled has a finding as the key of the bucket, and as that of logs', () => {
    const disabled = {
      Arn: 'k',
      KeyState: 'Disabled',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
    } as const;
    const found = (['bucket', 'logs', 'logs'] as const).flatMap((user) =>
      judgeKey(disabled, commands, { user }),
    );
    expect(found).toHaveLength(3);
    const { off, logsOff } = findingCatalogue.SLUICE_FINDING_KEY_UNUSABLE.cases;
    expect(distinctFor([], found).map(({ cause }) => cause)).toEqual([off.cause, logsOff.cause]);
  });
});

describe('the encryption of the configuration', () => {
  const KEY = 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';
  const kms = { encryption: 'kms', existing: { bucket: true, keyArn: KEY } } as const;
  const OWN = KEY.replace('0123', '8888');
  const OTHER = KEY.replace('0123', '9999');
  const named = (keyArn: string) => ({ existing: { bucket: true, keyArn } });
  const s3 = { encryption: 's3', existing: { bucket: true } } as const;
  const version = ['SluiceVersion', VERSION] as const;
  const by = (KMSMasterKeyID?: string) => ({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID });
  const AES256 = { SSEAlgorithm: 'AES256' };
  type Outputs = readonly (readonly [string, string])[];

  it.each<[string, Partial<ConfigInput>, Outputs | null, object | undefined, string | null]>([
    ['is free before there is a stack', s3, null, AES256, null],
    ['is free before a stack is complete', s3, [], undefined, null],
    ['stays with a key', kms, [version, ['KeyArn', KEY]], undefined, null],
    ['stays without a key', s3, [version], AES256, null],
    ['cannot lose the key of the stack', s3, [version, ['KeyArn', KEY]], undefined, 'encryption: got "s3"'],
    ['cannot give the stack a key', kms, [version], undefined, 'encryption: got "kms"'],
    ['stays with the key of the stack', {}, [version, ['KeyArn', OWN]], undefined, null],
    ['may name the key of the stack', named(OWN), [version, ['KeyArn', OWN]], undefined, null],
    [
      'cannot bring a key to a stack with its own',
      kms,
      [version, ['KeyArn', OWN]],
      undefined,
      `${KEY}, expected ${OWN}`,
    ],
    [
      'cannot bring another key',
      named(OTHER),
      [version, ['KeyArn', KEY]],
      undefined,
      `${OTHER}, expected ${KEY}`,
    ],
    [
      'cannot leave a key that was brought',
      {},
      [version, ['KeyArn', KEY]],
      undefined,
      `null, expected ${KEY}`,
    ],
    ['fits a bucket with this key, by its ID', kms, null, by(KEY.split('/')[1]), null],
    ['fits a bucket with this key, by its ARN', kms, null, by(KEY), null],
    ['does not fit a bucket whose key has an alias', kms, null, by('alias/acme'), 'name the key by its ARN'],
    [
      'does not fit a bucket whose key has an alias with an account',
      kms,
      null,
      by(KEY.replace(/key.*/, 'alias/acme')),
      'name the key by its ARN',
    ],
    ['fits a bucket that is about to get the key', kms, null, AES256, null],
    ['does not fit a bucket with another key', kms, null, by(OTHER), 'existing.keyArn'],
    ["does not fit a bucket with AWS's key", kms, null, by(), "AWS's own key for S3 (aws/s3)"],
    [
      "does not fit a bucket with AWS's key by its alias",
      kms,
      null,
      by('alias/aws/s3'),
      '(aws/s3), and no value',
    ],
    ['fits the bucket of a deployed stage with its key', kms, [version, ['KeyArn', KEY]], by(KEY), null],
    [
      'of a deployed stage does not follow its bucket to another key',
      kms,
      [version, ['KeyArn', KEY]],
      by(OTHER.split('/')[1]),
      `expected ${KEY}, with which the stack`,
    ],
    [
      "of a deployed stage does not follow its bucket from S3's keys",
      s3,
      [version],
      by(KEY),
      "expected S3's own keys (AES256), with which the stack",
    ],
    [
      "of a deployed stage does not follow its bucket to AWS's key",
      kms,
      [version, ['KeyArn', KEY]],
      by(),
      `expected ${KEY}, with which the stack`,
    ],
    ["is S3's, and does not fit a bucket with a key", s3, null, by(KEY), 'existing.keyArn: got null'],
    [
      "is S3's, and does not fit a bucket with an alias",
      s3,
      null,
      by('alias/acme'),
      'name the key by its ARN',
    ],
    ["is S3's, and does not fit a bucket with AWS's key", s3, null, by(), 'no value of `encryption` fits'],
  ])('%s', (_, input, outputs, bucketDefault, expected) => {
    const config = defineConfig({ bucket: 'acme', ...input });
    const made = outputs?.some(([, value]) => value === OWN) ? [['DataKey', OWN.slice(-36)] as const] : [];
    const seen = { stackName: 'sluice-prod', outputs: new Map(outputs), resources: new Map(made) };
    const stack = outputs === null ? undefined : seen;
    const problems = encryptionProblems(config, stack, bucketDefault).map(({ text }) => text);
    expect(problems).toEqual(expected === null ? [] : [expect.stringContaining(expected)]);
  });
});

describe('a reader', () => {
  const ARN = 'arn:aws:iam::111122223333:';
  const replaced = (present: Readonly<Record<string, string>>, ...readers: object[]) => {
    const { readers: validated } = defineConfig({
      bucket: 'acme',
      readers: readers as ConfigInput['readers'],
    });
    const stack = {
      stackName: 'sluice-prod',
      partition: 'aws',
      account: '111122223333',
      resources: new Map(Object.entries(present)),
    };
    return replacedReaders({ readers: validated }, stack).map(({ text: said }) => {
      const [, arn = '', entered = ''] = /new ARN is (\S+)\. Then enter (.*?) in the form/.exec(said) ?? [];
      return [arn.replace(ARN, ''), entered];
    });
  };
  const statsig = { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' };
  const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' };
  const made = {
    ReaderStatsigRole: 'sluice-prod-ReaderStatsigRole-1A2B3C4D5E6F',
    ReaderOwoxUser: 'sluice-prod-ReaderOwoxUser-1A2B3C4D5E6F',
  };

  it.each<[string, Readonly<Record<string, string>>, object[], (readonly [string, string])[]]>([
    ['keeps a name that CloudFormation made', made, [statsig, owox], []],
    ['is new', {}, [{ ...owox, iamName: 'OWOX' }], []],
    ['keeps its own name', { ReaderOwoxUser: 'OWOX' }, [{ ...owox, iamName: 'OWOX' }], []],
    ['gets a name', made, [{ ...statsig, iamName: 'Statsig' }], [['role/Statsig', 'this ARN']]],
    ['gets a name as a user', made, [{ ...owox, iamName: 'OWOX' }], [['user/OWOX', 'its access keys']]],
    [
      'gets its name in other letters',
      { ReaderOwoxUser: 'Owox' },
      [{ ...owox, iamName: 'OWOX' }],
      [['user/OWOX', 'its access keys']],
    ],
    [
      'loses its name',
      { ReaderOwoxUser: 'OWOX' },
      [owox],
      [['user/sluice-prod-ReaderOwoxUser-*', 'its access keys']],
    ],
    [
      'becomes a user',
      made,
      [{ kind: 'statsig', name: 'statsig', as: 'user', iamName: 'Statsig' }],
      [['user/Statsig', 'its access keys']],
    ],
  ])('that %s', (_, present, readers, expected) => {
    expect(replaced(present, ...readers)).toEqual(expected);
  });
});

describe('a name of a reader', () => {
  const role = { kind: 'statsig', name: 'new', principal: '123456789012', externalId: 'project-7' };
  const owox = { kind: 'owox', name: 'new', resultsBucket: 'acme-owox' };

  it.each<[string, object, Readonly<Record<string, string>>, number]>([
    ['stays', { ...owox, iamName: 'OWOX' }, { ReaderNewUser: 'OWOX' }, 0],
    ['is of a renamed reader', { ...owox, iamName: 'OWOX' }, { ReaderOldUser: 'OWOX' }, 1],
    ['is of a renamed reader in other letters', { ...role, iamName: 'S' }, { ReaderOldRole: 's' }, 1],
    ['changes in case only', { ...owox, iamName: 'OWOX' }, { ReaderNewUser: 'Owox' }, 1],
    ['is of a role, and wanted for a user', { ...owox, iamName: 'OWOX' }, { ReaderOldRole: 'OWOX' }, 0],
    ['is nobody’s', owox, { ReaderNewUser: 'OWOX' }, 0],
  ])('that %s', (_, reader, present, count) => {
    const { readers } = defineConfig({ bucket: 'acme', readers: [reader] as ConfigInput['readers'] });
    const stack = { stackName: 'sluice-prod', resources: new Map(Object.entries(present)) };
    expect(heldNames({ readers }, stack).map(({ text }) => text)).toEqual(
      Array.from({ length: count }, () => expect.stringContaining('readers.0.iamName: got')),
    );
  });
});

describe('a resource that differs from the template', () => {
  const found = { PhysicalResourceId: 'sluice', ResourceType: 'AWS::Athena::WorkGroup' };

  it('is not known if CloudFormation could not compare all resources', async () => {
    const reason = 'Failed to detect drift on resource [Key]';
    const answers = new Map([
      ['DetectStackDrift', '<StackDriftDetectionId>1</StackDriftDetectionId>'],
      [
        'DescribeStackDriftDetectionStatus',
        `<DetectionStatus>DETECTION_FAILED</DetectionStatus><DetectionStatusReason>${reason}</DetectionStatusReason>`,
      ],
      ['DescribeStackResourceDrifts', '<StackResourceDrifts></StackResourceDrifts>'],
    ]);
    const asked: string[] = [];
    const server = createServer(async (request, response) => {
      const action = new URLSearchParams(await text(request)).get('Action') ?? '';
      asked.push(action);
      response
        .setHeader('content-type', 'text/xml')
        .end(
          `<${action}Response><${action}Result>${answers.get(action)}</${action}Result></${action}Response>`,
        );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const cloudFormation = new CloudFormationClient({
      region: 'eu-west-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const setup = { clients: { cloudFormation }, stackName: 's', wait: async () => undefined, commands };
    const findings = await drift.find(Object.assign(Object.create(null), setup));
    cloudFormation.destroy();
    server.closeAllConnections();
    server.close();
    expect(asked).toEqual([...answers.keys()]);
    expect(findings).toMatchObject([
      { code: 'SLUICE_FINDING_UNCHECKED', detail: expect.stringContaining(reason) },
    ]);
  });

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
    [{ KeyManager: 'AWS' }, [], /^k is of a kind .*AWS's own/],
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
  it('counts as denied without a decision', () => {
    const none = { sid: 'ReadRows', decisions: [] };
    expect(judgeSimulation('bi', none, true, commands)).toMatchObject([
      { code: 'SLUICE_FINDING_READER_DENIED' },
    ]);
    expect(judgeSimulation('bi', none, false, commands)).toEqual([]);
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

describe('what status finds', () => {
  it('is told by the doctor, too, while it cannot be looked at', () => {
    const wrong = {
      ...wellFacts,
      partitions: { days: 3, gaps: [{ table: 'events' as const, day: '2026-11-19' }] },
    };
    const sights = judge(wrong, judgedDeployment, 'eu-central-1').map((finding) => ({
      at: hoursAgo(2),
      finding,
    }));
    const told = toldSights(sights, hoursAgo(0));
    expect(told).toMatchObject([{ code: 'SLUICE_FINDING_PARTITION_WRONG', lastSeenAt: hoursAgo(2) }]);
    expect(unknownToOthers(told, wellFacts)).toEqual(told);
  });

  const unread = [{ day: '2026-11-18', location: 's3://acme/v1/', rows: 40 }];
  const partitions = { days: 3, gaps: [{ table: 'events' as const, day: '2026-11-19' }] };
  const failures = { register: failureOf('error', 'AccessDenied.') };

  it.each([
    ["a customer's day without a partition", {}, ['acme/orders']],
    ['and why the registrar failed', { failures }, ['The function register', 'acme/orders']],
  ])('is told where no other check has found it: %s', (_, more, told) => {
    const facts = { ...wellFacts, ...datasetFacts({ unread }), partitions, ...more };
    const problems = judge(facts, judgedDeployment, 'eu-central-1');
    expect(unknownToOthers(problems, facts).map(({ detail }) => detail)).toEqual(
      told.map((text) => expect.stringContaining(text)),
    );
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
        const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(words)}`], {
          encoding: 'utf8',
        });
        expect(printed.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });
});
