import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { quotasLook } from '../../../observe/doctor/account/quotas.ts';
import { bucketLook } from '../../../observe/doctor/bucket/bucket.ts';
import { bucketSettingsLook } from '../../../observe/doctor/bucket/bucketSettings.ts';
import { keyLook } from '../../../observe/doctor/bucket/key.ts';
import type { Look } from '../../../observe/doctor/Look.ts';
import { readersLook } from '../../../observe/doctor/readers.ts';
import { rolesLook } from '../../../observe/doctor/roles.ts';
import { domainLook } from '../../../observe/doctor/stack/domain.ts';
import repositoryConfig from '../../../sluice.config.ts';
import { account, accountServices, limits, NOT_FOUND, ROOT } from './fakeAccount.ts';
import { startDeployment } from './startDeployment.ts';

/** The repository's configuration with other fields. */
const config = (fields: Partial<ConfigInput> = {}) => defineConfig({ ...repositoryConfig, ...fields });
const STATSIG = {
  kind: 'statsig',
  name: 'statsig',
  principal: '123456789012',
  externalId: 'project-7',
} as const;
const READERS = {
  readers: [STATSIG, { kind: 'metabase', name: 'bi' }],
} satisfies Pick<ConfigInput, 'readers'>;

const deployed = await startDeployment(accountServices);
afterAll(() => deployed.close());

/** The bucket has no setting of who owns what others write. */
const otherWriters = {
  fault: 'failCalls' as const,
  calls: 'all' as const,
  operations: ['GetBucketOwnershipControls'],
  code: 'OwnershipControlsNotFoundError',
  status: 404,
};

describe('sluice doctor, where only AWS can answer', () => {
  beforeEach(() => account.reset());
  afterEach(() => {
    deployed.faults.clear();
    deployed.describe(deployed.stack);
  });

  const setLimits = (...args: Parameters<typeof limits>) => {
    for (const [path, answer] of limits(...args)) account.answers.set(path, answer);
  };
  const findings = async (look: Look, fields?: Partial<ConfigInput>) =>
    (await deployed.look(look, config(fields))).map(
      ({ severity, code, detail }) => `${severity} ${code} ${detail}`,
    );

  it('asks for the domain, and whether its name leads there', async () => {
    const arn = 'arn:aws:acm:us-east-1:000000000000:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
    const asked = { endpoint: { domain: 'collect.acme.invalid', certificateArn: arn } };
    // A path without an answer is refused here.
    expect(await findings(domainLook, asked)).toEqual([
      'problem SLUICE_FINDING_UNREADABLE the check domain: AccessDeniedException: Not authorized to perform: apigateway:GET',
    ]);
    const regionalDomainName = 'd-1.execute-api.us-east-1.amazonaws.com.invalid';
    account.answers.set('apigateway /domainnames/collect.acme.invalid', {
      domainName: 'collect.acme.invalid',
      domainNameStatus: 'AVAILABLE',
      regionalDomainName,
      regionalCertificateArn: arn,
    });
    const dns = `problem SLUICE_FINDING_DOMAIN_UNFIT collect.acme.invalid has no address, expected the addresses of ${regionalDomainName}.`;
    expect(await findings(domainLook, asked)).toEqual([dns]);
    account.answers.set('apigateway /domainnames/collect.acme.invalid', NOT_FOUND);
    expect(await findings(domainLook, asked)).toEqual([
      'problem SLUICE_FINDING_RESOURCE_MISSING The domain collect.acme.invalid.',
    ]);
    expect(await findings(domainLook)).toEqual([]);
  });

  it('warns about a quota that is too low or nearly exhausted', async () => {
    setLimits(10_000, 5_000, 10, 10);
    const lambda = (all: number, reserved: string, queues = 4, upTo = 8, rest = 'has the rest') => [
      `warning SLUICE_FINDING_QUOTA Lambda: ${all} executions at once in the account, ${reserved}. The stack's ${queues} queues use up to ${upTo}, the collector ${rest}.`,
    ];
    const few = '0 of them reserved, expected 1000 or more';
    expect(await findings(quotasLook)).toEqual(lambda(10, few));
    expect(await findings(quotasLook, { curate: true, relay: { statsig: true, concurrency: 5 } })).toEqual(
      expect.arrayContaining(lambda(10, few, 5, 13)),
    );
    setLimits(10_000, 5_000, 1_000, 150);
    expect(await findings(quotasLook)).toEqual(lambda(1_000, '850 of them reserved'));
    setLimits(10_000, 5_000, 1_000, 300);
    // The collector's own are among those that are reserved.
    expect(await findings(quotasLook, { collector: { reservedConcurrency: 150 } })).toEqual([]);
    setLimits(10_000, 5_000, 1_000, 1_000);
    const wanted = (most: number) => findings(quotasLook, { collector: { reservedConcurrency: most } });
    const other = '0 of them reserved, the configuration reserves';
    expect(await wanted(850)).toEqual(lambda(1_000, `${other} 850`, 4, 8, 'has up to 850'));
    expect(await wanted(901)).toEqual(
      lambda(1_000, `${other} 901, expected 1001 or more`, 4, 8, 'has up to 901'),
    );
    expect(await findings(quotasLook, { write: { concurrency: 794 } })).toEqual([]);
    expect(await findings(quotasLook, { write: { concurrency: 795 } })).toEqual(
      lambda(1_000, '0 of them reserved', 4, 801),
    );
  });

  it("compares the stage's limits with those of the account in API Gateway", async () => {
    const allows = (severity: string, allowed: string, said: string) => [
      `${severity} SLUICE_FINDING_QUOTA The account allows ${allowed} at once; the ${said} at once.`,
    ];
    setLimits(10_000, 4_999, 1_000, 1_000);
    expect(await findings(quotasLook)).toEqual(
      allows('problem', '10000 a second, 4999', 'configuration says 10000 a second, 5000'),
    );
    setLimits(2_500, 1_250, 1_000, 1_000);
    expect(await findings(quotasLook)).toEqual(
      allows('problem', '2500 a second, 1250', 'configuration says 10000 a second, 5000'),
    );
    // Its default is lower.
    expect(await deployed.look(quotasLook, config(), { region: 'af-south-1' })).toEqual([]);
    const lowered = { endpoint: { accountRequestsPerSecond: 2_500, burst: 1_250 } };
    expect(await findings(quotasLook, lowered)).toEqual([]);
    setLimits(15_000, 7_500, 1_000, 1_000);
    const raised = async (endpoint: ConfigInput['endpoint'], takes: string) =>
      expect(await findings(quotasLook, { endpoint })).toEqual(
        allows('warning', '15000 a second, 7500', `stage takes ${takes}`),
      );
    await raised({}, '10000 a second, 5000');
    await raised({ accountRequestsPerSecond: 15_000 }, '15000 a second, 5000');
    await raised({ burst: 7_500 }, '10000 a second, 7500');
    const ofStage = { endpoint: { requestsPerSecond: 9_000, burst: 3_000 } };
    expect(await findings(quotasLook, ofStage)).toEqual([]);
    account.answers.delete('apigateway /account');
    expect(await findings(quotasLook)).toEqual([
      'problem SLUICE_FINDING_UNREADABLE the quotas of API Gateway: AccessDeniedException: Not authorized to perform: apigateway:GET',
    ]);
  });

  it('compares the concurrency that a Function URL depends on with that of the account, and asks no gateway', async () => {
    account.answers.delete('apigateway /account');
    expect(await findings(quotasLook, { endpoint: { kind: 'function-url' } })).toEqual([]);
    setLimits(10_000, 5_000, 1_000, 960);
    const asked = { endpoint: { kind: 'function-url' as const }, collector: { accountConcurrency: 960 } };
    expect(await findings(quotasLook, asked)).toEqual([]);
    expect(await findings(quotasLook, { ...asked, collector: { accountConcurrency: 961 } })).toEqual([
      'problem SLUICE_FINDING_QUOTA The account allows 960 executions at once without reservations; the configuration says 961.',
    ]);
    // Its own are among those that are reserved.
    const reserved = await findings(quotasLook, { ...asked, collector: { reservedConcurrency: 961 } });
    expect(reserved.filter((text) => text.startsWith('problem'))).toEqual([]);
    setLimits(10_000, 5_000, 150, 150);
    const beyond = await deployed.look(
      quotasLook,
      config({ ...asked, collector: { reservedConcurrency: 200 } }),
    );
    expect(beyond.filter(({ severity }) => severity === 'problem')).toMatchObject([
      {
        detail: 'The account allows 150 executions at once; the configuration says 200.',
        cure: expect.stringContaining('collector.reservedConcurrency'),
      },
    ]);
  });

  describe('simulations', () => {
    beforeEach(() => {
      const identities = [
        { logicalId: 'ReaderStatsigRole', physicalId: 'statsig-role', type: 'AWS::IAM::Role' },
        { logicalId: 'ReaderBiUser', physicalId: 'bi-user', type: 'AWS::IAM::User' },
        { logicalId: 'RelayRole', physicalId: 'sluice-RelayRole-x', type: 'AWS::IAM::Role' },
      ];
      deployed.describe({ ...deployed.stack, resources: [...deployed.stack.resources, ...identities] });
    });

    /** What no reader may do. */
    const MAY_NOT = /\/(landing|ledger|quarantine)\/x$|2026-01-01\/x$|^glue:DeleteTable .*statsig_forwarded/;
    const denyWhatReadersMayNot = () => {
      account.decide = (action, resource) =>
        MAY_NOT.test(`${action} ${resource}`) ? 'implicitDeny' : 'allowed';
    };

    it('of roles have the context that the conditions of their statements ask for', async () => {
      // IAM denies what has a condition on a key that the context lacks.
      const isConditional = /role\/.*(Collect|Register|Relay)Role/;
      account.decide = (action, _resource, { source, context }) =>
        action === 's3:ListBucket' && isConditional.test(source) && !context.includes('s3:prefix')
          ? 'implicitDeny'
          : 'allowed';
      expect(await findings(rolesLook, { relay: { statsig: true } })).toEqual([]);
    });

    it('of roles tell what they are denied', async () => {
      denyWhatReadersMayNot();
      expect(await findings(rolesLook)).toContain(
        "problem SLUICE_FINDING_ROLE_DENIED IAM's simulator: WriteRole: s3:GetObject on arn:aws:s3:::sluice-experiments/landing/x.",
      );
    });

    it('of roles ask about none that is not there yet', async () => {
      account.decide = () => 'implicitDeny';
      deployed.describe({ ...deployed.stack, resources: [] });
      expect(await findings(rolesLook)).toEqual([]);
    });

    it('of readers find nothing where they may do what they must, and nothing else', async () => {
      denyWhatReadersMayNot();
      expect(await findings(readersLook, READERS)).toEqual([]);
      expect(account.simulated.map(({ source }) => source)).toEqual(
        expect.arrayContaining([
          'arn:aws:iam::000000000000:role/statsig-role',
          'arn:aws:iam::000000000000:user/bi-user',
        ]),
      );
      expect(account.simulated.find(({ action }) => action === 'kms:Decrypt')?.context).toContain(
        's3.us-east-1.amazonaws.com',
      );
    });

    describe('where readers may do only what they must not', () => {
      beforeEach(() => {
        const wrongly =
          /^s3:PutObject .*statsig_forwarded_events.*2026-01-01\/x$|^glue:DeleteTable |\/landing\/x$/;
        account.decide = (action, resource) =>
          wrongly.test(`${action} ${resource}`) ? 'allowed' : 'explicitDeny';
      });

      it.each(['statsig', 'bi'])('tell all of it of %s', async (name) => {
        const found = await findings(readersLook, READERS);
        for (const told of [
          `ALLOWED ${name}: Landing: s3:GetObject on arn:aws:s3:::sluice-experiments/landing/x\\.$`,
          `ALLOWED ${name}: Tables: glue:DeleteTable on .*\\.$`,
          `ALLOWED ${name}: Rows: s3:PutObject on .*2026-01-01/x\\.$`,
          `DENIED ${name}: RunQueries: .*workgroup/sluice_${name}`,
        ]) {
          expect(found).toContainEqual(expect.stringMatching(`^problem SLUICE_FINDING_READER_${told}`));
        }
      });

      it('do not tell of rows that the forwarding of Statsig writes there', async () => {
        const found = await findings(readersLook, { readers: [{ ...STATSIG, statsigForwardsHere: true }] });
        expect(found.filter((text) => text.includes('READER_ALLOWED statsig: Rows'))).toEqual([]);
        expect(found).toContainEqual(expect.stringContaining('READER_ALLOWED statsig: Landing'));
      });
    });
  });

  it('finds a missing key, and skips an existing key in the local cloud', async () => {
    const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
    expect(await findings(keyLook, { existing: { keyArn } })).toEqual([]);
    deployed.describe({ ...deployed.stack, outputs: { ...deployed.stack.outputs, KeyArn: keyArn } });
    expect(await findings(keyLook)).toEqual([`problem SLUICE_FINDING_KEY_UNUSABLE ${keyArn} is not there.`]);
    // A stack that is not complete has no outputs.
    deployed.describe({ ...deployed.stack, outputs: {} });
    expect(await findings(keyLook)).toEqual([]);
    const resources = deployed.stack.resources.filter(({ logicalId }) => logicalId !== logicalIds.key);
    deployed.describe({ ...deployed.stack, outputs: {}, resources });
    expect(await findings(bucketSettingsLook)).toEqual([]);
    expect(await findings(keyLook)).toEqual([
      'problem SLUICE_FINDING_RESOURCE_MISSING The key of sluice-local.',
    ]);
    expect(await findings(keyLook, { encryption: 's3' })).toEqual([]);
  });

  it('finds credentials of another account than the configured one, of which the local cloud has one', async () => {
    const ofAccount = async (id: string, isLocal: boolean) =>
      (await deployed.look(keyLook, config({ account: id, encryption: 's3' }), { isLocal })).map(
        ({ code }) => code,
      );
    const other = '111122223333';
    expect(await ofAccount(other, false)).toEqual(['SLUICE_FINDING_CREDENTIALS']);
    expect(await ofAccount(other, true)).toEqual([]);
    account.caller = { ...ROOT, account: other };
    expect(await ofAccount(other, false)).toEqual([]);
  });

  it.each([
    {
      what: 'another region than that of the bucket',
      region: 'eu-west-1',
      fields: {},
      told: 'sluice-experiments is in us-east-1, the stack in eu-west-1.',
    },
    { what: 'a region that there is not', region: 'xx-nowhere-1', fields: {}, told: 'xx-nowhere-1.' },
    {
      what: 'a region without Function URLs',
      region: 'il-central-1',
      fields: { endpoint: { kind: 'function-url' } },
      told: expect.stringContaining('il-central-1'),
    },
  ] as const)('finds a stack in $what', async ({ region, fields, told }) => {
    const found = await deployed.look(bucketLook, config(fields), { region });
    expect(found.map(({ detail }) => detail)).toEqual([told]);
  });

  it('finds a bucket of another account, whose region S3 denies', async () => {
    const calls = { fault: 'failCalls', calls: 'all' } as const;
    deployed.faults.set({ s3: [{ ...calls, operations: ['GetBucketLocation'], code: 'AccessDenied' }] });
    expect(await findings(bucketLook)).toEqual([
      expect.stringContaining(
        'problem SLUICE_FINDING_BUCKET_UNFIT sluice-experiments: S3 refuses s3:GetBucketLocation',
      ),
    ]);
  });

  it('finds a bucket whose objects their writers own', async () => {
    deployed.faults.set({ s3: [otherWriters] });
    expect(await findings(bucketSettingsLook)).toEqual([
      expect.stringContaining('problem SLUICE_FINDING_BUCKET_UNFIT sluice-experiments, '),
    ]);
  });

  it('finds objects of others in a brought bucket that its rules would delete, three of each folder', async () => {
    const s3 = new S3Client({ ...deployed.options, forcePathStyle: true });
    const { bucket: Bucket } = deployed;
    const brought: Partial<ConfigInput> = {
      existing: { bucket: true },
      encryption: 's3',
      retention: { quarantineDays: 7 },
    };
    const found = async () =>
      (await findings(bucketSettingsLook, brought)).filter((text) => text.includes('theirs'));
    const keys = [
      'quarantine-large/theirs-1',
      'quarantine-large/theirs-2',
      'quarantine-large/theirs-3',
      'quarantine-large/theirs-4',
      'statsig/theirs',
    ];
    expect(await found()).toEqual([]);
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    s3.destroy();
    deployed.faults.set({ s3: [otherWriters] });
    expect(await found()).toEqual([
      `problem SLUICE_FINDING_BUCKET_UNFIT ${Bucket}: ${keys.slice(0, 3).join(', ')}.`,
    ]);
    deployed.faults.clear();
    expect(await findings(bucketSettingsLook)).toEqual([]);
  });
});
