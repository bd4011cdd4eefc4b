import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseTemplate, type Template } from '../../../packages/local-aws/src/template/index.ts';
import { ServiceSpec } from '../../contract/infra/schema/ServiceSpec.ts';
import { changesSince } from '../upgrade/documentedChanges.ts';
import { readRelease, releaseProblems, storedVersions, upgradingConfiguration } from '../upgrade/releases.ts';
import { type Footprints, footprints, upgradeProblems } from './footprint.ts';
import { packageTemplate } from './packageTemplate.ts';

/** Shown with every problem. */
const CURE =
  'Give the resource back what it had. If users must accept the change, tell them what to do in docs/upgrade.md and list it in test/proof/upgrade/documentedChanges.ts.';
const last = readRelease(storedVersions().at(-1) ?? '');

let template: Template;
let spec: ServiceSpec;
let now: Footprints;
beforeAll(async () => {
  spec = await ServiceSpec.load();
  template = parseTemplate(await packageTemplate(upgradingConfiguration(last)));
  now = footprints(template.Resources, spec);
}, 120_000);

describe('an upgrade', () => {
  it.each(storedVersions())(
    'from release %s replaces, deletes and narrows no resource that holds data or that others know by name',
    async (version) => {
      const release = readRelease(version);
      const before = footprints(release.template.Resources, spec);
      expect(Object.keys(before).length).toBeGreaterThan(10);
      const packaged =
        version === last.version
          ? template
          : parseTemplate(await packageTemplate(upgradingConfiguration(release)));
      const problems = upgradeProblems(before, footprints(packaged.Resources, spec));
      const { resources } = changesSince(version);
      const unknown = problems.filter((problem) => !resources.some(({ is }) => is.test(problem)));
      expect({ problems: unknown, cure: CURE }).toEqual({ problems: [], cure: CURE });
    },
    60_000,
  );

  it('that breaks something is stored under a later version only', () => {
    const bucket = (name: string): Footprints => ({
      DataBucket: { type: 'AWS::S3::Bucket', onDeletion: 'Retain', fixed: { BucketName: name } },
    });
    const stored = { version: '0.9.0', footprints: bucket('acme') };
    const problems = (version: string, name: string) =>
      releaseProblems(stored, { version, footprints: bucket(name) });
    expect(problems('0.9.0', 'acme')).toEqual([]);
    expect(problems('0.9.0', 'other')).toEqual([
      expect.stringContaining('DataBucket.BucketName was "acme", is "other"'),
    ]);
    expect(problems('0.10.0', 'other')).toEqual([]);
    // A fix of an earlier version is compared when its users upgrade.
    expect(problems('0.8.1', 'other')).toEqual([]);
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
