import { describe, expect, it } from '@jest/globals';
import { planUpdate } from '../../src/cloudformation/planUpdate.ts';
import { type Generations, parseTemplate, resolveTemplate } from '../../src/template/index.ts';

const stack = {
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  stackName: 'shop',
  endpoint: 'http://127.0.0.1:4566',
};
type Resources = Readonly<Record<string, object>>;
const resolve = (resources: Resources, generations: Generations = {}) =>
  resolveTemplate(parseTemplate({ Resources: resources }), stack, generations);
const plan = (before: Resources, after: Resources, generations: Generations = {}) =>
  planUpdate(resolve(before, generations), generations, (next) => resolve(after, next));
const queue = (properties: object = {}) => ({ Type: 'AWS::SQS::Queue', Properties: properties });
const managedPolicy = (properties: object = {}) => ({
  Type: 'AWS::IAM::ManagedPolicy',
  Properties: { PolicyDocument: {}, ...properties },
});

describe('the plan of an update', () => {
  it('is empty for the same template', () => {
    const template = { Orders: queue({ QueueName: 'orders' }) };
    expect(plan(template, template).changes).toEqual([]);
  });

  it('adds and changes in the order of dependencies, then removes in the opposite one', () => {
    const before = {
      Old: queue(),
      OlderRule: { Type: 'AWS::SQS::QueuePolicy', Properties: { Queues: [{ Ref: 'Old' }] } },
      Kept: queue({ VisibilityTimeout: 1 }),
    };
    const after = {
      Policy: { Type: 'AWS::SQS::QueuePolicy', Properties: { Queues: [{ Ref: 'New' }] } },
      New: queue(),
      Kept: queue({ VisibilityTimeout: 2 }),
    };
    const { changes } = plan(before, after);
    expect(
      changes.map((change) => [
        change.action,
        change.action === 'Remove' ? change.before.logicalId : change.after.logicalId,
      ]),
    ).toEqual([
      ['Add', 'New'],
      ['Add', 'Policy'],
      ['Modify', 'Kept'],
      ['Remove', 'OlderRule'],
      ['Remove', 'Old'],
    ]);
  });

  it('changes in place what CloudFormation changes in place', () => {
    const { changes } = plan(
      { Orders: queue({ QueueName: 'orders', VisibilityTimeout: 1 }) },
      { Orders: queue({ QueueName: 'orders', VisibilityTimeout: 2, DelaySeconds: 1 }) },
    );
    expect(changes).toEqual([
      expect.objectContaining({
        action: 'Modify',
        properties: ['VisibilityTimeout', 'DelaySeconds'],
        replacement: false,
      }),
    ]);
  });

  it('replaces a resource that gets another name', () => {
    const { changes } = plan(
      { Orders: queue({ QueueName: 'orders' }) },
      { Orders: queue({ QueueName: 'orders-2' }) },
    );
    expect(changes).toEqual([expect.objectContaining({ action: 'Modify', replacement: true })]);
    expect(changes[0]).not.toHaveProperty('refusal');
  });

  it('finds what replaces a resource within a property', () => {
    const table = (Name: string) => ({
      Type: 'AWS::Glue::Table',
      Properties: { CatalogId: '1', DatabaseName: 'd', TableInput: { Name, Description: Name } },
    });
    expect(plan({ T: table('a') }, { T: table('b') }).changes).toEqual([
      expect.objectContaining({ properties: ['TableInput'], replacement: true }),
    ]);
  });

  it('gives a replaced resource a new generated name, and changes what refers to it', () => {
    const reader = {
      Type: 'AWS::IAM::User',
      Properties: { UserName: 'reader', ManagedPolicyArns: [{ Ref: 'Policy' }] },
    };
    const before = { Policy: managedPolicy({ Description: 'a' }), Reader: reader };
    const after = { Policy: managedPolicy({ Description: 'b' }), Reader: reader };
    const { changes, generations } = plan(before, after);
    const [replaced, changed] = changes;
    expect(replaced).toMatchObject({ action: 'Modify', replacement: true });
    expect(changed).toMatchObject({ properties: ['ManagedPolicyArns'], replacement: false });
    if (replaced?.action !== 'Modify') throw new Error('not replaced');
    expect(replaced.after.physicalId).not.toBe(replaced.before.physicalId);
    expect(generations).toEqual({ Policy: 1 });
    // The next update knows the new name.
    expect(plan(after, after, generations).changes).toEqual([]);
  });

  it('never gives a generated name twice', () => {
    const before = { Orders: queue() };
    const [old] = resolve(before).resources;
    const removed = plan(before, { Other: queue() });
    const again = plan({ Other: queue() }, before, removed.generations);
    expect(again.after.resources[0]?.physicalId).not.toBe(old?.physicalId);
  });

  it('refuses to replace a resource that keeps a name of its own', () => {
    const { changes } = plan(
      { Policy: managedPolicy({ ManagedPolicyName: 'readers', Description: 'a' }) },
      { Policy: managedPolicy({ ManagedPolicyName: 'readers', Description: 'b' }) },
    );
    expect(changes).toEqual([
      expect.objectContaining({
        refusal:
          'CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename readers and update the stack again.',
      }),
    ]);
  });

  it('refuses another type under a logical ID', () => {
    expect(() => plan({ A: queue(), B: queue() }, { A: managedPolicy(), B: managedPolicy() })).toThrow(
      'Update of resource type is not permitted. The new template modifies resource type of the following resources: [A, B]',
    );
  });
});
