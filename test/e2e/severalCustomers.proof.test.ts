import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lib/base/time.ts';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { localAccount } from '../../local/localAccount.ts';
import { calendarMarks } from '../harness/calendarMarks.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const DAY = '2026-11-16';
const RIVAL = '222233334444';
const PARTNER = '333344445555';
const PARTNERS_ROLE = { arn: `arn:aws:iam::${PARTNER}:role/sluice`, externalId: 'partner-7' };
const datasets = [{ name: 'events', kind: 'events' as const, lookbackDays: 10, refusedShare: 1 }];
/** Two customers whose buckets let the deployment in, and one who has a role for it. */
const sources = [
  { name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets },
  { name: 'rival', bucket: 'rival-drops', owner: RIVAL, datasets },
  { name: 'partner', bucket: 'partner-drops', owner: PARTNER, role: PARTNERS_ROLE, datasets },
];
const ingest = await ingestCloud(
  { bucket: 'acme-experiments', sources },
  { startsAt: '2026-11-19T10:00:00Z' },
);
afterAll(() => ingest.close());

/** Three customers whose loads run as deployed, in one deployment. That none reaches another is in sessionPolicies.contract. */
describe('the datasets of several customers in one deployment', () => {
  beforeAll(async () => {
    await ingest.letIn(RIVAL, 'rival-drops', 'ingest-source');
    await ingest.letIn(PARTNER, 'partner-drops', 'ingest-source', `arn:aws:iam::${PARTNER}:root`);
    await partnersRole();
    for (const { bucket, owner } of sources) await drop(bucket, owner);
  });

  /** Makes the role as our instructions say; it may do far more in the customer's account than we need. */
  async function partnersRole(): Promise<void> {
    const credentials = { accessKeyId: PARTNER, secretAccessKey: 'test' };
    const iam = ingest.kept(new IAMClient(ingest.clientOptions(credentials)));
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${localAccount.id}:root` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': PARTNERS_ROLE.externalId } },
    };
    const RoleName = 'sluice';
    await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: trust }) }),
    );
    const wide = { Statement: { Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' } };
    const PolicyDocument = JSON.stringify(wide);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
  }

  /** A good row and a refused one. */
  async function drop(bucket: string, account: string): Promise<void> {
    const rows = `SELECT epoch(TIMESTAMP '${DAY} 12:00:00')::BIGINT AS timestamp, 'made' AS event_name, 'u1' AS unit_id
      UNION ALL SELECT NULL, 'refused', 'u2'`;
    const owner = ingest.s3By({ accessKeyId: account, secretAccessKey: 'test' });
    await ingest.drop(`events/${DAY}/a.parquet`, rows, bucket, owner);
  }

  it('are all loaded', async () => {
    await ingest.jump(HOUR_MS);
    expect(await ingest.sluice('ingest', 'run')).toMatchObject({ code: 0 });
    await ingest.cloud.flush();
    const { stdout } = await ingest.sluice('ingest', 'status', '--days', '10');
    const loaded = Object.fromEntries(sources.map(({ name }) => [`${name}/events`, '✓']));
    expect(calendarMarks(stdout, DAY)).toMatchObject(loaded);
    for (const { name } of sources) {
      const place = ['--source', name, '--dataset', 'events', '--day', DAY];
      const { rows } = await ingest.json<LedgerEntry>('ingest', 'explain', ...place);
      expect(rows).toEqual({ in: 2, out: 1, refused: 1 });
    }
  });
});
