import { describe, expect, it } from '@jest/globals';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { keyAdministrators } from '../../../lib/access/statsigPolicy.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { exportTo } from '../../harness/configInput.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555';
const OTHER_KEY = KEY.replace('0a1b2c3d', '4e5f6a7b');
const known = { region: 'eu-west-1', stack: 'sluice-prod', account: '111122223333' };
const statsig = { kind: 'statsig', name: 'statsig' } as const;
const role = { ...statsig, principal: '123456789012', externalId: 'project-7' } as const;

/** Names and documents for a target of a configuration. */
function printed(
  target: Parameters<typeof printedPolicies>[0],
  input: Partial<ConfigInput>,
  more: Partial<Parameters<typeof printedPolicies>[2]> = {},
) {
  const config = defineConfig({ bucket: 'acme', ...input });
  const documents = printedPolicies(target, config, { ...known, ...more });
  return new Map(documents.map(({ name, document }) => [name, document]));
}

describe('the statement for the policy of a key that exists', () => {
  it.each([
    { what: 'a role', reader: role, principal: '__READER_ROLE_ARN__' },
    { what: 'a user', reader: { ...statsig, as: 'user' as const }, principal: '__READER_USER_ARN__' },
    {
      what: 'a role with a name',
      reader: { ...role, iamName: 'Acme-Statsig' },
      principal: 'arn:aws:iam::111122223333:role/Acme-Statsig',
    },
  ])('names $what as the administrator', ({ reader, principal }) => {
    const readers = [{ ...reader, keyAdministrator: true }];
    const policy = printed('statsig', { existing: { keyArn: KEY }, readers }).get('keyPolicy');
    expect(policy?.Statement).toMatchObject([{ Principal: { AWS: principal }, Resource: ['*'] }]);
    expect(keyAdministrators([principal, 'other']).map(({ Sid }) => Sid)).toEqual([
      'KeyAdministrator1',
      'KeyAdministrator2',
    ]);
    // The stack has that of the key that it makes.
    expect(printed('statsig', { readers }).has('keyPolicy')).toBe(false);
    expect(printed('statsig', { existing: { keyArn: KEY }, readers: [reader] }).has('keyPolicy')).toBe(false);
  });
});

it.each([
  { what: 'the key that is asked for', existing: KEY, asked: OTHER_KEY, key: OTHER_KEY },
  { what: 'the key that exists', existing: KEY, asked: undefined, key: KEY },
  {
    what: 'a key to be filled in',
    existing: null,
    asked: undefined,
    key: 'arn:aws:kms:eu-west-1:111122223333:key/__KEY_ID__',
  },
])('a reader uses $what', ({ existing, asked, key }) => {
  const policies = printed('statsig', { existing: { keyArn: existing }, readers: [role] }, { keyArn: asked });
  const statements = policies.get('permissions')?.Statement ?? [];
  expect(statements.find(({ Sid }) => Sid === 'UseKeyThroughS3')?.Resource).toEqual([key]);
});

it.each([
  { what: 'one of its own', workgroup: undefined, name: 'sluice_statsig' },
  { what: 'the one that is named', workgroup: 'primary', name: 'primary' },
])('a reader runs queries in $what', ({ workgroup, name }) => {
  const reader = workgroup === undefined ? role : { ...role, workgroup };
  const statements = printed('statsig', { readers: [reader] }).get('permissions')?.Statement ?? [];
  expect(statements.find(({ Sid }) => Sid === 'RunQueries')?.Resource).toEqual([
    `arn:aws:athena:eu-west-1:111122223333:workgroup/${name}`,
  ]);
});

it.each([
  { statsigForwardsHere: false, denied: ['KeepOurFiles', 'KeepOurTables'] },
  { statsigForwardsHere: true, denied: ['KeepOurFiles'] },
])('Statsig is denied to write tables of ours unless it forwards here: $statsigForwardsHere', (row) => {
  const { statsigForwardsHere, denied } = row;
  const policies = printed('statsig', { readers: [{ ...role, statsigForwardsHere }] });
  const statements = policies.get('permissions')?.Statement ?? [];
  expect(statements.filter(({ Effect }) => Effect === 'Deny').map(({ Sid }) => Sid)).toEqual(denied);
});

it('Statsig reads days of a former folder, too', () => {
  const formerStatsigFolders = [{ folder: 'former', until: '2026-11-26' }];
  const policies = printed('statsig', { readers: [role], formerStatsigFolders });
  const statements = policies.get('permissions')?.Statement ?? [];
  expect(statements.find(({ Sid }) => Sid === 'ReadFormerRows')).toMatchObject({
    Action: ['s3:GetObject'],
    Resource: ['statsig_forwarded_exposures', 'statsig_forwarded_events', 'ingested'].map(
      (folder) => `arn:aws:s3:::acme/former/${folder}/*`,
    ),
  });
});

it('a reader uses the key of its bucket of results, too', () => {
  const owox = {
    kind: 'owox',
    name: 'owox',
    resultsBucket: 'acme-owox',
    existingResultsBucket: true,
  } as const;
  const policies = printed('owox', { readers: [{ ...owox, resultsKeyArn: OTHER_KEY }] }, { keyArn: KEY });
  const statements = policies.get('permissions')?.Statement ?? [];
  expect(statements.find(({ Sid }) => Sid === 'UseKeyThroughS3')?.Resource).toEqual([KEY, OTHER_KEY]);
});

it.each([
  {
    what: 'with an ID',
    said: { externalId: 'made-by-us' },
    asks: { StringEquals: { 'sts:ExternalId': 'made-by-us' } },
  },
  { what: 'without one', said: { allowNoExternalId: true }, asks: {} },
])(
  'a customer’s role, $what, is trusted to the role of the export alone, and needs no ACL',
  ({ said, asks }) => {
    const theirs = { arn: 'arn:aws:iam::444455556666:role/sluice', ...said };
    const policies = printed('export-target', {
      exports: [exportTo({ owner: '444455556666', role: theirs })],
    });
    const roles = ['arn:aws:iam::111122223333:role/sluice-prod-ExportRole-*'];
    const [trust] = policies.get('roleTrust')?.Statement ?? [];
    expect(trust?.Principal).toEqual({ AWS: 'arn:aws:iam::111122223333:root' });
    expect(trust?.Condition).toEqual({ ...asks, ArnLike: { 'aws:PrincipalArn': roles } });
    const actions = policies.get('rolePermissions')?.Statement.flatMap(({ Action }) => Action);
    expect(actions).toContain('s3:PutObject');
    expect(actions).not.toContain('s3:PutObjectAcl');
  },
);
