import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../../local/roots.ts';
import { account, accountServices, limits, NOT_FOUND } from './fakeAccount.ts';
import { startDeployment } from './startDeployment.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-doctor-'));
let configs = 0;
/** A file for each: a module is imported once. */
const config = (fields: string) => {
  configs += 1;
  const file = join(directory, `sluice.config.${configs}.mjs`);
  writeFileSync(
    file,
    `import { defineConfig } from '${projectRoot}/lib/config/defineConfig.ts';
import base from '${projectRoot}/sluice.config.ts';
export default defineConfig({ ...base, ${fields} });`,
  );
  return { SLUICE_CONFIG: file };
};
const READERS = `readers: [
  { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' },
  { kind: 'metabase', name: 'bi' },
]`;

const deployed = await startDeployment(accountServices);
afterAll(async () => {
  await deployed.close();
  rmSync(directory, { recursive: true });
});

describe('sluice doctor, where only AWS can answer', () => {
  beforeEach(() => account.reset());

  const setLimits = (...args: Parameters<typeof limits>) => {
    for (const [path, answer] of limits(...args)) account.answers.set(path, answer);
  };
  const findings = async (check: string, env?: Readonly<Record<string, string>>) => {
    const { code, report } = await deployed.diagnose(env);
    const found = report.checks.find((candidate) => candidate.check === check)?.findings ?? [];
    return [code, ...found.map((finding) => `${finding.code} ${finding.detail}`)];
  };

  it('asks for the domain, and whether its name leads there', async () => {
    const arn = 'arn:aws:acm:us-east-1:000000000000:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
    const asked = config(`endpoint: { domain: 'collect.acme.invalid', certificateArn: '${arn}' }`);
    // A path without an answer is refused here.
    expect(await findings('domain', asked)).toEqual([
      3,
      'SLUICE_FINDING_UNREADABLE the check domain: AccessDeniedException: Not authorized to perform: apigateway:GET',
    ]);
    const regionalDomainName = 'd-1.execute-api.us-east-1.amazonaws.com.invalid';
    account.answers.set('apigateway /domainnames/collect.acme.invalid', {
      domainName: 'collect.acme.invalid',
      domainNameStatus: 'AVAILABLE',
      regionalDomainName,
      regionalCertificateArn: arn,
    });
    const dns = `SLUICE_FINDING_DOMAIN_UNFIT collect.acme.invalid has no address, expected the addresses of ${regionalDomainName}.`;
    expect(await findings('domain', asked)).toEqual([3, dns]);
    account.answers.set('apigateway /domainnames/collect.acme.invalid', NOT_FOUND);
    expect(await findings('domain', asked)).toEqual([
      3,
      'SLUICE_FINDING_RESOURCE_MISSING The domain collect.acme.invalid.',
    ]);
    expect(await findings('domain')).toEqual([0]);
  });

  it('warns about a quota that is too low or nearly exhausted', async () => {
    setLimits(10_000, 5_000, 10, 10);
    const low = 'SLUICE_FINDING_QUOTA';
    const lambda = `${low} Lambda: 10 executions at once in the account, 0 of them reserved, expected 1000 or more.`;
    expect(await findings('quotas')).toEqual([
      0,
      `${lambda} The stack's 4 queues use up to 8, the collector has the rest.`,
    ]);
    expect(
      await findings('quotas', config('curate: true, relay: { statsig: true, concurrency: 5 }')),
    ).toContain(`${lambda} The stack's 5 queues use up to 13, the collector has the rest.`);
    setLimits(10_000, 5_000, 1_000, 150);
    const near = [
      0,
      "SLUICE_FINDING_QUOTA Lambda: 1000 executions at once in the account, 850 of them reserved. The stack's 4 queues use up to 8, the collector has the rest.",
    ];
    expect(await findings('quotas')).toEqual(near);
    setLimits(10_000, 5_000, 1_000, 1_000);
    expect(await findings('quotas', config('collector: { reservedConcurrency: 850 }'))).toEqual(near);
    expect(await findings('quotas', config('write: { concurrency: 794 }'))).toEqual([0]);
    expect(await findings('quotas', config('write: { concurrency: 795 }'))).toEqual([
      0,
      "SLUICE_FINDING_QUOTA Lambda: 1000 executions at once in the account, 0 of them reserved. The stack's 4 queues use up to 801, the collector has the rest.",
    ]);
  });

  it("compares the stage's limits with those of the account in API Gateway", async () => {
    setLimits(2_500, 1_250, 1_000, 1_000);
    const found = 'SLUICE_FINDING_QUOTA The account allows 2500 a second, 1250 at once;';
    expect(await findings('quotas')).toEqual([
      3,
      `${found} the configuration says 10000 a second, 5000 at once.`,
    ]);
    const lowered = config('endpoint: { accountRequestsPerSecond: 2_500, burst: 1_250 }');
    expect(await findings('quotas', lowered)).toEqual([0]);
    setLimits(15_000, 7_500, 1_000, 1_000);
    const raised = 'SLUICE_FINDING_QUOTA The account allows 15000 a second, 7500 at once; the stage takes';
    expect(await findings('quotas')).toEqual([0, `${raised} 10000 a second, 5000 at once.`]);
    const ofRate = config('endpoint: { accountRequestsPerSecond: 15_000 }');
    expect(await findings('quotas', ofRate)).toEqual([0, `${raised} 15000 a second, 5000 at once.`]);
    const ofBurst = config('endpoint: { burst: 7_500 }');
    expect(await findings('quotas', ofBurst)).toEqual([0, `${raised} 10000 a second, 7500 at once.`]);
    const ofStage = config('endpoint: { requestsPerSecond: 9_000, burst: 3_000 }');
    expect(await findings('quotas', ofStage)).toEqual([0]);
    account.answers.delete('apigateway /account');
    expect(await findings('quotas')).toEqual([
      3,
      'SLUICE_FINDING_UNREADABLE the quotas of API Gateway: AccessDeniedException: Not authorized to perform: apigateway:GET',
    ]);
  });

  it('compares the concurrency that a Function URL depends on with that of the account, and asks no gateway', async () => {
    account.answers.delete('apigateway /account');
    expect(await findings('quotas', config("endpoint: { kind: 'function-url' }"))).toEqual([0]);
    const asks = config("endpoint: { kind: 'function-url' }, collector: { accountConcurrency: 1_001 }");
    expect(await findings('quotas', asks)).toEqual([
      3,
      'SLUICE_FINDING_QUOTA The account allows 1000 executions at once without reservations; the configuration says 1001.',
    ]);
  });

  it('simulates what each role must be allowed, and each reader must and must not', async () => {
    deployed.describe({
      ...deployed.stack,
      resources: [
        ...deployed.stack.resources,
        { logicalId: 'ReaderStatsigRole', physicalId: 'statsig-role', type: 'AWS::IAM::Role' },
        { logicalId: 'ReaderBiUser', physicalId: 'bi-user', type: 'AWS::IAM::User' },
        { logicalId: 'RelayRole', physicalId: 'sluice-RelayRole-x', type: 'AWS::IAM::Role' },
      ],
    });
    const mayNot = /\/(landing|ledger|quarantine)\/x$|2026-01-01\/x$|^glue:DeleteTable .*statsig_forwarded/;
    // IAM denies what has a condition on a key that the context lacks.
    const isConditional = /role\/.*(Collect|Register|Relay)Role/;
    account.decide = (action, _resource, { source, context }) =>
      action === 's3:ListBucket' && isConditional.test(source) && !context.includes('s3:prefix')
        ? 'implicitDeny'
        : 'allowed';
    expect(await findings('roles', config('relay: { statsig: true }'))).toEqual([expect.any(Number)]);
    account.decide = (action, resource) =>
      mayNot.test(`${action} ${resource}`) ? 'implicitDeny' : 'allowed';
    expect(await findings('readers', config(READERS))).toEqual([3]);
    expect(await findings('roles', config(READERS))).toContain(
      "SLUICE_FINDING_ROLE_DENIED IAM's simulator: WriteRole: s3:GetObject on arn:aws:s3:::sluice-experiments/landing/x.",
    );
    expect(account.simulated.map(({ source }) => source)).toEqual(
      expect.arrayContaining([
        'arn:aws:iam::000000000000:role/statsig-role',
        'arn:aws:iam::000000000000:user/bi-user',
      ]),
    );
    expect(account.simulated.find(({ action }) => action === 'kms:Decrypt')?.context).toContain(
      's3.us-east-1.amazonaws.com',
    );

    account.decide = (_action, resource) => (resource.includes('/landing/') ? 'allowed' : 'explicitDeny');
    const [code, ...found] = await findings('readers', config(READERS));
    expect(code).toBe(3);
    for (const name of ['statsig', 'bi']) {
      expect(found).toContain(
        `SLUICE_FINDING_READER_ALLOWED ${name}: Landing: s3:GetObject on arn:aws:s3:::sluice-experiments/landing/x.`,
      );
      expect(found).toContainEqual(
        expect.stringMatching(
          `^SLUICE_FINDING_READER_DENIED ${name}: RunQueries: .*workgroup/sluice_${name}`,
        ),
      );
    }
  });

  it('finds a missing key, and skips an existing key in the local cloud', async () => {
    const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
    expect(await findings('key', config(`existing: { keyArn: '${keyArn}' }`))).toEqual([expect.any(Number)]);
    deployed.describe({ ...deployed.stack, outputs: { ...deployed.stack.outputs, KeyArn: keyArn } });
    expect(await findings('key')).toEqual([3, `SLUICE_FINDING_KEY_UNUSABLE ${keyArn} is not there.`]);
    deployed.describe(deployed.stack);
  });

  it('finds a bucket in another region, one of another account, and objects owned by their writers', async () => {
    const elsewhere = await deployed.doctor(['--region', 'eu-west-1']);
    expect(elsewhere.stdout).toContain(
      'sluice-experiments is in us-east-1, the stack in eu-west-1, seen now.',
    );
    const nowhere = await deployed.doctor(['--region', 'xx-nowhere-1']);
    expect(nowhere.stdout).toContain('SLUICE_FINDING_REGION_UNFIT');
    const url = config("endpoint: { kind: 'function-url' }");
    const without = await deployed.doctor(['--region', 'il-central-1'], url);
    expect(without.stdout).toContain('no Function URLs in il-central-1');
    expect(elsewhere.code).toBe(3);
    expect(nowhere.code).toBe(3);
    expect(without.code).toBe(3);

    const calls = { fault: 'failCalls', calls: 'all' } as const;
    deployed.faults.set({
      s3: [{ ...calls, operations: ['GetBucketLocation'], code: 'AccessDenied' }],
    });
    expect(await findings('bucket')).toEqual([
      3,
      expect.stringContaining(
        'SLUICE_FINDING_BUCKET_UNFIT sluice-experiments: S3 refuses s3:GetBucketLocation',
      ),
    ]);
    deployed.faults.clear();
    const code = 'OwnershipControlsNotFoundError';
    deployed.faults.set({
      s3: [{ ...calls, operations: ['GetBucketOwnershipControls'], code, status: 404 }],
    });
    expect(await findings('bucket-settings')).toEqual([
      3,
      expect.stringContaining('SLUICE_FINDING_BUCKET_UNFIT sluice-experiments, '),
    ]);
    deployed.faults.clear();
  });
});
