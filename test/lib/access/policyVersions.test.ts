import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import {
  asRead,
  comparePolicies,
  differenceText,
  isSamePolicy,
  readPolicy,
} from '../../../lib/access/applied/policyDifference.ts';
import {
  markPolicy,
  POLICY_VERSIONS,
  policyHash,
  readMark,
  withoutMarks,
} from '../../../lib/access/applied/policyMark.ts';
import { ACCESS_LIMITS, allow, deny, policyDocument } from '../../../lib/access/policyDocument.ts';
import {
  type KnownNames,
  POLICY_TARGETS,
  type PrintedPolicy,
  printedPolicies,
} from '../../../lib/access/printedPolicies.ts';
import { compareVersions, VERSION } from '../../../lib/base/version.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

const owner = '444455556666';
const roles = {
  plain: {},
  assumed: { role: { arn: `arn:aws:iam::${owner}:role/sluice`, externalId: 'deployment-7' } },
};
const withCustomer = (more: object): Partial<ConfigInput> => ({
  sources: [
    {
      ...{ name: 'acme', bucket: 'acme-drops', owner, datasets: [{ name: 'events', kind: 'events' }] },
      ...more,
    },
  ],
  exports: [{ name: 'out', table: 'acme_events', target: { bucket: 'acme-warehouse', owner, ...more } }],
});
const kmsKeyArn = `arn:aws:kms:us-east-1:${owner}:key/11111111-2222-3333-4444-555555555555`;

/** Configurations that together have every statement of every document. */
const configs: readonly ConfigInput[] = [
  { bucket: 'acme-experiments' },
  {
    bucket: 'acme-experiments',
    readers: [
      {
        kind: 'statsig',
        name: 'statsig',
        principal: '123456789012',
        externalId: 'project-7',
        keyAdministrator: true,
      },
      { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
      { kind: 'metabase', name: 'bi', as: 'role', principal: 'ecs-tasks', ownDatabase: 'models' },
    ],
    ...withCustomer({ ...roles.plain, kmsKeyArn }),
  },
  {
    bucket: 'acme-experiments',
    readers: [{ kind: 'statsig', name: 'statsig', as: 'user', statsigForwardsHere: true }],
    ...withCustomer(roles.assumed),
    existing: {
      ...{ bucket: true, database: true, stagingDatabase: true, workgroup: true },
      keyArn: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555',
    },
  },
  {
    bucket: 'acme-experiments',
    statsigBucket: {
      ...{ bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme', writesTo: 'exports' },
      existing: true,
    },
    tags: { team: 'data' },
    permissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary',
    logs: { kmsKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555' },
    endpoint: {
      domain: 'collect.acme.com',
      certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
    },
  },
];

/** Further tables of a reader, and an administrator of an existing key: each has a document of its own. */
const also: ConfigInput = {
  bucket: 'acme-experiments',
  readers: [
    { kind: 'statsig', name: 'statsig', as: 'user', keyAdministrator: true },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'bi' },
    { kind: 'growthbook', name: 'growthbook', as: 'role', principal: 'ec2' },
  ].map((reader) => ({
    ...reader,
    alsoReads: [
      { database: 'finance', tables: ['orders'], locations: ['s3://acme-finance/orders'], kmsKeyArn },
      { database: 'shops', locations: ['s3://acme-shops/'], wholeBucket: true },
    ],
  })) as NonNullable<ConfigInput['readers']>,
  existing: {
    bucket: true,
    keyArn: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555',
  },
};

function printAll(known: Partial<KnownNames> = {}): readonly PrintedPolicy[] {
  const names = { region: 'us-east-1', stack: 'sluice-prod', source: 'acme', export: 'out', ...known };
  const printed = (input: ConfigInput) =>
    POLICY_TARGETS.flatMap((target) => printedPolicies(target, defineConfig(input), names));
  const isNew = ({ id }: PrintedPolicy) =>
    /^growthbook\/trust$|^(statsig|owox|metabase|growthbook).*\/(alsoPermissions|keyPolicy)$/.test(id);
  return [...configs.flatMap(printed), ...printed(also).filter(isNew)];
}

/** One hash of a document in all configurations. */
function hashes(): Readonly<Record<string, string>> {
  const byId = Map.groupBy(printAll(), ({ id }) => id);
  return Object.fromEntries(
    [...byId].map(([id, of]) => [id, [...new Set(of.map(({ hash }) => hash))].join(' ')]),
  );
}

/** For each document its hash in each version that changed it, the newest last. */
const history = z
  .record(z.string(), z.record(z.string(), z.string()))
  .parse(JSON.parse(readFileSync(new URL('../../fixtures/policyHashes.json', import.meta.url), 'utf8')));

describe('the version of a printed policy', () => {
  it('is raised whenever its content changes', () => {
    const found = hashes();
    expect(Object.keys(found).sort()).toEqual(Object.keys(POLICY_VERSIONS).sort());
    for (const [id, hash] of Object.entries(found)) {
      const [version, last] = Object.entries(history[id] ?? {}).at(-1) ?? [];
      if (last === hash) continue;
      throw new Error(
        `${id} has changed since ${version}: people who applied it must hear of it. Set its version in lib/access/applied/policyMark.ts to ${VERSION}, and add "${VERSION}": "${hash}" to it in test/fixtures/policyHashes.json.`,
      );
    }
  });

  it('is the newest of its history, and none that is still to come', () => {
    for (const [id, version] of Object.entries(POLICY_VERSIONS)) {
      const versions = Object.keys(history[id] ?? {});
      expect([id, versions.at(-1)]).toEqual([id, version]);
      expect(versions).toEqual(versions.toSorted(compareVersions));
      expect(compareVersions(version, VERSION)).toBeLessThanOrEqual(0);
    }
  });
});

describe('the mark of a printed policy', () => {
  const known = { account: '111122223333', region: 'us-east-1' };

  it('is in the ID of its first statement, and can be read back', () => {
    for (const { id, version, hash, document } of printAll(known)) {
      const marks = document.Statement.map(({ Sid }) => readMark(Sid)).filter((mark) => mark !== undefined);
      expect(marks).toEqual([{ id, version, hash }]);
      for (const { Sid } of document.Statement) expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      // IAM refuses an Id in the policies of identities; a resource's may have one.
      const isOfResource = /\/(bucket|key)Policy$/.test(id);
      expect(document.Id).toBe(isOfResource ? `sluice/${id}/${version}/${hash}` : undefined);
      expect(JSON.stringify(document).length).toBeLessThan(ACCESS_LIMITS.managedPolicyCharacters);
    }
  });

  it('does not depend on what options fill in, nor on itself', () => {
    // The option of Metabase replaces a service by a principal, which is another document.
    const hashesOf = (printed: readonly PrintedPolicy[]) =>
      printed
        .filter(({ id }) => !/^(metabase|growthbook)\/trust$/.test(id))
        .map(({ id, hash }) => [id, hash]);
    const plain = hashesOf(printAll());
    const filled = printAll({ ...known, principal: `arn:aws:iam::${owner}:root`, bucket: 'other' });
    expect(hashesOf(filled)).toEqual(plain);
    const document = policyDocument([
      allow('Read', ['s3:GetObject'], ['*']),
      deny('Keep', ['s3:Put*'], ['*']),
    ]);
    const marked = markPolicy(document, {
      id: 'probe/permissions',
      version: '0.3.0',
      hash: policyHash(document),
    });
    expect(policyHash(marked)).toBe(policyHash(document));
    expect(withoutMarks(marked.Statement)).toEqual(document.Statement);
    expect(readMark('StackSluiceNobody0v3v0h1a2b3c4d')).toBeUndefined();
  });

  it('does not change when statements or lists are in another order', () => {
    const one = [
      allow('Read', ['s3:GetObject', 's3:ListBucket'], ['a', 'b']),
      allow('Use', ['kms:Decrypt'], ['k']),
    ];
    const other = [
      allow('Use', ['kms:Decrypt'], ['k']),
      allow('Read', ['s3:ListBucket', 's3:GetObject'], ['b', 'a']),
    ];
    expect(policyHash(policyDocument(other))).toBe(policyHash(policyDocument(one)));
    expect(policyHash(policyDocument(one.slice(1)))).not.toBe(policyHash(policyDocument(one)));
  });
});

describe('the difference of two policies', () => {
  const key = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } };
  const older = asRead(
    policyDocument([
      allow('Read', ['s3:GetObject'], ['arn:aws:s3:::a/*']),
      allow('List', ['s3:ListBucket'], ['arn:aws:s3:::a']),
      allow('Use', ['kms:Decrypt'], ['arn:aws:kms:us-east-1:__ACCOUNT_ID__:key/__KEY_ID__'], key),
    ]),
  );
  const change = (...newer: Parameters<typeof policyDocument>[0]) =>
    comparePolicies(older, asRead(policyDocument(newer)));
  const [read, list] = [
    allow('Read', ['s3:GetObject'], ['arn:aws:s3:::a/*']),
    allow('List', ['s3:ListBucket'], ['arn:aws:s3:::a']),
  ];
  const use = allow('Use', ['kms:Decrypt'], ['arn:aws:kms:us-east-1:111122223333:key/1'], key);

  it('is none for what AWS writes in another way, and for placeholders that were filled in', () => {
    expect(isSamePolicy(change(use, list, read))).toBe(true);
    const single = readPolicy({
      Statement: {
        Sid: 'Read',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::a/*',
      },
    });
    expect(isSamePolicy(comparePolicies(older.slice(0, 1), single?.statements ?? []))).toBe(true);
    expect(readPolicy({ Statement: 'text' })).toBeUndefined();
    expect(readPolicy(null)).toBeUndefined();
  });

  it.each([
    [
      'an action that is added',
      change({ ...read, Action: ['s3:GetObject', 's3:PutObjectAcl'] }, list, use),
      'Read: + s3:PutObjectAcl',
      'more',
    ],
    [
      'an action that is removed',
      change(read, { ...list, Action: [] }, use),
      'List: - s3:ListBucket',
      'less',
    ],
    [
      'a new statement',
      change(read, list, use, allow('More', ['s3:*'], ['*'])),
      'new statement More',
      'more',
    ],
    ['a new denial', change(read, list, use, deny('Keep', ['s3:*'], ['*'])), 'new statement Keep', 'less'],
    ['a statement that is no more', change(read, use), 'no more statement List', 'less'],
    [
      'another condition',
      change(read, list, allow('Use', ['kms:Decrypt'], use.Resource ?? [])),
      'Use: another effect or condition',
      'more and less',
    ],
    [
      'another resource',
      change(allow('Read', ['s3:GetObject'], ['arn:aws:s3:::b/*']), list, use),
      'Read: + arn:aws:s3:::b/*, - arn:aws:s3:::a/*',
      'more and less',
    ],
  ])('names %s, and whether more or less is granted', (_, difference, text, granted) => {
    const { grantsMore, grantsLess } = difference;
    const words = [...(grantsMore ? ['more'] : []), ...(grantsLess ? ['less'] : [])].join(' and ');
    expect([differenceText(difference), words]).toEqual([text, granted]);
  });
});
