import type { Stack } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from '@jest/globals';
import {
  CONFIGURATION_OUTPUT,
  statedConfiguration,
} from '../../../../infra/template/deployedConfiguration.ts';
import { VERSION } from '../../../../lib/base/version.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import {
  alarmTopicLook,
  formerStackLook,
  judgeStack,
  stackLook,
} from '../../../../observe/doctor/stack/stack.ts';
import { findingCatalogue } from '../../../../observe/findings/catalogue.ts';
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
