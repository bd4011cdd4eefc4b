import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/ManualClock.ts';
import { deployStack, type ResourceHandler } from '../../src/cloudformation/Stack.ts';
import { AwsError } from '../../src/protocol/AwsError.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const bucket = (BucketName: string, properties: object = {}, attributes: object = {}) => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName, ...properties },
  ...attributes,
});

describe('a deployment of a stack', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20));
  let directory: ReturnType<typeof temporaryDirectory>;
  /** The account: tags of buckets by name. */
  let account: Map<string, unknown>;
  let work: string[];
  let refused: string | undefined;
  const handler: ResourceHandler = {
    exists: ({ physicalId }) => account.has(physicalId),
    put({ physicalId, properties }) {
      if (physicalId === refused) throw new AwsError('InvalidRequest', 400, 'It is refused.');
      work.push(`put ${physicalId}`);
      account.set(physicalId, properties['Tags']);
    },
    delete({ physicalId }) {
      if (physicalId === refused) throw new AwsError('BucketNotEmpty', 409, 'It is not empty.');
      work.push(`delete ${physicalId}`);
      account.delete(physicalId);
    },
  };
  const deploy = async (Resources: object, more: Partial<Parameters<typeof deployStack>[0]> = {}) => {
    work = [];
    const stack = await deployStack({
      directory: directory.path,
      name: 'shop',
      template: { Resources },
      codeDirectory: '.',
      clock,
      identity: { region: 'us-east-1', account: '000000000000', partition: 'aws', endpoint: 'http://a' },
      prepare: () => undefined,
      handlers: new Map([['AWS::S3::Bucket', handler]]),
      onDeployed: ({ updatedMs }) => work.push(updatedMs === undefined ? 'created' : 'updated'),
      ...more,
    });
    return stack;
  };
  beforeEach(() => {
    directory = temporaryDirectory();
    account = new Map();
    refused = undefined;
  });
  afterEach(() => directory.remove());

  it('creates what is missing in the order of dependencies, and nothing twice', async () => {
    const resources = { B: bucket('b', {}, { DependsOn: 'A' }), A: bucket('a') };
    const created = await deploy(resources);
    expect(work).toEqual(['put a', 'put b', 'created']);
    expect(await deploy(resources)).toMatchObject({ name: 'shop', createdMs: created.createdMs });
    expect(work).toEqual([]);
    account.delete('b');
    await deploy(resources);
    expect(work).toEqual(['put b']);
  });

  it('sets what differs, then deletes what has left, what depends on others first', async () => {
    await deploy({ A: bucket('a'), B: bucket('b'), C: bucket('c', {}, { DependsOn: 'B' }) });
    await deploy({ A: bucket('a', { Tags: [1] }), B: bucket('b-2') });
    expect(work).toEqual(['put a', 'put b-2', 'delete c', 'delete b', 'updated']);
  });

  it('keeps what its policies keep, and what its service refuses to delete', async () => {
    const kept = (name: string) =>
      bucket(name, {}, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    await deploy({ Removed: kept('removed'), Replaced: kept('replaced'), Full: bucket('full') });
    refused = 'full';
    await deploy({ Replaced: kept('replacement') });
    expect(work).toEqual(['put replacement', 'updated']);
  });

  it('counts other code as another version', async () => {
    await deploy({ A: bucket('a') });
    await deploy({ A: bucket('a') }, { codeDirectory: 'other' });
    expect(work).toEqual(['updated']);
  });

  it('takes over what exists where no stack of its name was deployed', async () => {
    await deploy({ A: bucket('a') });
    await deploy({ A: bucket('a') }, { name: 'other' });
    expect(work).toEqual(['put a', 'created']);
  });

  it('keeps what it has set before it fails, and is compared with both templates then', async () => {
    const before = { Kept: bucket('kept', { Tags: [1] }), Gone: bucket('gone') };
    await deploy(before);
    refused = 'z';
    const failing = { Added: bucket('added'), Kept: bucket('kept', { Tags: [2] }), Z: bucket('z') };
    await expect(deploy(failing)).rejects.toMatchObject({
      code: 'LOCAL_AWS_STACK_UPDATE_FAILED',
      detail: 'Z: It is refused.',
    });
    expect([...account.keys()].sort()).toEqual(['added', 'gone', 'kept']);
    await deploy(before);
    expect(work).toEqual(['put kept', 'put gone', 'delete added', 'updated']);
    expect(account.get('kept')).toEqual([1]);
  });

  it.each([
    {
      what: 'whose template is not valid',
      resources: { A: bucket('a', {}, { DeletionPolicy: 'Snapshot' }) },
      failure: { code: 'LOCAL_AWS_TEMPLATE_INVALID' },
    },
    {
      what: 'that has a resource twice',
      resources: { Again: bucket('added') },
      failure: { detail: 'Again: added is in the stack already.' },
    },
  ])('changes nothing $what', async ({ resources, failure }) => {
    await expect(deploy({ Added: bucket('added'), ...resources })).rejects.toMatchObject(failure);
    expect(account.size).toBe(0);
  });

  it('changes nothing when its preparation fails', async () => {
    const prepare = () => {
      throw new Error('not now');
    };
    await expect(deploy({ Added: bucket('added') }, { prepare })).rejects.toMatchObject({
      detail: 'not now',
    });
    expect(account.size).toBe(0);
  });
});
