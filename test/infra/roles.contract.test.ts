import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { parseTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { decideCall } from '../lib/access/decideCall.ts';
import { type Role, readPolicies } from '../permissions/Policies.ts';
import { POLICY_LIMITS } from './limits.ts';

type Source = NonNullable<ConfigInput['sources']>[number];
type Export = NonNullable<ConfigInput['exports']>[number];

const account = '111122223333';
const BUCKET = 'acme-experiments';

/** The roles of a configuration: their policies, and the characters that IAM counts of each. */
function rolesOf(options: Partial<ConfigInput>) {
  const config = defineConfig({ bucket: BUCKET, ...options });
  const made = resources({ config, service: 'sluice', stage: 'prod' });
  const needed = /^(Ingest.*|Export)(Role|Queue|DeadLetterQueue)$|^(DataBucket|DataKey|Database|KeysSecret)$/;
  // Without what serverless.yml makes, and what refers to it.
  const Resources = Object.fromEntries(Object.entries(made.Resources).filter(([id]) => needed.test(id)));
  const resolved = resolveTemplate(parseTemplate({ Resources, Outputs: {} }), {
    ...{ region: 'ap-northeast-1', account, partition: 'aws', stackName: 'sluice-prod' },
    endpoint: 'http://127.0.0.1:4566',
  });
  const sizes = resolved.resources
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .map(({ logicalId, properties }) => [logicalId, JSON.stringify(properties['Policies']).length] as const);
  return { roles: readPolicies(resolved).roles, sizes };
}

const owner = (i: number) => String(444_455_550_000 + i);
const pad = (text: string, length: number) => text.padEnd(length, 'x');
const bucket = (i: number) => pad(`customer-${i}-`, 63);
const roleArn = (i: number) => `arn:aws:iam::${owner(i)}:role/${pad(`sluice/${i}/`, 128)}`;
const keyArn = (i: number) =>
  `arn:aws:kms:eu-west-1:${owner(i)}:key/12345678-12ab-34cd-56ef-${String(i).padStart(12, '0')}`;

/** As many and as long as the schema takes: 100 sources, and 200 datasets in one of them. */
const sources = (how: (i: number) => Partial<Source>, count = 100, datasets = 4): Source[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ name: pad(`source-${i}-`, 64), bucket: bucket(i), owner: owner(i) },
    ...how(i),
    datasets: Array.from({ length: i === 0 ? 200 : datasets }, (_one, j) => ({
      ...{ name: `set-${j}`, kind: 'events', folder: pad(`${j}-`, 512), table: pad(`t_${i}_${j}_`, 255) },
    })),
  }));
const exports = (how: (i: number) => Partial<Export['target']>, count = 100): Export[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ name: pad(`export-${i}-`, 64), table: pad(`t_${i}_0_`, 255) },
    target: { bucket: bucket(i), owner: owner(i), folder: pad(`${i}-`, 128), ...how(i) },
  }));

describe('roles of the ingest and the export', () => {
  const direct = () => ({});
  const byRole = (i: number) => ({ role: { arn: roleArn(i), externalId: 'made-by-us' } });
  const keyed = (i: number) => ({ region: 'eu-west-1' as const, kmsKeyArn: keyArn(i) });
  const mixed = (i: number) => (i % 2 === 0 ? byRole(i) : keyed(i));

  it.each<[string, (i: number) => { kmsKeyArn?: string; role?: { arn: string; externalId: string } }]>([
    ['let in by their buckets', direct],
    ['let in by roles', byRole],
    ['let in by their buckets and keys', keyed],
    ['let in by either', mixed],
  ])('have room for the largest configuration: %s', (_, how) => {
    const { sizes } = rolesOf({ sources: sources(how), exports: exports(how), database: 'd'.repeat(255) });
    expect(sizes.map(([id]) => id)).toEqual(
      expect.arrayContaining(['IngestPlanRole', 'IngestTriggerRole', 'IngestLoadRole', 'ExportRole']),
    );
    expect(sizes.filter(([, size]) => size > POLICY_LIMITS.role)).toEqual([]);
  });

  it('list all names while there is room, and otherwise still reach every customer and exclude our own data', async () => {
    const allowed = (count: number, id: string, action: string, resource: string, of: string) => {
      const { roles } = rolesOf({
        sources: sources(direct, count, 1),
        exports: exports(direct, count),
      });
      return decided(roles, id, { action, resource, of });
    };
    const theirs = (i: number, key: string) => `arn:aws:s3:::${bucket(i)}/${key}`;
    const read = ['IngestLoadRole', 's3:GetObject'] as const;
    const write = ['ExportRole', 's3:PutObject'] as const;
    for (const i of [0, 99]) {
      expect(await allowed(100, ...read, theirs(i, `${pad('0-', 512)}/2026-11-20/a`), owner(i))).toBe(
        'Allowed',
      );
      expect(await allowed(100, ...write, theirs(i, `${pad(`${i}-`, 128)}/a`), owner(i))).toBe('Allowed');
    }
    const stranger = 'arn:aws:s3:::of-a-stranger/a';
    const landed = `arn:aws:s3:::${BUCKET}/statsig/statsig_forwarded_events/a`;
    for (const [id, action] of [read, write]) {
      expect(await allowed(100, id, action, stranger, '999999999999')).not.toBe('Allowed');
      if (id === 'ExportRole') expect(await allowed(100, id, action, landed, account)).not.toBe('Allowed');
    }
    expect(await allowed(100, ...read, landed, account)).not.toBe('Allowed');
    // Another folder of a customer's bucket.
    expect(await allowed(1, ...write, theirs(0, 'else/a'), owner(0))).not.toBe('Allowed');
    expect(
      await allowed(100, 'IngestPlanRole', 's3:ListBucket', `arn:aws:s3:::${bucket(99)}`, owner(99)),
    ).toBe('Allowed');
  }, 120_000);

  describe('with many names, the first in our own account', () => {
    const ours = (i: number) => (i === 0 ? { owner: account } : {});
    const KEY = `arn:aws:kms:eu-west-1:${account}:key/12345678-12ab-34cd-56ef-000000000000`;
    const ROLE = `arn:aws:iam::${account}:role/sluice`;
    const keyed = (i: number) => ({
      ...ours(i),
      region: 'eu-west-1' as const,
      kmsKeyArn: i === 0 ? KEY : keyArn(i),
    });
    const byRole = (i: number) => ({
      ...ours(i),
      role: { arn: i === 0 ? ROLE : roleArn(i), externalId: 'made-by-us' },
    });

    it('reach the listed buckets of our account, no others of it, and still every customer’s', async () => {
      const { roles } = rolesOf({ sources: sources(ours), exports: exports(ours) });
      const s3 = (id: string, action: string, name: string, of = account) =>
        decided(roles, id, { action, resource: `arn:aws:s3:::${name}`, of });
      for (const [name, ofOurs, word] of [
        ['payroll-backups', true, 'ImplicitlyDenied'],
        [bucket(0), true, 'Allowed'],
        [bucket(99), false, 'Allowed'],
      ] as const) {
        const of = ofOurs ? account : owner(99);
        const words = [
          await s3('IngestPlanRole', 's3:ListBucket', name, of),
          await s3('IngestLoadRole', 's3:ListBucket', name, of),
          await s3('IngestLoadRole', 's3:GetObject', `${name}/a`, of),
          await s3('ExportRole', 's3:ListBucket', name, of),
          await s3('ExportRole', 's3:PutObject', `${name}/a`, of),
          await s3('ExportRole', 's3:DeleteObject', `${name}/a`, of),
        ];
        expect([name, words]).toEqual([name, words.map(() => word)]);
      }
    }, 120_000);

    it('assume the listed roles of our account, and use its listed keys', async () => {
      const [taking, using] = [byRole, keyed].map((how) =>
        rolesOf({ sources: sources(how), exports: exports(how) }),
      );
      const ids = ['IngestLoadRole', 'ExportRole'];
      for (const id of ['IngestPlanRole', ...ids]) {
        const take = (resource: string, of: string) =>
          decided(taking?.roles, id, { action: 'sts:AssumeRole', resource, of });
        expect([id, await take(`arn:aws:iam::${account}:role/admin`, account)]).toEqual([
          id,
          'ImplicitlyDenied',
        ]);
        expect([id, await take(ROLE, account)]).toEqual([id, 'Allowed']);
        expect([id, await take(roleArn(99), owner(99))]).toEqual([id, 'Allowed']);
      }
      const context = { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' };
      for (const id of ids) {
        const use = (resource: string, of: string, how: Readonly<Record<string, string>> = context) =>
          decided(using?.roles, id, { action: 'kms:Decrypt', resource, of, context: how });
        expect([id, await use(KEY.replaceAll('0', '9'), account)]).toEqual([id, 'ImplicitlyDenied']);
        expect([id, await use(KEY, account)]).toEqual([id, 'Allowed']);
        expect([id, await use(KEY, account, { 'kms:ViaService': 's3.us-east-1.amazonaws.com' })]).toEqual([
          id,
          'ImplicitlyDenied',
        ]);
        expect([id, await use(keyArn(99), owner(99))]).toEqual([id, 'Allowed']);
      }
    }, 120_000);
  });

  it('use a key only through the bucket that it encrypts, in its region, by default ours', async () => {
    const here = `arn:aws:kms:ap-northeast-1:${owner(0)}:key/12345678-12ab-34cd-56ef-000000000000`;
    const how = (i: number) =>
      i === 0 ? { kmsKeyArn: here } : { region: 'eu-west-1' as const, kmsKeyArn: keyArn(i) };
    const options = {
      sources: sources(how, 2, 1),
      exports: exports(how, 2),
      region: 'ap-northeast-1' as const,
    };
    const { roles } = rolesOf(options);
    for (const id of ['IngestLoadRole', 'ExportRole'])
      for (const [i, resource, region] of [
        [0, here, 'ap-northeast-1'],
        [1, keyArn(1), 'eu-west-1'],
      ] as const) {
        const use = (from: string) =>
          decided(roles, id, {
            action: 'kms:Decrypt',
            resource,
            of: owner(i),
            context: { 'kms:ViaService': `s3.${from}.amazonaws.com` },
          });
        expect([id, await use(region), await use('us-west-2')]).toEqual([id, 'Allowed', 'ImplicitlyDenied']);
      }
  }, 120_000);
});

/** One action of a role on something of an account, which leaves it to the policies of the role. */
async function decided(
  roles: readonly Role[] | undefined,
  id: string,
  asked: {
    readonly action: string;
    readonly resource: string;
    readonly of: string;
    readonly context?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const { action, resource, of, context } = asked;
  const one = roles?.find(({ logicalId }) => logicalId === id);
  return decideCall(
    {
      principal: `arn:aws:iam::${account}:role/${id}`,
      policies: [{ Version: '2012-10-17', Statement: one?.statements ?? [] }],
      resourceAccount: of,
      // Roles and keys let nobody of their own account by without their word, buckets do.
      ...(of === account && action.startsWith('s3:')
        ? {}
        : { resourcePolicy: { Version: '2012-10-17', Statement: [lets(action, resource)] } }),
    },
    { action, resources: [resource], context: { 'aws:ResourceAccount': of, ...context } },
  );
}

/** A statement with which a bucket's owner lets everybody in, so that only our role's policy decides. */
function lets(Action: string, Resource: string) {
  return { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action, Resource };
}
