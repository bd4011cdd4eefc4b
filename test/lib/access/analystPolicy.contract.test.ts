import { describe, expect, it } from '@jest/globals';
import { analystPolicy } from '../../../lib/access/operators/analystPolicy.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import {
  CURATED_FILE,
  EVENTS_FILE,
  EXPOSURES_FILE,
  glue,
  INGESTED_FILE,
  inWorkgroup,
  key,
  keyPolicy,
  list,
  object,
  query,
  readTable,
  scope,
} from './calls.ts';
import { type Call, decideCall, decidedOtherwise, decides } from './decideCall.ts';

const policy = analystPolicy(scope);

/** AWS's decision on a call of somebody with one policy. */
function decideBy(document: PolicyDocument, call: Call) {
  const resourcePolicy = call.action.startsWith('kms:') ? keyPolicy : undefined;
  const principal = `arn:aws:iam::${scope.account}:role/analyst`;
  return decideCall({ principal, policies: [document], resourcePolicy }, call);
}

describe('the policy of an analyst', () => {
  const does: readonly Call[] = [
    ...query('sluice', scope.bucket, 'query-results/'),
    list('query-results/'),
    inWorkgroup('StopQueryExecution', 'sluice'),
    inWorkgroup('GetWorkGroup', 'sluice'),
    glue('GetDatabases', 'sluice'),
    glue('GetTables', 'sluice', 'first_exposures'),
    ...readTable('sluice', 'statsig_forwarded_exposures', EXPOSURES_FILE),
    ...readTable('sluice', 'statsig_forwarded_events', EVENTS_FILE),
    ...readTable('sluice', 'warehouse_metrics', INGESTED_FILE),
    ...readTable('sluice', 'curated_exposures', CURATED_FILE),
  ];

  it('allows a query of each table in the workgroup of people, and what the console lists', async () => {
    await decides(does, 'Allowed', (call) => decideBy(policy, call));
  });

  it('has no statement that these calls do not need', async () => {
    const unnecessary: string[] = [];
    for (const statement of policy.Statement) {
      const Statement = policy.Statement.filter((other) => other !== statement);
      const without = { ...policy, Statement };
      const denied = await decidedOtherwise(does, 'Allowed', (call) => decideBy(without, call));
      if (denied.length === 0) unnecessary.push(statement.Sid);
    }
    expect(unnecessary).toEqual([]);
  });

  it('allows no change of rows and tables, no folder of Sluice, and no other workgroup', async () => {
    const mustNot: readonly Call[] = [
      object('PutObject', EVENTS_FILE),
      object('DeleteObject', EVENTS_FILE),
      object('DeleteObject', 'query-results/5f0c.csv'),
      object('GetObject', 'quarantine/2026-11-20/a.parquet'),
      object('GetObject', 'landing/2026/a'),
      object('GetObject', 'damaged/a'),
      object('GetObject', 'ledger/acme/events/2026-11-20.json'),
      list(),
      list('landing/'),
      glue('UpdateTable', 'sluice', 'statsig_forwarded_events'),
      glue('CreatePartition', 'sluice', 'statsig_forwarded_events'),
      glue('GetTable', 'billing', 'invoices'),
      inWorkgroup('StartQueryExecution', 'primary'),
      inWorkgroup('StartQueryExecution', 'sluice_metabase'),
      inWorkgroup('UpdateWorkGroup', 'sluice'),
      key('PutKeyPolicy'),
      key('Decrypt', 'secretsmanager'),
    ];
    await decides(mustNot, 'Denied', (call) => decideBy(policy, call));
  });
});
