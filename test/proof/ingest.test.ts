import { setTimeout as pause } from 'node:timers/promises';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ingestSource } from '../../lib/access/otherBucket.ts';
import { addDays, utcDay } from '../../lib/time/utcDay.ts';
import { repositoryRoot } from '../../local/cloud/dataDirectory.ts';
import { localAccount } from '../../local/cloud/localAccount.ts';
import type { RecordedCall } from '../../local/record/RecordedCall.ts';
import { loadTemplate } from '../../local/template/loadTemplate.ts';
import { resolveTemplate } from '../../local/template/resolveTemplate.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { decide } from './decide.ts';
import { narrower } from './narrower.ts';
import { type Policies, readPolicies } from './Policies.ts';

const HOUR_MS = 3_600_000;
const CUSTOMERS_ROLE = `arn:aws:iam::${CUSTOMER}:role/sluice`;
const day = addDays(utcDay(Date.now()), -1);
const before = addDays(day, -1);
const ROLES = ['IngestPlanRole', 'IngestTriggerRole', 'IngestLoadRole'] as const;

const events = (count: number, name = "'made'", unitId = "'u' || i") =>
  `SELECT epoch(TIMESTAMP '${day} 12:00:00')::BIGINT AS timestamp, ${name} AS event_name, ${unitId} AS unit_id FROM range(${count}) t(i)`;
/** Larger than a part of an upload: hashes hardly compress. */
const large = (unitId: string) => events(600_000, "md5(i::VARCHAR) || md5('more' || i)", unitId);

describe('the ingest, deployed, between two accounts', () => {
  let ingest: Awaited<ReturnType<typeof ingestCloud>>;
  let policies: Policies;
  let calls: readonly RecordedCall[];

  beforeAll(async () => {
    const datasets = [{ name: 'events', kind: 'events' as const, lookbackDays: 8, refusedShare: 0.5 }];
    ingest = await ingestCloud({
      bucket: 'sluice-ingest-proof',
      sources: [
        { name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets },
        {
          name: 'by-role',
          bucket: DROPS,
          owner: CUSTOMER,
          role: { arn: CUSTOMERS_ROLE, externalId: 'acme-7' },
          datasets: [
            { ...datasets[0], name: 'events', kind: 'events', folder: 'shared', schedule: 'hourly' },
          ],
        },
      ],
    });
    const { region, id: account, partition } = localAccount;
    const loaded = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: `${repositoryRoot}/.sluice/template`,
    });
    const stack = { region, account, partition, stackName: loaded.stackName, endpoint: 'http://127.0.0.1' };
    policies = readPolicies(resolveTemplate(loaded.template, stack));
    await customersRole();
    await walk();
    const record: { calls: RecordedCall[]; dropped: number } = await control('calls', 'GET');
    expect(record.dropped).toBe(0);
    calls = record.calls;
  }, 240_000);
  afterAll(() => ingest.close());

  const arnOf = (id: string) => policies.roles.find(({ logicalId }) => logicalId === id)?.arn ?? '';

  async function customersRole(): Promise<void> {
    const iam = new IAMClient({
      endpoint: ingest.cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: CUSTOMER, secretAccessKey: 'test' },
    });
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: [arnOf('IngestPlanRole'), arnOf('IngestLoadRole')] },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'acme-7' } },
    };
    await iam.send(
      new CreateRoleCommand({
        RoleName: 'sluice',
        AssumeRolePolicyDocument: JSON.stringify({ Statement: trust }),
      }),
    );
    const { callerPolicy } = ingestSource({
      partition: 'aws',
      region: 'us-east-1',
      bucket: DROPS,
      principal: '',
    });
    const PolicyDocument = JSON.stringify(callerPolicy);
    await iam.send(new PutRolePolicyCommand({ RoleName: 'sluice', PolicyName: 'own', PolicyDocument }));
    iam.destroy();
  }

  /** New days, changed ones, loads that are cut off, versions that go, and starts by the customer. */
  async function walk(): Promise<void> {
    await ingest.drop(`events/${day}/a.parquet`, events(3));
    await ingest.drop(`shared/${day}/a.parquet`, `${events(2)} UNION ALL SELECT NULL, 'refused', 'u'`);
    // Too young: they come back after a delay.
    await run();
    await ingest.jump(HOUR_MS);
    await run();
    await settled('acme', day);
    await settled('by-role', day);

    await faults({ sqs: [{ fault: 'failCalls', operations: ['SendMessageBatch'], calls: 'all' }] });
    expect(await ready()).toBe(503);
    await control('faults', 'DELETE');
    expect([await ready(), await ready()]).toEqual([200, 429]);

    // As large as uploads in parts, which are cut off: of rows, and of refused ones.
    await ingest.drop(`events/${day}/a.parquet`, large("'u' || i"));
    await ingest.drop(`shared/${before}/a.parquet`, large("'u' || i"));
    await ingest.drop(`shared/${day}/a.parquet`, large('NULL'));
    await ingest.jump(HOUR_MS);
    await faults({
      s3: [{ fault: 'failCalls', code: 'AccessDenied', operations: ['UploadPart'], calls: 'all' }],
    });
    await run();
    await aborted(3);
    await control('faults', 'DELETE');
    // Past the time for which their messages are hidden.
    await ingest.jump(2 * HOUR_MS);
    await settled('acme', day);
    await settled('by-role', before);

    // Old versions go after a day, with the next load.
    for (const rows of [5, 6]) {
      await ingest.drop(`events/${day}/a.parquet`, events(rows));
      await ingest.drop(`shared/${day}/a.parquet`, events(rows));
      await ingest.jump(30 * HOUR_MS);
      await run();
      await settled('acme', day);
      await settled('by-role', day);
    }
  }

  async function run(): Promise<void> {
    expect(await callMain(['ingest', 'run', '--local'], { env: ingest.env })).toMatchObject({ code: 0 });
    await ingest.cloud.flush();
  }

  async function settled(source: string, of: string): Promise<void> {
    await until(async () => {
      const args = [
        'ingest',
        'explain',
        '--source',
        source,
        '--dataset',
        'events',
        '--day',
        of,
        '--local',
        '--json',
      ];
      const { stdout } = await callMain(args, { env: ingest.env });
      return stdout !== '' && JSON.parse(stdout).state === 'succeeded';
    }, `${source} has not succeeded`);
  }

  /** Uploads in parts that were given up. */
  async function aborted(count: number): Promise<void> {
    await until(async () => {
      const record: { calls: RecordedCall[] } = await control('calls', 'GET');
      const keys = record.calls.flatMap(({ operation, permissions }) =>
        operation === 'AbortMultipartUpload' ? permissions.map(({ resource }) => resource) : [],
      );
      return new Set(keys.map((key) => key.replace(/[^/]+$/, ''))).size >= count;
    }, 'not all uploads were cut off');
  }

  async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(otherwise);
      await ingest.cloud.flush();
      await pause(100);
    }
  }

  async function ready(): Promise<number> {
    const { status } = await fetch(`${ingest.cloud.collector}/v1/mark_data_ready_dwh`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'secret-acme' },
      body: JSON.stringify({ datestamps: day, type: 'events' }),
    });
    return status;
  }

  const faults = (wanted: object) => control('faults', 'POST', wanted);

  async function control(path: string, method: string, body?: object) {
    const answer = await fetch(`${ingest.cloud.edge}/_sluice/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return JSON.parse(text);
  }

  it.each(ROLES)('gives %s what its calls need, and nothing that none needs', async (id) => {
    const role = policies.roles.find(({ logicalId }) => logicalId === id);
    if (role === undefined) throw new Error(`the template has no ${id}`);
    const needed = new Map(
      calls
        .filter(({ principal }) => principal === role.arn)
        .flatMap(({ permissions }) => permissions.map((one) => [JSON.stringify(one), one] as const)),
    );
    const denied = async (statements: typeof role.statements, action?: string) => {
      const roles = policies.roles.map((one) => (one === role ? { ...role, statements } : one));
      const found: string[] = [];
      for (const permission of needed.values()) {
        if (action !== undefined && permission.action !== action) continue;
        if ((await decide(role.arn, permission, { ...policies, roles })) !== 'Allowed')
          found.push(`${permission.action} on ${permission.resource}`);
      }
      return found;
    };
    expect(await denied(role.statements)).toEqual([]);
    const idle: string[] = [];
    for (const { without, action, statements } of narrower(role.statements))
      if ((await denied(statements, action)).length === 0) idle.push(without);
    expect(idle).toEqual([]);
  });
});
