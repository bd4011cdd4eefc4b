import { describe, expect, it } from '@jest/globals';
import { deployPolicies } from '../../../lib/access/deployPolicy.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { scope } from './calls.ts';

const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' } as const;
const statsigBucket = { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' };
const user = { kind: 'statsig', name: 'statsig', as: 'user' } as const;

/** ARNs of a statement of the policies of a deployment; undefined without that statement. */
function resourcesOf(sid: string, input: Partial<ConfigInput>): readonly string[] | undefined {
  const config = defineConfig({ bucket: scope.bucket, ...input });
  const documents = Object.values(deployPolicies(scope, config, 'sluice-prod'));
  return documents.flatMap(({ Statement }) => Statement).find(({ Sid }) => Sid === sid)?.Resource;
}

describe('who deploys', () => {
  it('makes buckets, but none that exists already', () => {
    expect(resourcesOf('Buckets', { readers: [owox], statsigBucket })).toEqual([
      'arn:aws:s3:::acme-experiments',
      'arn:aws:s3:::acme-statsig',
      'arn:aws:s3:::acme-owox',
    ]);
    const brought = {
      existing: { bucket: true, keyArn: scope.keyArn },
      readers: [{ ...owox, existingResultsBucket: true }],
      statsigBucket: { ...statsigBucket, existing: true },
    };
    expect(resourcesOf('Buckets', brought)).toBeUndefined();
    expect(resourcesOf('SeeBucket', brought)).toEqual(['arn:aws:s3:::acme-experiments']);
  });

  it('makes workgroups, but none that a reader has from elsewhere', () => {
    const readers = [owox, user, { kind: 'metabase' as const, name: 'bi', workgroup: 'primary' }];
    expect(resourcesOf('Workgroups', { readers })).toEqual(
      ['sluice', 'sluice_statsig'].map((name) => `arn:aws:athena:eu-west-1:111122223333:workgroup/${name}`),
    );
  });

  it('changes the policy of the key only for a reader who administers it', () => {
    expect(resourcesOf('KeyAdministrators', { readers: [user] })).toBeUndefined();
    const readers = [{ ...user, keyAdministrator: true }];
    expect(resourcesOf('KeyAdministrators', { readers })).toEqual([scope.keyArn]);
  });
});
