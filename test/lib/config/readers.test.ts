import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const statsig = { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' };
const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' };
const metabase = { kind: 'metabase', name: 'metabase' };
const ROOT = 'arn:aws:iam::444455556666:root';

function problems(readers: object[], more: object = {}): string[] {
  try {
    Reflect.apply(defineConfig, undefined, [{ bucket: 'acme-experiments', readers, ...more }]);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.detail
        .trim()
        .split('\n')
        .map((line) => line.trim());
    throw error;
  }
  return [];
}

describe('the configuration of readers', () => {
  it('accepts one of each kind, and fills in defaults', () => {
    expect(problems([statsig, owox, metabase])).toEqual([]);
    const { readers } = defineConfig({
      bucket: 'acme-experiments',
      readers: [
        { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
        { kind: 'metabase', name: 'bi' },
      ],
    });
    expect(readers).toEqual([
      { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox', ownDatabase: 'owox', keySerial: 1 },
      { kind: 'metabase', name: 'bi', as: 'user', ownDatabase: null, keySerial: 1, allowNoExternalId: false },
    ]);
  });

  it.each([
    [statsig],
    [{ ...statsig, principal: 'arn:aws:iam::123456789012:user/statsig-service' }],
    [{ kind: 'statsig', name: 's', principal: '123456789012', allowNoExternalId: true }],
    [{ kind: 'statsig', name: 's', as: 'user', statsigForwardsHere: true, keyAdministrator: true }],
    [{ ...metabase, as: 'role', principal: 'ecs-tasks' }],
    [{ ...metabase, as: 'role', principal: ROOT, externalId: 'bi-7f3b' }],
    [{ ...metabase, as: 'role', principal: ROOT, allowNoExternalId: true }],
    [{ ...metabase, as: 'role', principal: ROOT.replace('root', 'role/bi') }],
    [{ ...metabase, ownDatabase: 'metabase' }],
  ])('accepts %j', (reader) => {
    expect(problems([reader])).toEqual([]);
  });

  it.each([
    [
      'two readers with one name',
      [metabase, { ...metabase }],
      'readers.1.name: got "metabase", expected another name than readers.0.name.',
    ],
    [
      'a kind that nobody knows',
      [{ kind: 'tableau', name: 't' }],
      'readers.0.kind: got "tableau", expected statsig, owox or metabase.',
    ],
    [
      'an account ID that is none',
      [{ ...statsig, principal: '1234' }],
      'readers.0.principal: got "1234", expected Statsig\'s account ID of 12 digits, or the ARN of its role or user.',
    ],
    [
      'a role without a principal',
      [{ ...statsig, principal: undefined }],
      "readers.0.principal: got nothing, expected Statsig's account ID of 12 digits, or the ARN of its role or user.",
    ],
    [
      'a role without an external ID',
      [{ ...statsig, externalId: undefined }],
      "readers.0.externalId: got nothing, expected the external ID in Statsig's console, or allowNoExternalId: true.",
    ],
    [
      'an external ID of a user',
      [{ kind: 'statsig', name: 's', as: 'user', externalId: 'project-7' }],
      'readers.0.externalId: expected none: a user signs in with access keys, nobody assumes it.',
    ],
    [
      'a principal of a user',
      [{ ...metabase, principal: 'ec2' }],
      'readers.0.principal: expected none: a user signs in with access keys, nobody assumes it.',
    ],
    [
      'a role that nobody assumes',
      [{ ...metabase, as: 'role' }],
      'readers.0.principal: got nothing, expected ec2, ecs-tasks, or the ARN of a role or user.',
    ],
    [
      'OWOX without a bucket',
      [{ kind: 'owox', name: 'o' }],
      'readers.0.resultsBucket: got nothing, expected a bucket name.',
    ],
    [
      'results in the bucket of the data',
      [{ ...owox, resultsBucket: 'acme-experiments' }],
      'readers.0.resultsBucket: got "acme-experiments", expected another bucket than bucket.',
    ],
    [
      "a database that is not the reader's own",
      [{ ...owox, ownDatabase: 'sluice' }],
      'readers.0.ownDatabase: got "sluice", expected another database than database.',
    ],
    [
      "Statsig's database",
      [{ ...metabase, ownDatabase: 'statsig_staging' }],
      'readers.0.ownDatabase: got "statsig_staging", expected another database than athena.stagingDatabase.',
    ],
    [
      'one database for two',
      [owox, { ...metabase, ownDatabase: 'owox' }],
      'readers.1.ownDatabase: got "owox", expected another database than readers.0.ownDatabase.',
    ],
    [
      'a name that makes no logical ID',
      [{ ...metabase, name: 'BI team' }],
      'readers.0.name: got "BI team", expected a name of words joined by -, each of a-z and 0-9 and beginning with a letter.',
    ],
    [
      'the folder of tables that Athena makes of people’s queries',
      [{ ...metabase, name: 'tables' }],
      'readers.0.name: got "tables", expected another name than that of the folder in which Athena puts tables.',
    ],
    ['a member of another kind', [{ ...owox, externalId: 'x' }], 'readers.0.externalId: no such field.'],
    [
      "Metabase's role for everybody of an account",
      [{ ...metabase, as: 'role', principal: ROOT }],
      `readers.0.principal: got "${ROOT}", expected the ARN of a role or user, or an externalId beside a root, or allowNoExternalId: true.`,
    ],
    [
      'an external ID of a service, which sends none',
      [{ ...metabase, as: 'role', principal: 'ec2', externalId: 'bi-7f3b' }],
      'readers.0.externalId: expected none: ec2 sends none.',
    ],
    [
      "an external ID of Metabase's user",
      [{ ...metabase, externalId: 'bi-7f3b' }],
      'readers.0.externalId: expected none: a user signs in with access keys, nobody assumes it.',
    ],
  ])('rejects by field %s', (_, readers, expected) => {
    expect(problems(readers)).toEqual([expected]);
  });

  it('limits the length of names, so that workgroup names fit', () => {
    const withWorkgroup = (length: number) =>
      problems([metabase], { athena: { workgroup: 'w'.repeat(length) } });
    expect(withWorkgroup(128 - '_metabase'.length)).toEqual([]);
    expect(withWorkgroup(128 - '_metabase'.length + 1)).toEqual([
      'athena.workgroup: got 120 characters, expected at most 119, as readers.0.name is added for its own.',
    ]);
  });
});
