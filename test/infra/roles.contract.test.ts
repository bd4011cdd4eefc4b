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

const sources = (how: (i: number) => Partial<Source>, count: number): Source[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ name: pad(`source-${i}-`, 64), bucket: bucket(i), owner: owner(i) },
    ...how(i),
    datasets: [{ name: 'set', kind: 'events', folder: pad(`${i}-`, 128), table: pad(`t_${i}_`, 64) }],
  }));
const exports = (how: (i: number) => Partial<Export['target']>, count: number): Export[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ name: pad(`export-${i}-`, 64), table: pad(`t_${i}_`, 64) },
    target: { bucket: bucket(i), owner: owner(i), folder: pad(`to-${i}-`, 128), ...how(i) },
  }));

describe('roles of the ingest and the export', () => {
  const COUNT = 8;
  const direct = () => ({});
  const byRole = (i: number) => ({ role: { arn: roleArn(i), externalId: 'made-by-us' } });
  const keyed = (i: number) => ({ region: 'eu-west-1' as const, kmsKeyArn: keyArn(i) });

  it.each<[string, (i: number) => { kmsKeyArn?: string; role?: { arn: string; externalId: string } }]>([
    ['let in by their buckets', direct],
    ['let in by roles', byRole],
    ['let in by their buckets and keys', keyed],
  ])('fit what IAM takes, or are refused by name: %s', (_, how) => {
    const made = (count: number) => rolesOf({ sources: sources(how, count), exports: exports(how, count) });
    const { sizes } = made(COUNT);
    expect(sizes.map(([id]) => id)).toEqual(
      expect.arrayContaining(['IngestPlanRole', 'IngestTriggerRole', 'IngestLoadRole', 'ExportRole']),
    );
    expect(sizes.filter(([, size]) => size > POLICY_LIMITS.role)).toEqual([]);
    expect(() => made(100)).toThrow(expect.objectContaining({ code: 'SLUICE_CONFIG_ROLE_TOO_LARGE' }));
  });

  it('reach every customer, no other folder, nobody else and none of our own data', async () => {
    const { roles } = rolesOf({ sources: sources(direct, COUNT), exports: exports(direct, COUNT) });
    const allowed = (id: string, action: string, resource: string, of: string) =>
      decided(roles, id, { action, resource: `arn:aws:s3:::${resource}`, of });
    const folder = (i: number, from = '') => `${bucket(i)}/${pad(`${from}${i}-`, 128)}`;
    for (const i of [0, COUNT - 1]) {
      expect(await allowed('IngestPlanRole', 's3:ListBucket', bucket(i), owner(i))).toBe('Allowed');
      expect(await allowed('IngestLoadRole', 's3:GetObject', `${folder(i)}/2026-11-20/a`, owner(i))).toBe(
        'Allowed',
      );
      expect(await allowed('ExportRole', 's3:PutObject', `${folder(i, 'to-')}/a`, owner(i))).toBe('Allowed');
    }
    for (const [id, action] of [
      ['IngestLoadRole', 's3:GetObject'],
      ['ExportRole', 's3:PutObject'],
    ] as const)
      for (const [resource, of] of [
        ['of-a-stranger/a', '999999999999'],
        [`${bucket(0)}/else/a`, owner(0)],
        [`${BUCKET}/statsig/statsig_forwarded_events/a`, account],
      ] as const)
        expect([id, resource, await allowed(id, action, resource, of)]).toEqual([
          id,
          resource,
          'ImplicitlyDenied',
        ]);
  }, 120_000);

  it('assume the roles that are listed, and no other', async () => {
    const { roles } = rolesOf({ sources: sources(byRole, 2), exports: exports(byRole, 2) });
    for (const id of ['IngestPlanRole', 'IngestLoadRole', 'ExportRole']) {
      const take = (resource: string, of: string) =>
        decided(roles, id, { action: 'sts:AssumeRole', resource, of });
      expect([
        id,
        await take(roleArn(1), owner(1)),
        await take(`arn:aws:iam::${account}:role/admin`, account),
      ]).toEqual([id, 'Allowed', 'ImplicitlyDenied']);
    }
  }, 120_000);

  it('use a key only through the bucket that it encrypts, in its region, by default ours', async () => {
    const here = `arn:aws:kms:ap-northeast-1:${owner(0)}:key/12345678-12ab-34cd-56ef-000000000000`;
    const how = (i: number) =>
      i === 0 ? { kmsKeyArn: here } : { region: 'eu-west-1' as const, kmsKeyArn: keyArn(i) };
    const options = {
      sources: sources(how, 2),
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
