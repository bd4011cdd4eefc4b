import { beforeAll, describe, expect, it } from '@jest/globals';
import { ingestRoles } from '../../infra/roles/dropRoles.ts';
import { roleStatements } from '../../infra/roles/fitPolicies.ts';
import { madeByServerless } from '../../infra/serverless/service.ts';
import type { Resources } from '../../infra/template/Resource.ts';
import { templateProblems } from '../../infra/template/templateProblems.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { acmeSource, eventsDataset, exportTo, READERS, type SourceInput } from '../harness/configInput.ts';
import { madeResources } from './madeResources.ts';

const ACCOUNT = '111122223333';
const OWNER = '444455556666';
const BUCKET = 'b'.repeat(63);

/** A hundred sources of two datasets each, but for what differs. */
const customers = (
  { count = 100, datasets = 2, folder = 10, name = 12 },
  more: (i: number) => Partial<SourceInput> = () => ({}),
) =>
  Array.from({ length: count }, (_, i) =>
    acmeSource({
      name: `c${i}-`.padEnd(name, 'n'),
      bucket: `customer-${i}-drops`,
      datasets: Array.from({ length: datasets }, (__, j) =>
        eventsDataset({ name: `data-${j}`, folder: `${j}/`.padEnd(folder, 'f') }),
      ),
      ...more(i),
    }),
  );
const long = (i: number): Partial<SourceInput> => ({
  bucket: `${i}-`.padEnd(63, 'b'),
  kmsKeyArn: `arn:aws:kms:us-east-1:${OWNER}:key/1234abcd-12ab-34cd-56ef-${String(i).padStart(12, '0')}`,
  receipt: 'sluice-receipts',
});

/** What is made, with what packaging would say of it. */
function packaged(input: Partial<ConfigInput>) {
  const { config, template: made } = madeResources(input);
  const stack = { config, service: 'acme', stage: 'prod' };
  const place = { stackName: 'acme-prod', region: config.region };
  return { stack, made, problems: templateProblems(made, place, madeByServerless(stack)) };
}

/** What a role is allowed or denied of one resource. */
interface Right {
  readonly effect: 'Allow' | 'Deny';
  readonly action: string;
  /** Its ARN, with functions of CloudFormation. */
  readonly resource: unknown;
  readonly condition: unknown;
}

/** What a role is allowed and denied, a line for each action on each resource. */
function rightsOf(made: Resources, role: string): ReadonlySet<string> {
  const statements = roleStatements(made).find(({ id }) => id === role)?.statements ?? [];
  return new Set(
    statements.flatMap(({ Effect, Action, Resource, Condition }) =>
      Action.flatMap((action) =>
        Resource.map((resource) =>
          JSON.stringify({ effect: Effect, action, resource, condition: Condition } satisfies Right),
        ),
      ),
    ),
  );
}

const managed = (made: Resources) =>
  Object.entries(made).flatMap(([id, { Type }]) =>
    Type === 'AWS::IAM::ManagedPolicy' && id.startsWith('Ingest') ? [id] : [],
  );

describe('one hundred customers with two datasets each in one stack', () => {
  const exact: readonly { readonly how: string; readonly input: Partial<ConfigInput> }[] = [
    { how: 'with short names', input: { sources: customers({}) } },
    {
      how: 'with long buckets, keys of their own and a boundary',
      input: {
        sources: customers({}, (i) => ({ ...long(i), receipt: undefined })),
        permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/workloads`,
        account: ACCOUNT,
      },
    },
    {
      how: 'with exports and readers',
      input: {
        sources: customers({}),
        exports: Array.from({ length: 100 }, (_, i) =>
          exportTo({ bucket: `w${i}-`.padEnd(63, 'w') }, { name: `e${i}` }),
        ),
        readers: [...READERS],
      },
    },
    {
      how: 'with roles of the customers',
      input: {
        sources: customers({}, (i) => ({
          role: { arn: `arn:aws:iam::${OWNER}:role/sluice-${i}`, externalId: 'made-by-us' },
        })),
      },
    },
    {
      how: 'in an existing bucket and database',
      input: {
        sources: customers({ name: 30 }),
        bucket: BUCKET,
        existing: {
          bucket: true,
          database: true,
          keyArn: `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
        },
      },
    },
  ];
  it.each(exact)('are packaged $how, and no role may do more than for each of them', ({ input }) => {
    const { stack, made, problems } = packaged(input);
    expect(problems).toEqual([]);
    const unfitted = ingestRoles(stack, 'exact');
    for (const role of Object.keys(unfitted))
      expect(rightsOf(made.Resources, role)).toEqual(rightsOf(unfitted, role));
    expect(managed(made.Resources).length).toBeGreaterThan(0);
  });

  const wide = customers({ folder: 200, name: 40 }, long);

  describe('with the longest names', () => {
    const own = acmeSource({ name: 'own', bucket: 'own-drops', owner: ACCOUNT });
    const role = { arn: 'arn:aws:iam::777788889999:role/sluice', externalId: 'made-by-us' };
    const byRole = acmeSource({ name: 'by-role', bucket: 'role-drops', owner: '777788889999', role });
    const sources = [...wide.slice(2), own, byRole];
    let stack: ReturnType<typeof packaged>;
    let rights: readonly Right[];
    beforeAll(() => {
      stack = packaged({ bucket: BUCKET, account: ACCOUNT, sources });
      rights = [...rightsOf(stack.made.Resources, 'IngestLoadRole')].map((right): Right => JSON.parse(right));
    });
    /** The rights of the load on resources whose ARNs have a text. */
    const onAny = (text: string) => rights.filter(({ resource }) => JSON.stringify(resource).includes(text));

    it('are packaged', () => {
      expect(stack.problems).toEqual([]);
    });

    it("may be read in any bucket of their owners, and in none of the stack's account", () => {
      const condition = {
        StringEquals: { 's3:ResourceAccount': [OWNER] },
        StringNotEquals: { 's3:ResourceAccount': { Ref: 'AWS::AccountId' } },
      };
      const anywhere = onAny(':s3:::*').toSorted((a, b) => (a.action < b.action ? -1 : 1));
      const allowed = { effect: 'Allow', resource: expect.anything(), condition };
      expect(anywhere).toEqual([
        { ...allowed, action: 's3:GetObject' },
        { ...allowed, action: 's3:ListBucket' },
      ]);
    });

    it("may be read by name in a bucket of the stack's account", () => {
      const actions = onAny('own-drops').map(({ action }) => action);
      expect(actions.toSorted()).toEqual(['s3:GetObject', 's3:ListBucket']);
    });

    it('are written to by name', () => {
      expect(onAny('-bbb').filter(({ action }) => action === 's3:PutObject')).toHaveLength(98);
    });

    it('leave other roles as narrow as before', () => {
      expect(JSON.stringify(stack.made.Resources['IngestPlanRole'])).not.toContain('ResourceAccount');
    });

    const denied = () => rights.filter(({ effect }) => effect === 'Deny');

    it('deny a load changes and looks of tables', () => {
      expect([...new Set(denied().map(({ action }) => action))]).toEqual([
        'glue:BatchCreatePartition',
        'glue:BatchUpdatePartition',
        'glue:GetTable',
      ]);
    });

    it("deny them of the stack's own tables, and of no dataset's", () => {
      const tables = denied().map(
        ({ resource }) => JSON.stringify(resource).match(/:table\/(?:.*\/)?(\w+)"/)?.[1] ?? resource,
      );
      expect([...new Set(tables)].sort()).toEqual([
        'curated_events',
        'curated_exposures',
        'daily_exposures',
        'experiment_exposures',
        'experiment_groups',
        'first_exposures',
        'product_events',
        'quarantine',
        'received_hours',
        'secondary_exposures',
        'statsig_forwarded_events',
        'statsig_forwarded_exposures',
      ]);
    });
  });

  it('are still read by name with as many managed policies as a role may have', () => {
    const { made, problems } = packaged({ bucket: BUCKET, account: ACCOUNT, sources: wide.slice(0, 55) });
    expect(problems).toEqual([]);
    expect(managed(made.Resources).filter((id) => id.startsWith('IngestLoadRole'))).toHaveLength(10);
    expect(JSON.stringify(made.Resources)).not.toContain(`"s3:ResourceAccount":["${OWNER}"]`);
  });

  it('are refused by name if their owners cannot be told from the own account', () => {
    const { problems } = packaged({ bucket: BUCKET, account: null, sources: wide });
    expect(problems.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^IngestLoadRole: \d\d managed policies, at most 10\. It grows with `sources`/),
    ]);
  });
});

it('leaves the policies of a few customers inline', () => {
  const { made } = packaged({ sources: customers({ count: 30, datasets: 1 }) });
  expect(managed(made.Resources)).toEqual([]);
});

it('changes the last policy alone for one more customer', () => {
  const policies = (count: number) => {
    const { made } = packaged({ sources: customers({ count }) });
    const ofLoad = managed(made.Resources).filter((id) => id.startsWith('IngestLoadRole'));
    return [made.Resources['IngestLoadRole'], ...ofLoad.map((id) => made.Resources[id])].map((resource) =>
      JSON.stringify(resource?.Properties),
    );
  };
  const before = policies(59);
  const after = policies(60);
  expect(before.length).toBeGreaterThan(1);
  expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
  expect(after).not.toEqual(before);
});
