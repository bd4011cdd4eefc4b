import { type LifecycleRule, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { readArchivingRules } from '../../../lib/aws/archivingRules.ts';
import { answering, s3Error } from '../../harness/answering.ts';

describe('the rules of a bucket that archive', () => {
  const moves = { Transitions: [{ StorageClass: 'GLACIER', Days: 90 }] };
  const rule = (more: Partial<LifecycleRule>) => ({ ID: 'r', Status: 'Enabled', ...moves, ...more });
  const archived = { id: 'r', storageClass: 'GLACIER', days: 90, isOfVersions: false };
  it.each([
    { what: 'a prefix', found: rule({ Filter: { Prefix: 'a/' } }), rules: [{ ...archived, prefix: 'a/' }] },
    {
      what: 'a prefix and tags',
      found: rule({ Filter: { And: { Prefix: 'b/', Tags: [] } } }),
      rules: [{ ...archived, prefix: 'b/' }],
    },
    { what: 'an old prefix', found: rule({ Prefix: 'c/' }), rules: [{ ...archived, prefix: 'c/' }] },
    { what: 'no prefix', found: rule({ Filter: {} }), rules: [{ ...archived, prefix: '' }] },
    { what: 'disabled', found: rule({ Status: 'Disabled', Filter: {} }), rules: [] },
    {
      what: 'a class that is read at once',
      found: rule({ Filter: {}, Transitions: [{ StorageClass: 'STANDARD_IA', Days: 30 }] }),
      rules: [],
    },
    {
      what: 'versions that are replaced, and a day instead of an age',
      found: rule({
        Filter: {},
        Transitions: [{ StorageClass: 'DEEP_ARCHIVE', Date: new Date(0) }],
        NoncurrentVersionTransitions: [{ StorageClass: 'GLACIER', NoncurrentDays: 7 }],
      }),
      rules: [
        { ...archived, prefix: '', storageClass: 'DEEP_ARCHIVE', days: null },
        { ...archived, prefix: '', days: 7, isOfVersions: true },
      ],
    },
  ])('are read: $what', async ({ found, rules }) => {
    const { client } = answering(S3Client, { Rules: [found] });
    expect(await readArchivingRules(client, 'own')).toEqual(rules);
  });

  it('are none without a lifecycle, and unknown after any other error', async () => {
    const { client } = answering(S3Client, s3Error('NoSuchLifecycleConfiguration'), s3Error('AccessDenied'));
    expect(await readArchivingRules(client, 'own')).toEqual([]);
    await expect(readArchivingRules(client, 'own')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
