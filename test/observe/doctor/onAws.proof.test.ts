import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AthenaClient,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  UpdateWorkGroupCommand,
} from '@aws-sdk/client-athena';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import {
  AwsError,
  type AwsService,
  jsonService,
  operation,
  queryOperation,
  queryService,
} from '../../../packages/local-aws/src/protocol/index.ts';
import { type StartedDeployment, startDeployment } from './startDeployment.ts';

/** Services that only AWS has: quotas, and IAM's simulator. Each test sets their answers. */
const quotas = new Map<string, { QuotaName: string; Value: number }>();
const simulated: { action: string; source: string; resources: string[]; context: string }[] = [];
let decide: (action: string, resource: string) => string = () => 'allowed';

const serviceQuotas = jsonService({
  signingName: 'servicequotas',
  targetPrefix: 'ServiceQuotasV20190624',
  contentType: 'application/x-amz-json-1.1',
  invalidInput: (message) => new AwsError('IllegalArgumentException', 400, message),
  operations: {
    ListServiceQuotas: operation({
      input: z.strictObject({ ServiceCode: z.string(), NextToken: z.string().optional() }),
      // The one that is looked for is on the second page.
      run({ ServiceCode, NextToken }) {
        if (NextToken === undefined) return { Quotas: [{ QuotaName: 'Another', Value: 1 }], NextToken: '2' };
        const quota = quotas.get(ServiceCode);
        return {
          Quotas: quota === undefined ? [] : [{ ServiceName: ServiceCode, QuotaCode: 'L-1', ...quota }],
        };
      },
    }),
  },
});

/** Permissions boundaries by the names of roles and users. */
const boundaries = new Map<string, string>();
const NOT_FOUND = Symbol('not found');

/** Services of the REST protocol, by the service and path of each request. */
const answers = new Map<string, unknown>();
const restService = (signingName: string): AwsService => ({
  signingName,
  async handle({ rawPath, body }) {
    body.resume();
    const answer = answers.get(`${signingName} ${rawPath}`);
    if (answer === NOT_FOUND)
      return {
        status: 404,
        headers: { 'x-amzn-errortype': 'NotFoundException' },
        body: '{"message":"No such domain."}',
      };
    return answer === undefined
      ? {
          status: 403,
          headers: { 'x-amzn-errortype': 'AccessDeniedException' },
          body: '{"message":"No."}',
        }
      : { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
  },
});
const iam = queryService({
  signingName: 'iam',
  version: '2010-05-08',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  operations: new Map([
    ...(['Role', 'User'] as const).map((kind) =>
      queryOperation({
        name: `Get${kind}`,
        input: z.record(z.string(), z.string()),
        run(members) {
          const name = members[`${kind}Name`] ?? '';
          const arn = boundaries.get(name);
          return [
            [
              kind,
              [
                [`${kind}Name`, name],
                arn === undefined ? undefined : ['PermissionsBoundary', [['PermissionsBoundaryArn', arn]]],
              ],
            ],
          ];
        },
      }),
    ),
    queryOperation({
      name: 'SimulatePrincipalPolicy',
      input: z.record(z.string(), z.string()),
      run(members) {
        const listed = (prefix: string) =>
          Object.keys(members)
            .filter((name) => name.startsWith(prefix))
            .sort()
            .map((name) => members[name] ?? '');
        const [action = ''] = listed('ActionNames.member.');
        const resources = listed('ResourceArns.member.');
        const context = listed('ContextEntries.member.1.').join(' ');
        simulated.push({ action, source: members['PolicySourceArn'] ?? '', resources, context });
        return [
          ['IsTruncated', false],
          [
            'EvaluationResults',
            resources.map((resource) => [
              'member',
              [
                ['EvalActionName', action],
                ['EvalResourceName', resource],
                ['EvalDecision', decide(action, resource)],
              ],
            ]),
          ],
        ];
      },
    }),
  ]),
});

const directory = mkdtempSync(join(tmpdir(), 'sluice-doctor-'));
const config = (fields: string) => {
  const file = join(directory, `sluice.config.${fields.length}.mjs`);
  writeFileSync(
    file,
    `import { defineConfig } from '${repositoryRoot}/lib/config/defineConfig.ts';
import base from '${repositoryRoot}/sluice.config.ts';
export default defineConfig({ ...base, ${fields} });`,
  );
  return { SLUICE_CONFIG: file };
};
const READERS = `readers: [
  { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' },
  { kind: 'metabase', name: 'bi' },
]`;

describe('sluice doctor, where only AWS can answer', () => {
  let deployed: StartedDeployment;
  beforeAll(async () => {
    deployed = await startDeployment(undefined, [
      ...[serviceQuotas, iam],
      ...['apigateway', 'lambda'].map(restService),
    ]);
  });
  afterAll(async () => {
    await deployed.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    account(10_000, 5_000, 1_000, 1_000);
    quotas.set('firehose', { QuotaName: 'Rate of Put requests', Value: 2_000 });
    quotas.set('glue', { QuotaName: 'Number of partitions per table', Value: 10_000_000 });
    simulated.length = 0;
  });

  const account = (rateLimit: number, burstLimit: number, total: number, unreserved: number) => {
    answers.set('apigateway /account', { throttleSettings: { rateLimit, burstLimit } });
    answers.set('lambda /2016-08-19/account-settings', {
      AccountLimit: { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved },
    });
  };
  const findings = async (check: string, env?: Readonly<Record<string, string>>) => {
    const { code, report } = await deployed.diagnose(env);
    const found = report.checks.find((one) => one.check === check)?.findings ?? [];
    return [code, ...found.map((one) => `${one.code} ${one.detail}`)];
  };

  it('asks for the domain, and whether its name leads there', async () => {
    const arn = 'arn:aws:acm:us-east-1:000000000000:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
    const asked = config(`endpoint: { domain: 'collect.acme.invalid', certificateArn: '${arn}' }`);
    // A path without an answer is refused here.
    expect(await findings('domain', asked)).toEqual([
      3,
      'SLUICE_STATUS_UNREADABLE The permission apigateway:GET is missing.',
    ]);
    const regionalDomainName = 'd-1.execute-api.us-east-1.amazonaws.com.invalid';
    const tell = (more: object) =>
      answers.set('apigateway /domainnames/collect.acme.invalid', {
        ...{ domainName: 'collect.acme.invalid', domainNameStatus: 'AVAILABLE', regionalDomainName },
        ...{ regionalCertificateArn: arn, ...more },
      });
    const dns = `SLUICE_DOCTOR_DOMAIN_UNFIT collect.acme.invalid has no address, expected the addresses of ${regionalDomainName}.`;
    tell({});
    expect(await findings('domain', asked)).toEqual([0, dns]);
    tell({ domainNameStatus: 'PENDING_OWNERSHIP_VERIFICATION', regionalCertificateArn: 'arn:other' });
    expect(await findings('domain', asked)).toEqual([
      3,
      `SLUICE_DOCTOR_DOMAIN_UNFIT collect.acme.invalid is PENDING_OWNERSHIP_VERIFICATION; it has the certificate arn:other, configured is ${arn}.`,
      dns,
    ]);
    answers.set('apigateway /domainnames/collect.acme.invalid', NOT_FOUND);
    expect(await findings('domain', asked)).toEqual([
      3,
      'SLUICE_DOCTOR_RESOURCE_MISSING The domain collect.acme.invalid.',
    ]);
    expect(await findings('domain')).toEqual([0]);
  });

  it('asks every role and user of the stack for its boundary', async () => {
    const wanted = 'arn:aws:iam::000000000000:policy/boundary';
    const asked = config(`permissionsBoundary: '${wanted}'`);
    const roles = deployed.stack.resources.filter(({ type }) => type === 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(5);
    for (const { physicalId } of roles) boundaries.set(physicalId, wanted);
    deployed.tell({
      ...deployed.stack,
      resources: [
        ...deployed.stack.resources,
        { logicalId: 'ReaderBiUser', physicalId: 'bi-user', type: 'AWS::IAM::User' },
      ],
    });
    const missing = 'SLUICE_DOCTOR_DRIFT';
    expect(await findings('boundary', asked)).toEqual([
      3,
      `${missing} bi-user has none, expected ${wanted}.`,
    ]);
    boundaries.set('bi-user', wanted);
    expect(await findings('boundary', asked)).toEqual([0]);
    const [first] = roles.map(({ physicalId }) => physicalId);
    boundaries.set(first ?? '', 'arn:aws:iam::000000000000:policy/wider');
    expect(await findings('boundary', asked)).toEqual([
      3,
      `${missing} ${first} has arn:aws:iam::000000000000:policy/wider, expected ${wanted}.`,
    ]);
    expect(await findings('boundary')).toEqual([0]);
    deployed.tell(deployed.stack);
  });

  it('accepts the default quotas', async () => {
    expect(await findings('quotas')).toEqual([0]);
  });

  it('warns about a quota that is too low or nearly exhausted', async () => {
    account(10_000, 5_000, 10, 10);
    quotas.set('firehose', { QuotaName: 'Rate of Put requests', Value: 900 });
    const low = 'SLUICE_DOCTOR_QUOTA';
    const lambda = `${low} Lambda: 10 executions at once in the account, 0 of them reserved, expected 1000 or more.`;
    expect(await findings('quotas')).toEqual([
      0,
      `${lambda} The stack's 5 queues use up to 10, the collector has the rest.`,
      `${low} firehose, Rate of Put requests (L-1): 900 calls a second on a stream, expected 1000 or more.`,
    ]);
    expect(
      await findings('quotas', config('curate: true, relay: { statsig: true, concurrency: 5 }')),
    ).toContain(`${lambda} The stack's 7 queues use up to 17, the collector has the rest.`);
    account(10_000, 5_000, 1_000, 150);
    quotas.set('firehose', { QuotaName: 'Rate of Put requests', Value: 2_000 });
    const near = [
      0,
      'SLUICE_DOCTOR_QUOTA Lambda: 1000 executions at once in the account, 850 of them reserved.',
    ];
    expect(await findings('quotas')).toEqual(near);
    account(10_000, 5_000, 1_000, 1_000);
    expect(await findings('quotas', config('collector: { reservedConcurrency: 850 }'))).toEqual(near);
  });

  it("compares the stage's limits with those of the account in API Gateway", async () => {
    account(2_500, 1_250, 1_000, 1_000);
    const found = 'SLUICE_DOCTOR_QUOTA The account allows 2500 a second, 1250 at once;';
    expect(await findings('quotas')).toEqual([
      3,
      `${found} the configuration says 10000 a second, 5000 at once.`,
    ]);
    const lowered = config('endpoint: { accountRequestsPerSecond: 2_500, burst: 1_250 }');
    expect(await findings('quotas', lowered)).toEqual([0]);
    answers.delete('apigateway /account');
    expect(await findings('quotas')).toEqual([
      3,
      'SLUICE_STATUS_UNREADABLE The permission apigateway:GET is missing.',
    ]);
  });

  it('compares the concurrency that a Function URL depends on with that of the account, and asks no gateway', async () => {
    answers.delete('apigateway /account');
    expect(await findings('quotas', config("endpoint: { kind: 'function-url' }"))).toEqual([0]);
    const asks = config("endpoint: { kind: 'function-url' }, collector: { accountConcurrency: 1_001 }");
    expect(await findings('quotas', asks)).toEqual([
      3,
      'SLUICE_DOCTOR_QUOTA The account allows 1000 executions at once without reservations; the configuration says 1001.',
    ]);
    // Other functions have reserved 300.
    account(10_000, 5_000, 1_000, 700);
    const url = (collector: string) =>
      config(`endpoint: { kind: 'function-url' }, collector: { ${collector} }`);
    const lower = 'SLUICE_DOCTOR_QUOTA The account allows 700 executions at once without reservations;';
    expect(await findings('quotas', url(''))).toEqual([3, `${lower} the configuration says 1000.`]);
    expect(await findings('quotas', url('accountConcurrency: 700'))).toEqual([0]);
    expect(await findings('quotas', url('reservedConcurrency: 300'))).toEqual([0]);
  });

  it('names a quota that it could not find', async () => {
    quotas.delete('firehose');
    expect(await findings('quotas')).toEqual([
      0,
      'SLUICE_DOCTOR_UNCHECKED Service Quotas of firehose has no Rate of Put requests.',
    ]);
  });

  it('checks the workgroup `primary` only if OWOX is a reader', async () => {
    const athena = new AthenaClient(deployed.options);
    const enforce = (enforced: boolean) =>
      athena.send(
        new UpdateWorkGroupCommand({
          WorkGroup: 'primary',
          ConfigurationUpdates: { EnforceWorkGroupConfiguration: enforced },
        }),
      );
    const owox = config("readers: [{ kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' }]");
    await enforce(true);
    expect(await findings('owox-workgroup')).toEqual([0]);
    expect(await findings('owox-workgroup', owox)).toEqual([
      3,
      'SLUICE_DOCTOR_PRIMARY_UNFIT primary enforces settings without a location.',
    ]);
    await enforce(false);
    expect(await findings('owox-workgroup', owox)).toEqual([3]);
    athena.destroy();
  });

  it('reports a configured reader that is not deployed', async () => {
    expect(await findings('readers', config(READERS))).toEqual([
      3,
      'SLUICE_DOCTOR_RESOURCE_MISSING The role or user of the reader statsig.',
      'SLUICE_DOCTOR_RESOURCE_MISSING The role or user of the reader bi.',
    ]);
  });

  it('checks the workgroups of readers and their result locations', async () => {
    const missing = 'SLUICE_DOCTOR_RESOURCE_MISSING';
    expect(await findings('workgroup', config(READERS))).toEqual([
      3,
      `${missing} The workgroup sluice_statsig.`,
      `${missing} The workgroup sluice_bi.`,
    ]);
    const athena = new AthenaClient(deployed.options);
    const own = { OutputLocation: 's3://sluice-experiments/query-results/bi/' };
    for (const Name of ['sluice_statsig', 'sluice_bi'])
      await athena.send(new CreateWorkGroupCommand({ Name, Configuration: { ResultConfiguration: own } }));
    const [, ...found] = await findings('workgroup', config(READERS));
    const elsewhere = found.filter((one) => String(one).startsWith('SLUICE_DOCTOR_DRIFT'));
    expect(elsewhere).toEqual([
      'SLUICE_DOCTOR_DRIFT sluice_statsig: results go to s3://sluice-experiments/query-results/bi/, expected s3://sluice-experiments/query-results/statsig/.',
    ]);
    for (const WorkGroup of ['sluice_statsig', 'sluice_bi'])
      await athena.send(new DeleteWorkGroupCommand({ WorkGroup }));
    athena.destroy();
  });

  it('simulates what each reader must and must not be allowed', async () => {
    deployed.tell({
      ...deployed.stack,
      resources: [
        ...deployed.stack.resources,
        { logicalId: 'ReaderStatsigRole', physicalId: 'statsig-role', type: 'AWS::IAM::Role' },
        { logicalId: 'ReaderBiUser', physicalId: 'bi-user', type: 'AWS::IAM::User' },
      ],
    });
    const mayNot =
      /:(landing|overflow|ledger|quarantine|parked)\/|^(glue:DeleteTable|s3:PutObject|s3:DeleteObject) /;
    decide = (action, resource) =>
      mayNot.test(`${action} ${resource.replace('sluice-experiments/', ':')}`) ? 'implicitDeny' : 'allowed';
    // The workgroups of readers are not deployed here, which another check finds.
    expect(await findings('readers', config(READERS))).toEqual([3]);
    expect(new Set(simulated.map(({ source }) => source))).toEqual(
      new Set(['arn:aws:iam::000000000000:role/statsig-role', 'arn:aws:iam::000000000000:user/bi-user']),
    );
    expect(simulated.find(({ action }) => action === 'kms:Decrypt')?.context).toContain(
      's3.us-east-1.amazonaws.com',
    );

    decide = (_action, resource) => (resource.includes('/overflow/') ? 'allowed' : 'explicitDeny');
    const [code, ...found] = await findings('readers', config(READERS));
    expect(code).toBe(3);
    for (const name of ['statsig', 'bi']) {
      expect(found).toContain(
        `SLUICE_DOCTOR_READER_ALLOWED ${name}: s3:GetObject on arn:aws:s3:::sluice-experiments/overflow/x.`,
      );
      expect(found).toContain(
        `SLUICE_DOCTOR_READER_DENIED ${name}: athena:StartQueryExecution on arn:aws:athena:us-east-1:000000000000:workgroup/sluice_${name}.`,
      );
    }
  });

  it('simulates readers on the tables of curated days before any view reads them', async () => {
    decide = (action, resource) =>
      /^(glue:DeleteTable|s3:PutObject|s3:DeleteObject)$/.test(action) ||
      /\/(landing|overflow|ledger|quarantine|parked|ingested\/curated_events)\/|:table\/sluice\/curated_events$/.test(
        resource,
      )
        ? 'implicitDeny'
        : 'allowed';
    const bi = "readers: [{ kind: 'metabase', name: 'bi' }]";
    const denied = (code: string, name: string) => [
      `${code} ${name}: s3:GetObject on arn:aws:s3:::sluice-experiments/statsig/ingested/curated_events/2026-01-01/v1/part.parquet.`,
      `${code} ${name}: glue:GetTable on arn:aws:glue:us-east-1:000000000000:table/sluice/curated_events.`,
      `${code} ${name}: glue:GetPartitions on arn:aws:glue:us-east-1:000000000000:table/sluice/curated_events.`,
    ];
    const later = await findings('readers', config(`${bi}, curate: false`));
    expect(later.slice(1)).toEqual(denied('SLUICE_DOCTOR_READER_DENIED', 'bi'));
    const now = await findings('readers', config(`${bi}, curate: true`));
    expect(now).toEqual([3, ...denied('SLUICE_DOCTOR_READER_DENIED', 'bi')]);
  });

  it('simulates what a load by Athena needs', async () => {
    const { stack } = deployed;
    const role = { logicalId: 'IngestLoadRole', physicalId: 'load-role', type: 'AWS::IAM::Role' };
    deployed.tell({ ...stack, resources: [...stack.resources, role] });
    const sources = (engine: string) =>
      config(`sources: [{ name: 'acme', bucket: 'acme-drops', owner: '111122223333',
        datasets: [{ name: 'events', kind: 'events', engine: '${engine}' }] }]`);
    decide = (action, resource) =>
      action === 'athena:StopQueryExecution' || /^s3:GetObject .*acme-drops/.test(`${action} ${resource}`)
        ? 'explicitDeny'
        : 'allowed';
    simulated.length = 0;
    const found = await findings('athena-loads', sources('auto'));
    expect(found.filter((one) => String(one).includes('_DENIED'))).toEqual([
      'SLUICE_DOCTOR_READER_DENIED load-role: athena:StopQueryExecution on arn:aws:athena:us-east-1:000000000000:workgroup/sluice-loads.',
      'SLUICE_DOCTOR_READER_DENIED load-role: s3:GetObject on arn:aws:s3:::acme-drops/events/x.',
    ]);
    expect(new Set(simulated.map(({ source }) => source))).toEqual(
      new Set(['arn:aws:iam::000000000000:role/load-role']),
    );
    expect(simulated.find(({ action }) => action === 'kms:Decrypt')?.context).toContain(
      's3.us-east-1.amazonaws.com',
    );
    expect(await findings('athena-loads', sources('lambda'))).toEqual([expect.any(Number)]);
    deployed.tell(stack);
    decide = () => 'allowed';
  });

  it('finds a missing key, and skips an existing key in the local cloud', async () => {
    const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
    expect(await findings('key', config(`existing: { keyArn: '${keyArn}' }`))).toEqual([
      expect.any(Number),
      `SLUICE_DOCTOR_UNCHECKED ${keyArn}.`,
    ]);
    const { stack } = deployed;
    const resources = stack.resources.map((one) =>
      one.type === 'AWS::KMS::Key' ? { ...one, physicalId: keyArn } : one,
    );
    deployed.tell({ ...stack, resources });
    expect(await findings('key')).toEqual([
      3,
      expect.stringContaining(`SLUICE_DOCTOR_RESOURCE_MISSING Key '${keyArn}' does not exist`),
    ]);
    deployed.tell({ ...stack, resources: stack.resources.filter(({ type }) => type !== 'AWS::KMS::Key') });
    expect(await findings('key')).toEqual([3, 'SLUICE_DOCTOR_RESOURCE_MISSING sluice-local has no DataKey.']);
    deployed.tell(stack);
  });

  it('finds a bucket in another region, one of another account, and objects owned by their writers', async () => {
    const elsewhere = await deployed.doctor(['--region', 'eu-west-1']);
    expect(elsewhere.stdout).toContain('sluice-experiments is in us-east-1, the stack in eu-west-1.');
    const nowhere = await deployed.doctor(['--region', 'xx-nowhere-1']);
    expect(nowhere.stdout).toContain('SLUICE_DOCTOR_REGION_UNFIT');
    expect([elsewhere.code, nowhere.code]).toEqual([3, 3]);

    const calls = { fault: 'failCalls', calls: 'all' } as const;
    deployed.faults.set({ s3: [{ ...calls, operations: ['GetBucketLocation'], code: 'AccessDenied' }] });
    expect(await findings('bucket')).toEqual([
      3,
      expect.stringContaining(
        'SLUICE_DOCTOR_BUCKET_UNFIT sluice-experiments: S3 refuses s3:GetBucketLocation',
      ),
    ]);
    deployed.faults.clear();
    const code = 'OwnershipControlsNotFoundError';
    deployed.faults.set({
      s3: [{ ...calls, operations: ['GetBucketOwnershipControls'], code, status: 404 }],
    });
    expect(await findings('bucket-settings')).toEqual([
      3,
      expect.stringContaining('SLUICE_DOCTOR_BUCKET_UNFIT sluice-experiments:'),
    ]);
    deployed.faults.clear();
  });
});
