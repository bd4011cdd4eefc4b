import { expect, it } from '@jest/globals';
import { decide, readPolicy } from '../../packages/local-aws/src/iam/index.ts';
import { lacksPermission, onDecision } from './decisions.ts';

/** What a role asks for. */
interface Asked {
  readonly action: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** Lets IAM decide on a call of a role with a policy of one statement. @returns Whether each decision lacks a permission. */
function watched(effect: 'Allow' | 'Deny', actions: string, { action, context }: Asked): readonly boolean[] {
  const seen: boolean[] = [];
  const end = onDecision((decision) => seen.push(lacksPermission(decision)));
  const account = '000000000000';
  const policy = readPolicy({ Statement: [{ Effect: effect, Action: actions, Resource: '*' }] });
  const caller = {
    arn: `arn:aws:iam::${account}:role/sluice-local-Collect`,
    account,
    policies: () => [policy],
  };
  const resource = 'arn:aws:s3:::acme-experiments';
  decide({
    caller,
    action,
    resource,
    owner: account,
    resourcePolicy: undefined,
    ...(context && { context }),
  });
  end();
  decide({ caller, action, resource, owner: account, resourcePolicy: undefined });
  return seen;
}

it.each([
  { what: 'that no policy names', effect: 'Allow', actions: 's3:PutObject', lacks: true },
  { what: 'that a policy allows', effect: 'Allow', actions: 's3:GetObject', lacks: false },
  { what: 'that a policy denies', effect: 'Deny', actions: 's3:GetObject', lacks: false },
] as const)('a call $what lacks a permission: $lacks, and is seen until the watch ends', (row) => {
  expect(watched(row.effect, row.actions, { action: 's3:GetObject' })).toEqual([row.lacks]);
});

it('of a list only the call itself counts, and not the question whether a missing object may be told', () => {
  const listing = { action: 's3:ListBucket', context: { 's3:prefix': 'landing/' } };
  expect(watched('Allow', 's3:GetObject', listing)).toEqual([true]);
  expect(watched('Allow', 's3:GetObject', { action: 's3:ListBucket' })).toEqual([false]);
});
