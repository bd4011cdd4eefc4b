import type { LifecycleRule } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { type BucketDocument, bucketSettings } from '../../../lib/access/buckets/bucketSettings.ts';
import { lifecycleRules } from '../../../lib/access/buckets/lifecycleRules.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { settingWords } from '../../../observe/facts/bucketFaults.ts';

const config = defineConfig({ bucket: 'acme-data' });
const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';
const settings = bucketSettings(config, { keyArn });

/** What a setting makes of the present document. @throws Error for a name of no setting. */
function wanted(name: string, current: BucketDocument): BucketDocument {
  const setting = settings.find((candidate) => candidate.name === name);
  if (setting === undefined) throw new Error(`${name} is no setting.`);
  return setting.wanted(current);
}

describe('the settings that an existing bucket needs', () => {
  it.each(settings.map(({ name }) => name))('are complete once they are applied: %s', (name) => {
    const put = wanted(name, {});
    expect(put).not.toEqual({});
    expect(wanted(name, put)).toEqual(put);
  });

  it('keep existing notifications', () => {
    const queue = { QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:theirs', Events: ['s3:ObjectCreated:*'] };
    expect(wanted('events', { QueueConfigurations: [queue] })).toEqual({
      QueueConfigurations: [queue],
      EventBridgeConfiguration: {},
    });
  });

  it('keep existing statements, also those without a name', () => {
    const statement = {
      Sid: 'Theirs',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteBucket',
      Resource: '*',
    };
    const unnamed = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 's3:*', Resource: '*' };
    const policy = wanted('policy', { Version: '2012-10-17', Id: 'theirs', Statement: [statement, unnamed] });
    expect(policy).toMatchObject({
      Id: 'theirs',
      Statement: [statement, unnamed, { Sid: 'EncryptedTransportOnly', Effect: 'Deny' }],
    });
  });

  it('keep existing rules', () => {
    const rule = { ID: 'theirs', Status: 'Enabled', Filter: { Prefix: 'a/' }, Expiration: { Days: 400 } };
    expect(wanted('lifecycle', { Rules: [rule] })['Rules']).toEqual([
      rule,
      ...lifecycleRules(config).map(({ id }) => expect.objectContaining({ ID: id })),
    ]);
  });

  it('keep the lifecycle setting for small objects, which has its own command option', () => {
    const varies = { TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' };
    const document = wanted('lifecycle', varies);
    expect(document).toMatchObject(varies);
    const lifecycle = settings.find(({ name }) => name === 'lifecycle');
    const words = lifecycle === undefined ? [] : settingWords('acme-data', lifecycle, document);
    expect(JSON.parse(words[5] ?? '')).toEqual({ Rules: document['Rules'] });
    expect(words.slice(6)).toEqual(['--transition-default-minimum-object-size', 'varies_by_storage_class']);
  });

  it('correct our changed rules in their places', () => {
    const [first, ...rest] = [...lifecycleRules(config)].map(({ id }) => ({ ID: id, Status: 'Disabled' }));
    const rules = wanted('lifecycle', { Rules: [first, { ID: 'theirs' }, ...rest] })['Rules'];
    expect(rules).toEqual([
      expect.objectContaining({ ID: first?.ID, Status: 'Enabled' }),
      { ID: 'theirs' },
      ...rest.map(({ ID }) => expect.objectContaining({ ID, Status: 'Enabled' })),
    ]);
  });

  it('name the bucket in the policy', () => {
    expect(JSON.stringify(wanted('policy', {}))).toContain(
      '"Resource":["arn:aws:s3:::acme-data","arn:aws:s3:::acme-data/*"]',
    );
  });

  it('name the key in the encryption', () => {
    expect(
      wanted('encryption', { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] }),
    ).toEqual({
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
          BucketKeyEnabled: true,
        },
      ],
    });
  });
});

describe("the encryption of a bucket with S3's own keys", () => {
  const own = bucketSettings(config, { keyArn: null }).find(({ name }) => name === 'encryption');
  const rules = (SSEAlgorithm: string, BucketKeyEnabled: boolean) => ({
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm }, BucketKeyEnabled }],
  });

  it.each([true, false])('stays if it has them, also with a bucket key: %s', (hasBucketKey) => {
    expect(own?.wanted(rules('AES256', hasBucketKey))).toEqual(rules('AES256', hasBucketKey));
  });

  it.each([
    { what: 'nothing', current: {} },
    { what: 'a key of KMS', current: rules('aws:kms', true) },
  ])('takes the place of $what', ({ current }) => {
    expect(own?.wanted(current)).toEqual(rules('AES256', false));
  });
});

describe('the lifecycle of the bucket', () => {
  const early = (rule: Partial<LifecycleRule>) =>
    settings
      .find(({ name }) => name === 'lifecycle')
      ?.early?.({ Rules: [{ ID: 'theirs', Status: 'Enabled', Filter: { Prefix: '' }, ...rule }] });
  const expiring = { Expiration: { Days: 3 } };

  it.each([
    {
      what: 'expires a part of a folder',
      rule: { ...expiring, Filter: { Prefix: 'ledger/a' } },
      told: 'objects of ledger/a after 3 days',
    },
    {
      what: 'has its prefix in the old place',
      rule: { ...expiring, Filter: undefined, Prefix: 'ledger/' },
      told: 'objects of ledger/ after 3 days',
    },
    {
      what: 'names a date and a size',
      rule: {
        Expiration: { Date: new Date(0) },
        Filter: { And: { Prefix: 'relay/', ObjectSizeLessThan: 9 } },
      },
      told: 'objects of relay/ from 1970-01-01 on',
    },
    {
      what: 'deletes earlier versions',
      rule: { NoncurrentVersionExpiration: { NoncurrentDays: 2 }, Filter: { Prefix: 'landing/' } },
      told: 'earlier versions of landing/ after 2 days',
    },
    {
      what: 'retains newer versions of keys that are written again',
      rule: { NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 3 } },
      told: 'earlier versions of ledger/ after 2 days, except the newest 3 of each key',
    },
  ])('is told of a rule that $what', ({ rule, told }) => {
    expect(early(rule)).toMatchObject({
      points: [`the rule theirs deletes ${told}`],
      wanted: { Rules: [{ ID: 'theirs', Status: 'Disabled' }] },
    });
  });

  it.each<{ readonly what: string; readonly rule: Partial<LifecycleRule> }>([
    { what: 'that is off', rule: { ...expiring, Status: 'Disabled' } },
    { what: 'for other objects', rule: { ...expiring, Filter: { Prefix: 'photos/' } } },
    {
      what: 'for tagged objects',
      rule: { ...expiring, Filter: { And: { Tags: [{ Key: 'a', Value: 'b' }] } } },
    },
    { what: 'for objects with a tag', rule: { ...expiring, Filter: { Tag: { Key: 'a', Value: 'b' } } } },
    { what: 'for results of queries', rule: { ...expiring, Filter: { Prefix: 'query-results/' } } },
    {
      what: 'that waits as long as the configuration',
      rule: { Expiration: { Days: 400 }, Filter: { Prefix: 'quarantine/' } },
    },
    {
      what: 'that retains newer versions of keys that are written once',
      rule: {
        NoncurrentVersionExpiration: { NoncurrentDays: 2, NewerNoncurrentVersions: 1 },
        Filter: { Prefix: 'landing/' },
      },
    },
    { what: 'that archives', rule: { Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] } },
  ])('deletes nothing too early by a rule $what', ({ rule }) => {
    expect(early(rule)?.points).toEqual([]);
  });

  it('keeps what a rule does besides', () => {
    const more = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } };
    const versions = { NoncurrentVersionExpiration: { NoncurrentDays: 9_999 } };
    expect(early({ ...expiring, ...more, ...versions })?.wanted).toEqual({
      Rules: [{ ID: 'theirs', Status: 'Enabled', Filter: { Prefix: '' }, ...more, ...versions }],
    });
  });

  it('deletes nothing too early by its own rules', () => {
    expect(settings.flatMap((setting) => setting.early?.(setting.wanted({})).points ?? [])).toEqual([]);
  });

  /** The rule of a folder. */
  const ruleOf = (retention: ConfigInput['retention'], prefix: string) =>
    lifecycleRules(
      defineConfig({ bucket: 'acme-data', ...(retention === undefined ? {} : { retention }) }),
    ).find((rule) => rule.prefix === prefix);

  it('has one of our prefixes in every rule, so that it affects no other objects', () => {
    const rules = lifecycleRules(config);
    expect(rules.length).toBeGreaterThan(5);
    for (const { prefix } of rules) expect(prefix).toMatch(/^[a-z].*\/$/);
  });

  it.each([
    { prefix: 'quarantine/', setting: '`quarantineDays`', retention: { quarantineDays: 7 }, days: 7 },
    { prefix: 'quarantine-large/', setting: '`quarantineDays`', retention: { quarantineDays: 7 }, days: 7 },
    { prefix: 'query-results/', setting: '`queryResultDays`', retention: { queryResultDays: 2 }, days: 2 },
    {
      prefix: 'statsig/statsig_forwarded_events/statsig_forwarded_events/',
      setting: '`forwardedDays`',
      retention: { forwardedDays: 400 },
      days: 400,
    },
    { prefix: 'damaged/', setting: 'no setting', retention: {}, days: 90 },
  ])('deletes $prefix after $days days by $setting', ({ prefix, retention, days }) => {
    expect(ruleOf(retention, prefix)?.expireDays).toBe(days);
  });

  it.each([
    { prefix: 'quarantine/', what: 'without `quarantineDays`', retention: { quarantineDays: null } },
    { prefix: 'statsig/', what: 'by `forwardedDays`', retention: { forwardedDays: 400 } },
    { prefix: 'landing/', what: 'by any setting', retention: {} },
  ])('does not delete $prefix $what', ({ prefix, retention }) => {
    expect(ruleOf(retention, prefix)?.expireDays).toBeNull();
  });

  it.each([
    { prefix: 'statsig/', days: 3 },
    { prefix: 'quarantine/', days: 3 },
    { prefix: 'damaged/', days: 3 },
    { prefix: 'landing/', days: 5 },
    { prefix: 'ledger/', days: 40 },
    // Refused bodies, results that a query makes again, and copies with SDK keys.
    { prefix: 'quarantine-large/', days: 1 },
    { prefix: 'query-results/', days: 1 },
    { prefix: 'relay/', days: 1 },
  ])('keeps deleted versions of $prefix for $days days', ({ prefix, days }) => {
    const retention = { dataVersionDays: 3, stateVersionDays: 40, landingVersionDays: 5 };
    expect(ruleOf(retention, prefix)?.versionDays).toBe(days);
  });

  it('deletes results of readers, and keeps the tables that Metabase makes', () => {
    const readers = [
      { kind: 'metabase' as const, name: 'bi', ownDatabase: 'bi' },
      {
        kind: 'statsig' as const,
        // No rule has the ID of another, though results of `bi` that begin with `a` have one.
        name: 'bi-a',
        principal: '123456789012',
        externalId: 'project-7',
        resultLocation: 's3://acme-data/statsig-results/',
      },
    ];
    const rulesWith = (queryResultDays: number | null) =>
      lifecycleRules(defineConfig({ bucket: 'acme-data', readers, retention: { queryResultDays } })).filter(
        ({ id }) => id.includes('-of-'),
      );
    const rules = rulesWith(4);
    const { dataVersionDays } = config.retention;
    expect(rules.filter(({ id }) => id.includes('tables-of'))).toMatchObject([
      { id: 'sluice-tables-of-bi', expireDays: null, versionDays: dataVersionDays },
    ]);
    const results = rules.filter(({ id }) => !id.includes('tables-of'));
    expect(new Set(results.map(({ id }) => id)).size).toBe(17);
    expect(results).toHaveLength(17);
    for (const rule of results) expect(rule).toMatchObject({ expireDays: 4, versionDays: 1 });
    const ofStatsig = { id: 'sluice-results-of-bi-a', prefix: 'statsig-results/', expireDays: null };
    expect(rulesWith(null)).toMatchObject([{ id: 'sluice-tables-of-bi' }, ofStatsig]);
  });

  it('follows the configured Statsig folder and table names', () => {
    const other = defineConfig({ bucket: 'acme-data', statsigFolder: 'a/b', tables: { events: 'e' } });
    expect(deliveredTables(other).events.name).toBe('e');
    expect(lifecycleRules(other).map(({ prefix }) => prefix)).toEqual(
      expect.arrayContaining(['a/b/', 'a/b/statsig_forwarded_events/e/']),
    );
  });
});
