import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { parseTemplate, type Template } from '../../packages/local-aws/src/index.ts';
import { type Footprints, footprints, upgradeProblems } from './footprint.ts';
import { packageTemplate } from './packageTemplate.ts';
import { lastRelease, storeRelease } from './releases.ts';
import { ServiceSpec } from './schema/ServiceSpec.ts';

const RELEASES = join(repositoryRoot, 'test', 'fixtures', 'releases');
/** Shown with every problem. */
const CURE =
  'Give it back what it had. If users are to live with it, tell them what to do in docs/deploy.md, raise the version in cli/package.json and store what is released then: SLUICE_STORE_RELEASE=1 npm test -- test/infra/upgrade';

const options = {
  readers: [
    { kind: 'statsig' as const, name: 'statsig', as: 'user' as const },
    { kind: 'owox' as const, name: 'owox', resultsBucket: 'acme-owox-results' },
  ],
};

let template: Template;
let spec: ServiceSpec;
let now: Footprints;
beforeAll(async () => {
  spec = await ServiceSpec.load();
  template = parseTemplate(await packageTemplate(options));
  now = footprints(template.Resources, spec);
}, 60_000);

describe('an upgrade from the last release', () => {
  it('replaces, deletes and narrows no resource that holds data or that others know by name', () => {
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'cli', 'package.json'), 'utf8'));
    const stored = lastRelease(RELEASES);
    expect(Object.keys(stored.footprints).length).toBeGreaterThan(10);
    const problems =
      process.env['SLUICE_STORE_RELEASE'] === '1'
        ? storeRelease(RELEASES, version, now)
        : upgradeProblems(stored.footprints, JSON.parse(JSON.stringify(now)));
    expect({ problems, cure: CURE }).toEqual({ problems: [], cure: CURE });
  });

  describe('a stored release', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-releases-'));
    afterAll(() => rmSync(directory, { recursive: true }));
    const bucket = (name: string) => ({
      DataBucket: { type: 'AWS::S3::Bucket', onDeletion: 'Retain', fixed: { BucketName: name } },
    });

    it('is compared with the last one, and a breaking change needs a new version', () => {
      expect(storeRelease(directory, '0.9.0', bucket('acme'))).toEqual([]);
      expect(storeRelease(directory, '0.9.0', bucket('other'))).toEqual([
        expect.stringContaining('DataBucket.BucketName was "acme", is "other"'),
      ]);
      expect(lastRelease(directory)).toEqual({ version: '0.9.0', footprints: bucket('acme') });
      expect(storeRelease(directory, '0.10.0', bucket('other'))).toEqual([]);
      expect(lastRelease(directory)).toEqual({ version: '0.10.0', footprints: bucket('other') });
      // An earlier one than the last stands as it is.
      expect(storeRelease(directory, '0.9.0', bucket('other'))).not.toEqual([]);
    });
  });

  /** Problems of a template with one thing changed: a property by its path, or a resource. `undefined` takes it away. */
  function changed(...edits: readonly (readonly [path: string, value: unknown])[]): string[] {
    const resources: Template['Resources'] = JSON.parse(JSON.stringify(template.Resources));
    for (const [path, value] of edits) {
      const names = path.split('.');
      const holder = names
        .slice(0, -1)
        .reduce<object>((at, name) => Object(Reflect.get(at, name)), resources);
      const last = names.at(-1) ?? '';
      if (value === undefined) Reflect.deleteProperty(holder, last);
      else Reflect.set(holder, last, value);
    }
    return upgradeProblems(now, footprints(resources, spec));
  }
  const stream = 'EventsStream.Properties.ExtendedS3DestinationConfiguration';
  const columns = 'EventsTable.Properties.TableInput.StorageDescriptor.Columns';

  it.each([
    {
      what: "a bucket's name",
      path: 'DataBucket.Properties.BucketName',
      value: 'other',
      problem:
        'DataBucket.BucketName was "acme-experiments", is "other": the AWS::S3::Bucket would be replaced',
    },
    {
      what: "a stream's name",
      path: 'EventsStream.Properties.DeliveryStreamName',
      value: 'other',
      problem: 'EventsStream.DeliveryStreamName was "sluice-prod-events", is "other"',
    },
    {
      what: 'dynamic partitioning switched off',
      path: `${stream}.DynamicPartitioningConfiguration.Enabled`,
      value: false,
      problem: 'DynamicPartitioningConfiguration.Enabled was true, is false',
    },
    {
      what: "a key's kind",
      path: 'DataKey.Properties.KeySpec',
      value: 'RSA_2048',
      problem: 'DataKey.KeySpec was "SYMMETRIC_DEFAULT", is "RSA_2048"',
    },
    {
      what: 'a table that is gone',
      path: 'EventsTable',
      value: undefined,
      problem: 'EventsTable (AWS::Glue::Table) is gone: it would',
    },
    {
      what: 'data that would go with the stack',
      path: 'DataBucket.DeletionPolicy',
      value: undefined,
      problem: 'DataBucket.DeletionPolicy was RetainExceptOnCreate, is undefined',
    },
    {
      what: "a column's type",
      path: `${columns}.0.Type`,
      value: 'bigint',
      problem: 'EventsTable: column event_id was string, is bigint',
    },
    {
      what: 'another type under its logical ID',
      path: 'DataBucket.Type',
      value: 'AWS::SQS::Queue',
      problem: 'DataBucket was AWS::S3::Bucket and is AWS::SQS::Queue: it would be replaced',
    },
  ])('is stopped by $what', ({ path, value, problem }) => {
    expect(changed([path, value])).toEqual([expect.stringContaining(problem)]);
  });

  it('is not stopped by changes in place', () => {
    const added = { Name: 'later', Type: 'string' };
    const problems = changed(
      [`${columns}.100`, added],
      ['RegisterQueue.Properties.VisibilityTimeout', 1],
      ['DataBucket.Properties.LifecycleConfiguration.Rules', []],
      ['EventsTable.Properties.TableInput.PartitionKeys.0.Comment', 'other words'],
      ['DataBucket.DeletionPolicy', 'Retain'],
    );
    expect(problems).toEqual([]);
  });
});
