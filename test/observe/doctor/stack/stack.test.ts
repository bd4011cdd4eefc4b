import { CloudFormationClient, type Stack } from '@aws-sdk/client-cloudformation';
import { type GetQueueAttributesCommandInput, QueueDoesNotExist, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import {
  CONFIGURATION_OUTPUT,
  statedConfiguration,
} from '../../../../infra/template/deployedConfiguration.ts';
import { VERSION } from '../../../../lib/base/version.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { judgeDomain } from '../../../../observe/doctor/stack/domain.ts';
import { driftLook, judgeDrift } from '../../../../observe/doctor/stack/drift.ts';
import { judgeQueue, queuesLook } from '../../../../observe/doctor/stack/queues.ts';
import {
  alarmTopicLook,
  formerStackLook,
  judgeStack,
  stackLook,
} from '../../../../observe/doctor/stack/stack.ts';
import { findingCatalogue } from '../../../../observe/findings/catalogue.ts';
import { type AskedCall, answeredBy, answering } from '../../../harness/answering.ts';
import { commands, setupOf } from '../setupOf.ts';

describe('a stack', () => {
  it('is told if it does not exist, with the place where it was looked for', async () => {
    const identity = { account: '1', region: 'eu-west-1' };
    const setup = { deployed: undefined, stackName: 's', identity, commands };
    expect(await stackLook.find(setupOf(setup))).toMatchObject([
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
    { status: 'UPDATE_ROLLBACK_COMPLETE', name: 'rolledBack', repair: [] },
    { status: 'CREATE_IN_PROGRESS', name: 'running', repair: [] },
    { status: 'IMPORT_ROLLBACK_FAILED', name: 'importFailed', repair: [] },
    { status: 'REVIEW_IN_PROGRESS', name: 'review', repair: ['delete-stack'] },
    { status: 'UPDATE_ROLLBACK_FAILED', name: 'rollbackFailed', repair: ['continue-update-rollback'] },
    { status: 'UPDATE_FAILED', name: 'failed', repair: ['rollback-stack'] },
    { status: 'ROLLBACK_COMPLETE', name: 'failed', repair: ['delete-stack'] },
    { status: 'ROLLBACK_FAILED', name: 'undeleted', repair: ['delete-stack'] },
    { status: 'DELETE_FAILED', name: 'undeleted', repair: ['delete-stack'] },
  ] as const)(
    'is unfinished after $status: the case is $name, and $repair.length commands repair it',
    ({ status, name, repair }) => {
      const { cause, cure } = findingCatalogue.SLUICE_FINDING_STACK_UNFINISHED.cases[name];
      const unfinished = { ...stack, StackStatus: status, StackStatusReason: 'because' };
      expect([...judgeStack(unfinished, commands)]).toMatchObject([
        {
          code: 'SLUICE_FINDING_STACK_UNFINISHED',
          detail: `s is ${status}: because.`,
          cause,
          cure,
          commands: ['describe-stack-events', ...repair].map((verb) =>
            expect.stringMatching(`^aws cloudformation ${verb} --stack-name s .*--region eu-west-1$`),
          ),
        },
      ]);
    },
  );

  it.each([
    { version: '0.0.1', named: '0.0.1', name: 'earlier' },
    { version: undefined, named: 'not named', name: 'earlier' },
    { version: `${VERSION}-beta.1`, named: `${VERSION}-beta.1`, name: 'earlier' },
    { version: '999.0.0-beta.1', named: '999.0.0-beta.1', name: 'later' },
  ] as const)('was deployed by a version that is $name: $named', ({ version, named, name }) => {
    const Outputs = version === undefined ? [] : [{ OutputKey: 'SluiceVersion', OutputValue: version }];
    const { cause } = findingCatalogue.SLUICE_FINDING_VERSION_DIFFERS.cases[name];
    const found = judgeStack({ ...stack, Outputs, StackStatus: 'CREATE_COMPLETE' }, commands);
    expect([...found]).toMatchObject([
      {
        code: 'SLUICE_FINDING_VERSION_DIFFERS',
        detail: `s: ${named}; this working tree: ${VERSION}.`,
        cause,
      },
    ]);
  });

  const CreationTime = new Date('2026-11-01T00:00:00Z');
  const LastUpdatedTime = new Date('2026-11-02T00:00:00Z');

  it.each([
    { what: 'updated', times: { CreationTime, LastUpdatedTime }, since: '2026-11-02T00:00:00.000Z' },
    { what: 'made, if it was not updated', times: { CreationTime }, since: '2026-11-01T00:00:00.000Z' },
    { what: 'deployed at a time that is not known', times: {}, since: null },
  ])('is of another version since it was $what', ({ times, since }) => {
    const found = judgeStack({ ...stack, ...times, Outputs: [], StackStatus: 'CREATE_COMPLETE' }, commands);
    expect([...found]).toMatchObject([{ code: 'SLUICE_FINDING_VERSION_DIFFERS', since }]);
  });
});

describe('a stack that is not deployed from the configuration', () => {
  const made = new Date('2026-11-01T00:00:00Z');
  const updated = new Date('2026-11-02T00:00:00Z');
  const Outputs = [
    { OutputKey: 'SluiceVersion', OutputValue: VERSION },
    { OutputKey: CONFIGURATION_OUTPUT, OutputValue: statedConfiguration(defineConfig({ bucket: 'other' })) },
  ];

  it.each([
    {
      what: 'updated last',
      times: { CreationTime: made, LastUpdatedTime: updated },
      at: '2026-11-02T00:00:00.000Z',
    },
    { what: 'made, if it was not updated', times: { CreationTime: made }, at: '2026-11-01T00:00:00.000Z' },
  ])('is told with the time at which it was $what', async ({ times, at }) => {
    const deployed: Stack = { StackName: 's', StackStatus: 'CREATE_COMPLETE', Outputs, ...times };
    const config = defineConfig({ bucket: 'acme' });
    const setup = { deployed, config, isLocal: false, stackName: 's', identity: {}, commands };
    expect(await stackLook.find(setupOf(setup))).toMatchObject([
      { code: 'SLUICE_FINDING_STACK_DIFFERS', title: expect.stringContaining(at) },
    ]);
  });
});

describe('a stack before its next deployment', () => {
  const found = async (deployed: Pick<Stack, 'Outputs' | 'StackName' | 'StackStatus'> | undefined) => {
    const config = defineConfig({ bucket: 'acme' });
    const identity = { account: '1', partition: 'aws', region: 'eu-west-1' };
    const setup = { deployed, config, commands, identity, stackName: 's', resources: new Map() };
    return (await formerStackLook.find(setupOf(setup))).map(({ code }) => code);
  };

  it.each([
    { status: 'UPDATE_ROLLBACK_FAILED', version: VERSION, codes: ['SLUICE_FINDING_STACK_UNFINISHED'] },
    { status: 'UPDATE_IN_PROGRESS', version: VERSION, codes: [] },
    { status: 'CREATE_COMPLETE', version: '0.0.1', codes: ['SLUICE_FINDING_VERSION_DIFFERS'] },
  ] as const)(
    'in $status, of the version $version, is told as $codes',
    async ({ status, version, codes }) => {
      const Outputs = [{ OutputKey: 'SluiceVersion', OutputValue: version }];
      expect(await found({ StackName: 's', StackStatus: status, Outputs })).toEqual(codes);
    },
  );

  it('has nothing to tell if it does not exist yet', async () => {
    expect(await found(undefined)).toEqual([]);
  });
});

it('of the queues of a stack those are told that are gone or changed', async () => {
  const asked: string[] = [];
  const sqs = answeredBy(SQSClient, ({ input }: AskedCall<GetQueueAttributesCommandInput>) => {
    const { QueueUrl = '' } = input;
    asked.push(QueueUrl);
    if (QueueUrl.endsWith('gone')) throw new QueueDoesNotExist({ message: 'no queue', $metadata: {} });
    return QueueUrl.endsWith('-register') ? { Attributes: { VisibilityTimeout: '5' } } : {};
  });
  const resources = new Map([
    ['WriteQueue', 'https://sqs/1/gone'],
    ['RegisterQueue', 'https://sqs/1/sluice-prod-register'],
    ['CurateQueue', 'https://sqs/1/sluice-prod-curate'],
    // The mapping of a function to its queue ends in the queue's name, and has no address.
    ['ExportQueue', 'a-mapping-gone'],
    ['CollectorUrl', 'https://endpoint/gone'],
  ]);
  const about = { stack: { service: 'sluice', stage: 'prod' }, stackName: 'sluice-prod', isLocal: false };
  const setup = {
    ...about,
    config: defineConfig({ bucket: 'acme' }),
    deployed: undefined,
    resources,
    sqs,
    commands,
  };
  expect(await queuesLook.find(setupOf(setup))).toMatchObject([
    { code: 'SLUICE_FINDING_RESOURCE_MISSING', detail: 'The queue gone.' },
    {
      code: 'SLUICE_FINDING_DRIFT',
      detail:
        'queue sluice-prod-register: VisibilityTimeout is 5 seconds instead of 370; RedrivePolicy is not set.',
    },
  ]);
  expect(asked).toEqual(
    ['gone', 'sluice-prod-register', 'sluice-prod-curate'].map((name) => `https://sqs/1/${name}`),
  );
});

it.each([
  { where: 'on AWS', isLocal: false, what: 'no topic', topicArn: null, codes: ['SLUICE_FINDING_NO_TOPIC'] },
  {
    where: 'on AWS',
    isLocal: false,
    what: 'a topic',
    topicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call',
    codes: [],
  },
  { where: 'in the local cloud', isLocal: true, what: 'no topic', topicArn: null, codes: [] },
])('a configuration with $what $where is told as $codes', async ({ isLocal, topicArn, codes }) => {
  const setup = { isLocal, config: defineConfig({ bucket: 'acme', alarms: { topicArn } }) };
  expect((await alarmTopicLook.find(setupOf(setup))).map(({ code }) => code)).toEqual(codes);
});

it('resources that CloudFormation could not compare are told with its reason, once the detection is over', async () => {
  const DetectionStatusReason = 'Failed to detect drift on resource [Key]';
  const { client: cloudFormation, asked } = answering(
    CloudFormationClient,
    { StackDriftDetectionId: '1' },
    { DetectionStatus: 'DETECTION_IN_PROGRESS' },
    { DetectionStatus: 'DETECTION_FAILED', DetectionStatusReason },
    { StackResourceDrifts: [] },
  );
  const pauses: number[] = [];
  const wait = async (ms: number) => void pauses.push(ms);
  const findings = await driftLook.find(
    setupOf({ clients: { cloudFormation }, stackName: 's', wait, random: () => 0.5, commands }),
  );
  expect(findings).toMatchObject([
    { code: 'SLUICE_FINDING_UNCHECKED', detail: expect.stringContaining(DetectionStatusReason) },
  ]);
  expect(asked).toEqual([
    { name: 'DetectStackDrift', input: { StackName: 's' } },
    { name: 'DescribeStackDriftDetectionStatus', input: { StackDriftDetectionId: '1' } },
    { name: 'DescribeStackDriftDetectionStatus', input: { StackDriftDetectionId: '1' } },
    {
      name: 'DescribeStackResourceDrifts',
      input: { StackName: 's', StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
    },
  ]);
  expect(pauses).toEqual([5_000]);
});

it('a detection of drift that does not end is given up after half an hour, and told', async () => {
  let looks = 0;
  const cloudFormation = answeredBy(CloudFormationClient, ({ input }) => {
    if ('StackDriftDetectionId' in input) looks += 1;
    if (looks > 1_000) throw new Error('It does not end.');
    return { StackDriftDetectionId: '1', DetectionStatus: 'DETECTION_IN_PROGRESS', StackResourceDrifts: [] };
  });
  let waited = 0;
  const wait = async (ms: number) => {
    waited += ms;
  };
  const setup = { clients: { cloudFormation }, stackName: 's', wait, random: () => 0.5, commands };
  expect(await driftLook.find(setupOf(setup))).toMatchObject([
    {
      code: 'SLUICE_FINDING_UNCHECKED',
      detail:
        'The detection had not ended after 30 minutes: what differs by this look may be of an earlier detection.',
    },
  ]);
  expect([looks, waited]).toEqual([361, 1_800_000]);
});

describe('a resource that differs', () => {
  const ofQueue = { ResourceType: 'AWS::SQS::Queue', PhysicalResourceId: 'q' } as const;

  it('is told by each property, also one that the template or AWS does not have', () => {
    const difference = { DifferenceType: 'NOT_EQUAL' } as const;
    const found = judgeDrift(
      {
        ...ofQueue,
        StackResourceDriftStatus: 'MODIFIED',
        PropertyDifferences: [
          { ...difference, PropertyPath: '/a', ExpectedValue: '1', ActualValue: '' },
          { ...difference, PropertyPath: '/b', ExpectedValue: '', ActualValue: '2' },
        ],
      },
      ['revert'],
    );
    expect(found).toMatchObject({
      code: 'SLUICE_FINDING_DRIFT',
      detail: 'AWS::SQS::Queue q: /a: got none, expected 1; /b: got 2, expected none.',
      commands: ['revert'],
    });
    expect(found.title).toContain('in 2 points, the first /a');
  });

  it('is missing if it was deleted', () => {
    expect(judgeDrift({ ...ofQueue, StackResourceDriftStatus: 'DELETED' }, ['revert'])).toMatchObject({
      code: 'SLUICE_FINDING_RESOURCE_MISSING',
      detail: 'The resource AWS::SQS::Queue q.',
      commands: ['revert'],
    });
  });

  it.each([
    { isLocal: true, name: 'local' },
    { isLocal: false, name: 'stack' },
  ] as const)('is a queue whose cure is that of $name', ({ isLocal, name }) => {
    const { cause } = findingCatalogue.SLUICE_FINDING_RESOURCE_MISSING.cases[name];
    expect(judgeQueue('q', isLocal, []).cause).toBe(cause);
  });
});

describe('a domain', () => {
  const well = {
    domainName: 'd',
    domainNameStatus: 'AVAILABLE',
    regionalDomainName: 'g',
    regionalCertificateArn: 'c',
    addresses: ['1.1.1.1', '2.2.2.2'],
    isAnswered: true,
  };

  interface DomainCase {
    readonly what: string;
    /** How it differs from one that is well. */
    readonly more: Partial<Parameters<typeof judgeDomain>[0]>;
    readonly found: readonly { readonly name: string; readonly detail: string }[];
  }

  it.each<DomainCase>([
    { what: 'is well', more: {}, found: [] },
    {
      what: 'has no status and no certificate yet',
      more: { domainNameStatus: undefined, regionalCertificateArn: undefined },
      found: [],
    },
    {
      what: 'is updated now',
      more: { domainNameStatus: 'UPDATING' },
      found: [{ name: 'updating', detail: 'd is UPDATING.' }],
    },
    {
      what: 'is not available, and has another certificate',
      more: { domainNameStatus: 'PENDING', domainNameStatusMessage: 'm', regionalCertificateArn: 'x' },
      found: [
        { name: 'status', detail: 'd is PENDING: m.' },
        { name: 'certificate', detail: 'd has the certificate x, configured is c.' },
      ],
    },
    {
      what: 'leads elsewhere',
      more: { isAnswered: false },
      found: [{ name: 'elsewhere', detail: 'd leads to 1.1.1.1, 2.2.2.2, expected the addresses of g.' }],
    },
    {
      what: 'has no address',
      more: { addresses: [] },
      found: [{ name: 'unresolved', detail: 'd has no address, expected the addresses of g.' }],
    },
  ])('that $what is told by its cases', ({ more, found }) => {
    const cases = Object.entries(findingCatalogue.SLUICE_FINDING_DOMAIN_UNFIT.cases);
    const judged = judgeDomain({ ...well, ...more }, 'c').map(({ cause, detail }) => ({
      name: cases.find(([, known]) => known.cause === cause)?.[0],
      detail,
    }));
    expect(judged).toEqual(found);
  });
});
