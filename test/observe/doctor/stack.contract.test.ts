import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import { VERSION } from '../../../lib/base/version.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { deploymentCommands } from '../../../observe/deploymentCommands.ts';
import { judgeDatabase } from '../../../observe/doctor/catalog.ts';
import {
  answersPreflight,
  drift,
  judgeDomain,
  judgeDrift,
  judgeStack,
  stack as missing,
} from '../../../observe/doctor/stack.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { listen } from '../../harness/listen.ts';

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
    isAnswered: true,
  };
  const elsewhere = `expected the addresses of ${target}`;

  it.each([
    [{}, []],
    [{ isAnswered: false }, [`leads to 192.0.2.1, 192.0.2.9, ${elsewhere}`]],
    [{ addresses: [], isAnswered: false }, [`has no address, ${elsewhere}`]],
    [{ domainNameStatus: 'UPDATING', domainNameStatusMessage: 'Certificate' }, ['is UPDATING: Certificate']],
    [{ regionalCertificateArn: 'arn:other' }, ['has the certificate arn:other, configured is arn:one']],
  ])('is judged with %j', (more, expected) => {
    expect(judgeDomain({ ...fit, ...more }, 'arn:one').map(({ detail }) => detail)).toEqual(
      expected.map((why) => `collect.acme.com ${why}.`),
    );
  });
});

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
    });
    const cloudFormation = new CloudFormationClient({
      region: 'eu-west-1',
      endpoint: await listen(server),
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
