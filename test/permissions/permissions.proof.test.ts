import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { startCloud } from '../../local/startCloud.ts';
import type { NeededPermission, RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { decide } from './decide.ts';
import { deployed, useConfig } from './deployed.ts';
import { narrower } from './narrower.ts';
import type { Policies } from './Policies.ts';
import { heldPage, rolesOnPage } from './permissionsPage.ts';
import { walks } from './walks.ts';

const broughtKey = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab';
/** The policy of an existing key leaves decisions to IAM, as docs/deploy.md asks. */
const leftToIam = {
  Effect: 'Allow' as const,
  Principal: { AWS: 'arn:aws:iam::000000000000:root' },
  Action: ['kms:*'],
  Resource: ['*'],
};
const configurations = {
  // Curation has a proof of its own.
  'with everything made': {
    bucket: 'sluice-experiments',
    unitIds: { companyID: 'company_id' },
    curate: false,
  },
  'with everything brought': {
    bucket: 'acme-data',
    curate: false,
    statsigFolder: 'warehouse/statsig',
    database: 'analytics',
    existing: { bucket: true, database: true, stagingDatabase: true, workgroup: true, keyArn: broughtKey },
  },
} as const;

describe.each(Object.entries(configurations))('the permissions of the packaged template %s', (_, input) => {
  const directory = temporaryDirectory();
  let calls: readonly RecordedCall[];
  let policies: Policies;
  let bucket: string;
  /** Permissions that each principal needed, each once. */
  let needed: ReadonlyMap<string, readonly NeededPermission[]>;

  beforeAll(async () => {
    useConfig(directory.path, input);
    const { loaded, policies: read } = await deployed();
    const atResources = new Map([
      ...('existing' in input ? [[broughtKey, [leftToIam]] as const] : []),
      ...read.atResources,
    ]);
    policies = { ...read, atResources };
    bucket = loaded.config.bucket;
    const cloud = await startCloud({ port: 0, edgePort: 0, data: join(directory.path, 'data') });
    try {
      calls = await walks(cloud, loaded.config);
    } finally {
      await cloud.close();
    }
    const byPrincipal = new Map<string, Map<string, NeededPermission>>();
    for (const { principal, permissions } of calls) {
      const own = byPrincipal.get(principal) ?? new Map();
      byPrincipal.set(principal, own);
      for (const permission of permissions) own.set(JSON.stringify(permission), permission);
    }
    needed = new Map([...byPrincipal].map(([principal, own]) => [principal, [...own.values()]]));
  }, 120_000);
  afterAll(() => {
    delete process.env['SLUICE_CONFIG'];
    directory.remove();
  });

  /** Everybody but the account's root, who plays the user and the world outside here. */
  const ours = () => [...needed].filter(([principal]) => !principal.endsWith(':root'));

  /** Describes permissions that are not allowed; at most as many as asked for. */
  async function denied(
    principal: string,
    permissions: readonly NeededPermission[],
    by: Policies,
    most = 50,
  ) {
    const found: string[] = [];
    for (const permission of permissions) {
      const decision = await decide(principal, permission, by);
      if (decision !== 'Allowed')
        found.push(`${principal} ${permission.action} on ${permission.resource}: ${decision}`);
      if (found.length === most) break;
    }
    return found;
  }

  it('include every role that was used', () => {
    const ran = new Set(calls.map(({ principal }) => principal));
    expect(policies.roles.filter(({ arn }) => !ran.has(arn)).map(({ logicalId }) => logicalId)).toEqual([]);
    expect(calls.filter(({ basis }) => basis === 'seen').length).toBeGreaterThan(50);
  });

  it('allow every call that was made', async () => {
    const found = await Promise.all(
      ours().map(([principal, permissions]) => denied(principal, permissions, policies)),
    );
    expect(found.flat()).toEqual([]);
  });

  it('allow no action, resource or condition value that no call needs', async () => {
    const idle: string[] = [];
    for (const role of policies.roles) {
      const permissions = needed.get(role.arn) ?? [];
      for (const { without, action, statements } of narrower(role.statements)) {
        const roles = policies.roles.map((one) => (one === role ? { ...role, statements } : one));
        const touched = permissions.filter(
          (permission) => action === undefined || permission.action === action,
        );
        if ((await denied(role.arn, touched, { ...policies, roles }, 1)).length === 0)
          idle.push(`${role.logicalId} ${without}`);
      }
    }
    expect(idle).toEqual([]);
  });

  it('include no resource policy of a queue, function, role or key that no call needs', async () => {
    const idle: string[] = [];
    for (const [arn, statements] of policies.atResources) {
      for (const statement of statements.filter(({ Effect }) => Effect === 'Allow')) {
        const atResources = new Map(policies.atResources).set(
          arn,
          statements.filter((one) => one !== statement),
        );
        const found = ours().map(([principal, permissions]) => {
          const at = permissions.filter(({ resource }) => resource === arn);
          return denied(principal, at, { ...policies, atResources }, 1);
        });
        if ((await Promise.all(found)).flat().length === 0) idle.push(`${arn} ${JSON.stringify(statement)}`);
      }
    }
    expect(idle).toEqual([]);
  });

  it('deny any other rule, schedule, stream or API', async () => {
    const let_in: string[] = [];
    for (const [principal, permissions] of ours()) {
      for (const permission of permissions) {
        for (const key of ['aws:SourceArn', 'aws:SourceAccount', 'sts:ExternalId']) {
          const conditions = JSON.stringify(policies.atResources.get(permission.resource) ?? []);
          if (!(key in permission.context) || !conditions.includes(key)) continue;
          const foreign = permission.context[key]?.replace('000000000000', '999999999999') ?? '';
          const other = { ...permission, context: { ...permission.context, [key]: foreign } };
          if ((await decide(principal, other, policies)) === 'Allowed')
            let_in.push(`${principal} ${permission.action} on ${permission.resource} with ${key} ${foreign}`);
        }
      }
    }
    expect(let_in).toEqual([]);
  });

  // A brought bucket's policy is not the template's, and one page is enough.
  if ('existing' in input) return;

  it('deny every request without TLS', async () => {
    const [principal = '', permissions = []] = ours().find(([name]) => name.includes('WriteRole')) ?? [];
    const onBucket = permissions.filter(({ resource }) => resource.startsWith('arn:aws:s3:::'));
    expect(onBucket.length).toBeGreaterThan(5);
    for (const permission of onBucket) {
      const plain = { ...permission, context: { ...permission.context, 'aws:SecureTransport': 'false' } };
      expect(await decide(principal, plain, policies)).toBe('ExplicitlyDenied');
    }
  });

  it('agree with docs/reference/permissions.md (SLUICE_WRITE_DOCS=1 updates it)', () => {
    const { page, held } = heldPage(policies.roles, calls, bucket);
    expect(page).toBe(held);
  });

  it('cover exactly the roles that a deployment can have, except those of readers', () => {
    const customers = { bucket: 'acme-drops', owner: '111122223333' };
    const of = (schedule: 'daily' | 'hourly') => ({ name: schedule, schedule });
    const config = defineConfig({
      bucket,
      curate: true,
      relay: { statsig: true },
      sources: [
        {
          ...customers,
          name: 'acme',
          datasets: [
            { ...of('daily'), kind: 'events', expectedBy: { hour: 9 } },
            { ...of('hourly'), kind: 'events' },
          ],
        },
      ],
      exports: (['daily', 'hourly'] as const).map((schedule) => ({
        ...of(schedule),
        table: 'statsig_forwarded_events',
        target: { ...customers, folder: `out-${schedule}` },
      })),
    });
    const { Resources } = resources({ config, service: 'sluice', stage: 'dev' });
    const roles = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    const { page, held } = rolesOnPage(roles.map(([id]) => id));
    expect(page).toEqual(held);
  });
});
