import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shellCommand } from '../../../lib/base/text.ts';
import { alsoReadsSchema } from '../../../lib/schema/fields/alsoReads.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { revertDriftWords } from '../../../observe/deploymentCommands.ts';
import { judgeTable } from '../../../observe/doctor/checks/alsoReads.ts';
import { judgePrimary } from '../../../observe/doctor/checks/athena/workgroups.ts';
import { sameDocument } from '../../../observe/doctor/checks/bucket.ts';
import { columnProblems } from '../../../observe/doctor/checks/catalog.ts';
import { findPrincipalsWithoutAccess, judgeKey } from '../../../observe/doctor/checks/key.ts';
import { judgeDns, judgeDomain } from '../../../observe/doctor/checks/platform.ts';
import { judgeAccount, judgeClock } from '../../../observe/doctor/checks/preconditions.ts';
import { judgeSimulation } from '../../../observe/doctor/checks/readers.ts';
import { judgeAlarms, judgeStack, unfinishedWords } from '../../../observe/doctor/checks/stack.ts';

const codes = (findings: readonly { readonly code: string }[]) => findings.map(({ code }) => code);

describe('a table that a reader is given', () => {
  const reader = {
    name: 'bi',
    alsoReads: alsoReadsSchema.parse([
      { database: 'finance', tables: ['orders', 'totals'], locations: ['s3://acme-finance/orders'] },
      { database: 'shops', locations: ['s3://acme-shops/all/'] },
    ]),
  };
  const judge = (table: object) =>
    judgeTable({ database: 'sluice' }, reader, { database: 'finance' }, { Name: 'totals', ...table }).map(
      ({ detail }) => detail,
    );
  const view = (sql: string) => judge({ ViewOriginalText: prestoViewText({ sql, columns: [] }, 'finance') });

  it('has its files in a location of the reader', () => {
    expect(judge({ StorageDescriptor: { Location: 's3://acme-finance/orders/2026/' } })).toEqual([]);
    expect(judge({ StorageDescriptor: { Location: 's3://acme-finance/orders' } })).toEqual([]);
    expect(judge({ StorageDescriptor: { Location: 's3://acme-finance/orders-old/' } })).toEqual([
      'bi: finance.totals is at s3://acme-finance/orders-old/.',
    ]);
    expect(judge({})).toEqual([]);
  });

  it.each([
    ['SELECT * FROM orders', []],
    ['SELECT * FROM "finance"."orders" AS o JOIN sluice.product_events AS e ON o.id = e.user_id', []],
    ["WITH big AS (SELECT * FROM shops.any) SELECT 'from payroll' FROM big -- join payroll", []],
    ['SELECT * FROM awsdatacatalog.finance.payroll', ['bi: finance.totals reads finance.payroll.']],
    ['SELECT * FROM orders JOIN "hr-data"."people" ON true', ['bi: finance.totals reads hr-data.people.']],
  ])('is a view whose tables are given, too: %s', (sql, expected) => {
    expect(view(sql)).toEqual(expected);
  });
});

describe('the clock', () => {
  const at = Date.UTC(2026, 10, 20, 12);
  const judge = (offMs: number) =>
    judgeClock({ theirTime: at, ourTime: { before: at + offMs, after: at + offMs + 300 } });

  it.each([
    [0, []],
    [-60_300, []],
    [61_000, []],
    [61_001, ['SLUICE_DOCTOR_CLOCK_OFF']],
    [-60_301, ['SLUICE_DOCTOR_CLOCK_OFF']],
  ])('is judged with a difference of %i ms', (offMs, expected) => {
    expect(codes(judge(offMs))).toEqual(expected);
  });

  it('has the direction of the difference, and no finding without a date', () => {
    expect(judge(3_600_000)[0]?.detail).toBe('This machine is 3599 s ahead.');
    expect(judge(-3_600_300)[0]?.detail).toBe('This machine is 3600 s behind.');
    expect(judgeClock({ theirTime: undefined, ourTime: { before: 0, after: 0 } })).toEqual([]);
  });
});

describe('the account', () => {
  it('is that of the configuration, if it states one', () => {
    expect(judgeAccount('111122223333', { account: null })).toEqual([]);
    expect(judgeAccount('111122223333', { account: '111122223333' })).toEqual([]);
    expect(judgeAccount('111122223333', { account: '444455556666' })).toMatchObject([
      {
        code: 'SLUICE_DOCTOR_CREDENTIALS',
        severity: 'problem',
        detail: 'account: got 111122223333, expected 444455556666.',
      },
    ]);
  });
});

describe('alarms', () => {
  it('should notify somebody', () => {
    const topicArn = 'arn:aws:sns:eu-west-1:111122223333:on-call';
    expect(judgeAlarms({ alarms: { topicArn } })).toEqual([]);
    expect(judgeAlarms({ alarms: { topicArn: null } })).toMatchObject([
      { code: 'SLUICE_STATUS_NO_TOPIC', severity: 'warning' },
    ]);
  });
});

describe('a domain', () => {
  const name = 'collect.acme.com';
  const target = 'd-1.execute-api.us-east-1.amazonaws.com';

  it('leads to the gateway if it has an address of it', () => {
    expect(judgeDns(name, target, ['192.0.2.1', '192.0.2.9'], ['192.0.2.9', '192.0.2.8'])).toEqual([]);
    expect(judgeDns(name, target, ['192.0.2.1'], ['192.0.2.9'])).toMatchObject([
      {
        code: 'SLUICE_DOCTOR_DOMAIN_UNFIT',
        detail: `${name} leads to 192.0.2.1, expected the addresses of ${target}.`,
      },
    ]);
    expect(judgeDns(name, target, [], [])).toHaveLength(1);
  });

  it('is fit when it is available with the certificate', () => {
    const configured = { domainName: name, certificateArn: 'arn:one' };
    const found = { domainNameStatus: 'AVAILABLE', regionalCertificateArn: 'arn:one' } as const;
    expect(judgeDomain(configured, found)).toEqual([]);
    expect(
      judgeDomain(configured, {
        ...found,
        domainNameStatus: 'UPDATING',
        domainNameStatusMessage: 'Certificate',
      }),
    ).toMatchObject([{ detail: `${name} is UPDATING: Certificate.` }]);
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
    expect(judgeStack({ ...stack, StackStatus }, config)).toEqual([]);
  });

  it.each(['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'CREATE_IN_PROGRESS', 'DELETE_FAILED'] as const)(
    'is not complete after %s',
    (StackStatus) => {
      const [found] = judgeStack({ ...stack, StackStatus, StackStatusReason: 'because' }, config);
      expect([found?.code, found?.detail]).toEqual([
        'SLUICE_DOCTOR_STACK_UNFINISHED',
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
    expect(judgePrimary(group).map(({ detail }) => detail)).toEqual(expected);
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
    [{ KeyState: 'PendingDeletion' }, ['SLUICE_DOCTOR_RESOURCE_MISSING']],
    [{ KeyState: 'Disabled' }, ['SLUICE_DOCTOR_KEY_UNUSABLE']],
    [{ KeySpec: 'RSA_2048' }, ['SLUICE_DOCTOR_KEY_UNUSABLE']],
    [{ KeyUsage: 'SIGN_VERIFY' }, ['SLUICE_DOCTOR_KEY_UNUSABLE']],
    [{ MultiRegion: true }, ['SLUICE_DOCTOR_KEY_UNUSABLE']],
  ] as const)('is judged with %j', (more, expected) => {
    expect(codes(judgeKey({ ...fit, ...more }, 'enable it'))).toEqual(expected);
  });
});

describe('findPrincipalsWithoutAccess', () => {
  const role = 'arn:aws:iam::111122223333:role/collect';
  const who = { account: '111122223333', partition: 'aws', principals: [role] };
  const allow = (Principal: unknown, Action: unknown = ['kms:Decrypt', 'kms:GenerateDataKey*']) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action, Resource: '*' }],
  });

  it.each([
    ['the account’s root', allow({ AWS: 'arn:aws:iam::111122223333:root' }, 'kms:*')],
    ['the account', allow({ AWS: ['111122223333'] }, ['KMS:decrypt', 'kms:GenerateDataKe?'])],
    ['everybody', allow('*')],
    ['the role', allow({ AWS: ['arn:aws:iam::111122223333:role/other', role] })],
    ['a single statement', { Statement: allow({ AWS: role }).Statement[0] }],
  ])('accepts access by %s', (_by, policy) => {
    expect(findPrincipalsWithoutAccess(policy, who)).toEqual([]);
  });

  it.each([
    ['another account', allow({ AWS: 'arn:aws:iam::444455556666:root' })],
    ['half of the actions', allow({ AWS: role }, 'kms:Decrypt')],
    ['a service', allow({ Service: 's3.amazonaws.com' })],
    ['a deny', { Statement: [{ Effect: 'Deny', Principal: '*', Action: 'kms:*' }] }],
    ['nothing', {}],
    ['no policy at all', 'x'],
    ['a pattern that only looks alike', allow({ AWS: role }, ['kms.Decrypt', 'kms:GenerateDataKey'])],
  ])('does not accept access by %s', (_by, policy) => {
    expect(findPrincipalsWithoutAccess(policy, who)).toEqual([role]);
  });
});

describe('a simulation by IAM', () => {
  const need = { action: 's3:GetObject', resources: ['a', 'b'], allowed: true };

  it('is judged for each resource', () => {
    const results = [
      { EvalActionName: 's3:GetObject', EvalDecision: 'allowed', EvalResourceName: 'a' },
      { EvalActionName: 's3:GetObject', EvalDecision: 'implicitDeny', EvalResourceName: 'b' },
    ] as const;
    const [denied] = judgeSimulation('bi', need, results);
    expect([denied?.code, denied?.detail]).toEqual(['SLUICE_DOCTOR_READER_DENIED', 'bi: s3:GetObject on b.']);
    const [allowed] = judgeSimulation('bi', { ...need, allowed: false }, results);
    expect([allowed?.code, allowed?.detail]).toEqual([
      'SLUICE_DOCTOR_READER_ALLOWED',
      'bi: s3:GetObject on a.',
    ]);
  });

  it('counts as denied without a decision', () => {
    expect(codes(judgeSimulation('bi', need, []))).toEqual(['SLUICE_DOCTOR_READER_DENIED']);
    expect(judgeSimulation('bi', { ...need, allowed: false }, [])).toEqual([]);
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
