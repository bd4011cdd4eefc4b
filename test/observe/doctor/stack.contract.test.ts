import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { CloudFormationClient, type Stack } from '@aws-sdk/client-cloudformation';
import { QueueDoesNotExist } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { CONFIGURATION_OUTPUT, statedConfiguration } from '../../../infra/template/deployedConfiguration.ts';
import { VERSION } from '../../../lib/base/version.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { judgeDatabase } from '../../../observe/doctor/catalog.ts';
import {
  alarmTopic,
  answersPreflight,
  drift,
  formerStack,
  judgeStack,
  stack as missing,
  queues,
} from '../../../observe/doctor/stack.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { listen } from '../../harness/listen.ts';
import { queueClient } from '../../harness/queueClient.ts';
import { commands, setupOf } from './setupOf.ts';

describe('a name that leads to a proxy', () => {
  it.each([
    { maxAge: '86400', isAnswered: true },
    { maxAge: '600', isAnswered: false },
  ])('answers by a preflight of $maxAge seconds: $isAnswered', async ({ maxAge, isAnswered }) => {
    const server = createServer(({ method, headers }, response) => {
      const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] === 'POST';
      response.writeHead(isPreflight && headers.origin !== undefined ? 204 : 404, {
        'access-control-max-age': isPreflight ? maxAge : '0',
      });
      response.end();
    });
    const address = await listen(server);
    expect(await answersPreflight(address)).toBe(isAnswered);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(await answersPreflight(address)).toBe(false);
  });
});

describe('a stack', () => {
  it('is missing', async () => {
    const identity = { account: '1', region: 'eu-west-1' };
    const setup = { deployed: undefined, stackName: 's', identity, commands };
    expect(await missing.find(setupOf(setup))).toMatchObject([
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

it('a stack that is not deployed from the configuration is told with when it was updated last', async () => {
  const made = new Date('2026-11-01T00:00:00Z');
  const updated = new Date('2026-11-02T00:00:00Z');
  const Outputs = [
    { OutputKey: 'SluiceVersion', OutputValue: VERSION },
    { OutputKey: CONFIGURATION_OUTPUT, OutputValue: statedConfiguration(defineConfig({ bucket: 'other' })) },
  ];
  const found = async (times: Pick<Stack, 'CreationTime' | 'LastUpdatedTime'>) => {
    const deployed: Stack = { StackName: 's', StackStatus: 'CREATE_COMPLETE', Outputs, ...times };
    const config = defineConfig({ bucket: 'acme' });
    const setup = { deployed, config, isLocal: false, stackName: 's', identity: {}, commands };
    const findings = await missing.find(setupOf(setup));
    return findings.map(({ code, title }) => [code, /2026-11-0\d/.exec(title)?.[0]]);
  };
  const code = 'SLUICE_FINDING_STACK_DIFFERS';
  expect(await found({ CreationTime: made, LastUpdatedTime: updated })).toEqual([[code, '2026-11-02']]);
  expect(await found({ CreationTime: made })).toEqual([[code, '2026-11-01']]);
});

describe('a stack before its next deployment', () => {
  const found = async (deployed: Pick<Stack, 'Outputs' | 'StackName' | 'StackStatus'> | undefined) => {
    const config = defineConfig({ bucket: 'acme' });
    const identity = { account: '1', partition: 'aws', region: 'eu-west-1' };
    const setup = { deployed, config, commands, identity, stackName: 's', resources: new Map() };
    return (await formerStack.find(setupOf(setup))).map(({ code }) => code);
  };

  it.each([
    { status: 'UPDATE_ROLLBACK_FAILED', version: VERSION, codes: ['SLUICE_FINDING_STACK_UNFINISHED'] },
    { status: 'UPDATE_IN_PROGRESS', version: VERSION, codes: [] },
    { status: 'CREATE_COMPLETE', version: '0.0.1', codes: ['SLUICE_FINDING_VERSION_DIFFERS'] },
  ] as const)('in $status, deployed by $version, has $codes', async ({ status, version, codes }) => {
    const Outputs = [{ OutputKey: 'SluiceVersion', OutputValue: version }];
    expect(await found({ StackName: 's', StackStatus: status, Outputs })).toEqual(codes);
  });

  it('is none yet', async () => {
    expect(await found(undefined)).toEqual([]);
  });
});

it('of the queues of a stack those are told that are gone', async () => {
  const sqs = queueClient([0, 0]);
  sqs.middlewareStack.add(
    (next) => (args) =>
      Object.values(args.input).some((value) => String(value).endsWith('gone'))
        ? Promise.reject(new QueueDoesNotExist({ message: 'no queue', $metadata: {} }))
        : next(args),
    { step: 'initialize', priority: 'high' },
  );
  const resources = new Map([
    ['WriteQueue', 'https://sqs/1/gone'],
    ['RegisterQueue', 'https://sqs/1/there'],
    ['ExportQueue', 'a-mapping-gone'],
    ['CollectorUrl', 'https://endpoint/gone'],
  ]);
  const setup = { isLocal: false, resources, sqs, stackName: 's', commands };
  expect(await queues.find(setupOf(setup))).toMatchObject([
    { code: 'SLUICE_FINDING_RESOURCE_MISSING', detail: 'The queue gone.' },
  ]);
});

it.each([
  { isLocal: false, topicArn: null, count: 1 },
  { isLocal: false, topicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call', count: 0 },
  { isLocal: true, topicArn: null, count: 0 },
])(
  'alarms with the topic $topicArn are told $count times; local: $isLocal',
  async ({ isLocal, topicArn, count }) => {
    const setup = { isLocal, config: defineConfig({ bucket: 'acme', alarms: { topicArn } }) };
    expect(await alarmTopic.find(setupOf(setup))).toHaveLength(count);
  },
);

describe('a database that does not exist', () => {
  it.each([
    [true, 'database', ['make']],
    [true, 'stagingDatabase', ['make']],
    [false, 'new', []],
  ] as const)('was deployed: %s; the case is %s', (isDeployed, name, shown) => {
    const { cause, cure } = findingCatalogue.SLUICE_FINDING_RESOURCE_MISSING.cases[name];
    const found = judgeDatabase(
      name === 'new' ? 'database' : name,
      defineConfig({ bucket: 'acme' }),
      isDeployed,
      'make',
    );
    expect(found).toMatchObject({ cause, cure, commands: shown });
    expect(found.cause.includes('DeleteDatabase')).toBe(isDeployed);
  });
});

it('which resources differ from the template is not known if CloudFormation could not compare all', async () => {
  const reason = 'Failed to detect drift on resource [Key]';
  const failed = `<DetectionStatus>DETECTION_FAILED</DetectionStatus><DetectionStatusReason>${reason}</DetectionStatusReason>`;
  const answers: (readonly [action: string, answer: string])[] = [
    ['DetectStackDrift', '<StackDriftDetectionId>1</StackDriftDetectionId>'],
    ['DescribeStackDriftDetectionStatus', '<DetectionStatus>DETECTION_IN_PROGRESS</DetectionStatus>'],
    ['DescribeStackDriftDetectionStatus', failed],
    ['DescribeStackResourceDrifts', '<StackResourceDrifts></StackResourceDrifts>'],
  ];
  const asked: string[] = [];
  const filters: (string | null)[] = [];
  const server = createServer(async (request, response) => {
    const input = new URLSearchParams(await text(request));
    const action = input.get('Action') ?? '';
    const [, answer] = answers[asked.length] ?? [];
    asked.push(action);
    filters.push(...[1, 2].map((n) => input.get(`StackResourceDriftStatusFilters.member.${n}`)));
    response
      .setHeader('content-type', 'text/xml')
      .end(`<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`);
  });
  const cloudFormation = new CloudFormationClient({
    region: 'eu-west-1',
    endpoint: await listen(server),
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const setup = { clients: { cloudFormation }, stackName: 's', wait: async () => undefined, commands };
  const findings = await drift.find(setupOf(setup));
  cloudFormation.destroy();
  server.closeAllConnections();
  server.close();
  expect(asked).toEqual(answers.map(([action]) => action));
  expect(filters.slice(-2)).toEqual(['MODIFIED', 'DELETED']);
  expect(findings).toMatchObject([
    { code: 'SLUICE_FINDING_UNCHECKED', detail: expect.stringContaining(reason) },
  ]);
});
