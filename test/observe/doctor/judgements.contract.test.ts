import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shellCommand } from '../../../lib/base/text.ts';
import { deploymentCommands, revertDriftWords } from '../../../observe/deploymentCommands.ts';
import { judgeSimulations } from '../../../observe/findings/setup/accessLooks.ts';
import {
  columnProblems,
  judgeKey,
  judgeWorkgroup,
  sameDocument,
} from '../../../observe/findings/setup/dataLooks.ts';
import {
  judgeDomain,
  judgeDrift,
  judgeStack,
  unfinishedWords,
} from '../../../observe/findings/setup/stackLooks.ts';

const codes = (findings: Iterable<{ readonly code: string }>) => [...findings].map(({ code }) => code);

describe('a domain', () => {
  const target = 'd-1.execute-api.us-east-1.amazonaws.com';
  const fit = {
    ...{ name: 'collect.acme.com', status: 'AVAILABLE', why: undefined, certificate: 'arn:one', target },
    ...{ addresses: ['192.0.2.1', '192.0.2.9'], expected: ['192.0.2.9', '192.0.2.8'] },
  };
  const elsewhere = `expected the addresses of ${target}`;

  it.each([
    [{}, []],
    [{ addresses: ['192.0.2.1'] }, [`leads to 192.0.2.1, ${elsewhere}`]],
    [{ addresses: [], expected: [] }, [`has no address, ${elsewhere}`]],
    [{ status: 'UPDATING', why: 'Certificate' }, ['is UPDATING: Certificate']],
    [{ certificate: 'arn:other' }, ['has the certificate arn:other, configured is arn:one']],
  ])('is judged with %j', (more, expected) => {
    expect(judgeDomain({ ...fit, ...more }, 'arn:one').map(({ detail }) => detail)).toEqual(
      expected.map((why) => `collect.acme.com ${why}.`),
    );
  });
});

describe('a stack', () => {
  const config = { bucket: 'b', database: 'd', tables: { exposures: 'x', events: 'e', quarantine: 'q' } };
  const stack = { StackName: 's', CreationTime: new Date(0) };

  it.each([
    'CREATE_COMPLETE',
    'UPDATE_COMPLETE',
    'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
    'IMPORT_COMPLETE',
  ] as const)('is complete after %s', (StackStatus) => {
    expect([...judgeStack({ ...stack, StackStatus }, config)]).toEqual([]);
  });

  it.each(['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'CREATE_IN_PROGRESS', 'DELETE_FAILED'] as const)(
    'is not complete after %s',
    (StackStatus) => {
      const [found] = judgeStack({ ...stack, StackStatus, StackStatusReason: 'because' }, config);
      expect([found?.code, found?.detail]).toEqual([
        'SLUICE_FINDING_STACK_UNFINISHED',
        `s is ${StackStatus}: because.`,
      ]);
    },
  );
});

describe('the command before the next deployment', () => {
  it.each([
    ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
    ['ROLLBACK_COMPLETE', 'delete-stack'],
    ['UPDATE_FAILED', 'rollback-stack'],
  ])('is after %s: %s', (StackStatus, verb) => {
    expect(unfinishedWords({ StackName: 's', StackStatus })).toEqual([
      'cloudformation',
      verb,
      '--stack-name',
      's',
    ]);
  });

  it.each(['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_IN_PROGRESS'])('is none after %s', (StackStatus) => {
    expect(unfinishedWords({ StackName: 's', StackStatus })).toBeUndefined();
  });

  it('for manually deleted resources is a drift-aware change set, which is shown before it is executed', () => {
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

describe('a resource that differs from the template', () => {
  const stack = { service: 'sluice', stage: 'prod' };
  const facts = {
    ...{ isLocal: false, stackName: 'sluice-prod' },
    say: deploymentCommands({ stack, localControl: undefined }, 'eu-west-1'),
    resources: new Map([['Workgroup', { logicalId: 'Workgroup', physicalId: 'sluice', type: 'x' }]]),
  };
  const found = {
    LogicalResourceId: 'Workgroup',
    PhysicalResourceId: 'sluice',
    ResourceType: 'AWS::Athena::WorkGroup',
  };

  it('was deleted, or has other properties', () => {
    const [gone] = judgeDrift({ ...found, StackResourceDriftStatus: 'DELETED' }, facts);
    expect(gone).toMatchObject({
      code: 'SLUICE_FINDING_RESOURCE_MISSING',
      detail: 'AWS::Athena::WorkGroup sluice.',
    });
    expect(gone?.commands[0]).toContain('REVERT_DRIFT');
    const State = { PropertyPath: '/State', ActualValue: 'DISABLED', ExpectedValue: 'ENABLED' };
    const modified = { StackResourceDriftStatus: 'MODIFIED' } as const;
    const PropertyDifferences = [{ ...State, DifferenceType: 'NOT_EQUAL' as const }];
    expect(judgeDrift({ ...found, ...modified, PropertyDifferences }, facts)).toMatchObject([
      {
        code: 'SLUICE_FINDING_DRIFT',
        detail: 'AWS::Athena::WorkGroup sluice: /State: got DISABLED, expected ENABLED.',
      },
    ]);
  });
});

describe('the workgroup that OWOX queries in', () => {
  const location = { OutputLocation: 's3://finance/' };

  it.each([
    [{ State: 'ENABLED' }, []],
    [{ State: 'ENABLED', Configuration: { ResultConfiguration: location } }, []],
    [{ State: 'DISABLED' }, ['is DISABLED']],
    [
      {
        State: 'ENABLED',
        Configuration: { EnforceWorkGroupConfiguration: true, ResultConfiguration: location },
      },
      ['enforces s3://finance/'],
    ],
  ] as const)('is judged with %j', (group, expected) => {
    expect([...judgeWorkgroup(group)].map(({ detail }) => detail)).toEqual(expected);
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
    [{}, []],
    [{ KeyState: 'PendingDeletion' }, ['SLUICE_FINDING_RESOURCE_MISSING']],
    [{ KeyState: 'Disabled' }, ['SLUICE_FINDING_KEY_UNUSABLE']],
    [{ KeySpec: 'RSA_2048' }, ['SLUICE_FINDING_KEY_UNUSABLE']],
    [{ KeyUsage: 'SIGN_VERIFY' }, ['SLUICE_FINDING_KEY_UNUSABLE']],
    [{ MultiRegion: true }, ['SLUICE_FINDING_KEY_UNUSABLE']],
  ] as const)('is judged with %j', (more, expected) => {
    expect(codes(judgeKey({ ...fit, ...more }, 'enable it'))).toEqual(expected);
  });
});

describe('a simulation by IAM', () => {
  const decide = (resource: string, isAllowed: boolean) => ({ action: 's3:GetObject', resource, isAllowed });
  const mixed = [{ sid: 'ReadRows', decisions: [decide('a', true), decide('b', false)] }];

  it('names what is not as expected', () => {
    expect([...judgeSimulations('bi', mixed, true)]).toMatchObject([
      { code: 'SLUICE_FINDING_READER_DENIED', detail: 'bi: ReadRows: s3:GetObject on b.' },
    ]);
    expect([...judgeSimulations('bi', mixed, false)]).toMatchObject([
      { code: 'SLUICE_FINDING_READER_ALLOWED', detail: 'bi: ReadRows: s3:GetObject on a.' },
    ]);
  });

  it('counts as denied without a decision', () => {
    const none = [{ sid: 'ReadRows', decisions: [] }];
    expect(codes(judgeSimulations('bi', none, true))).toEqual(['SLUICE_FINDING_READER_DENIED']);
    expect([...judgeSimulations('bi', none, false)]).toEqual([]);
  });
});

describe('columns', () => {
  const wanted = [
    { name: 'a', type: 'string' },
    { name: 'b', type: 'date' },
  ] as const;

  it('differ in name, type and order', () => {
    expect(columnProblems(wanted, wanted)).toEqual([]);
    expect(columnProblems([wanted[1], wanted[0]], wanted)).toEqual(['the order differs from a on']);
    expect(columnProblems([wanted[0], wanted[0], wanted[1]], wanted)).toEqual([
      'the order differs from b on',
    ]);
    expect(columnProblems([...wanted, { name: 'c', type: 'string' }], wanted)).toEqual(['c is not expected']);
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
