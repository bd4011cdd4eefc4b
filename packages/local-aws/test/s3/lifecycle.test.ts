import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { signedRequest } from '../edge/signedRequest.ts';

const Bucket = 'aging';
const Status = 'Enabled';
const Expiration = { Days: 7 };
const Filter = { Prefix: '' };

describe("a bucket's lifecycle", () => {
  let s3: RunningS3;
  const put = (Rules: LifecycleRule[], size?: TransitionDefaultMinimumObjectSize) =>
    s3.client.send(
      new PutBucketLifecycleConfigurationCommand({
        ...{ Bucket, LifecycleConfiguration: { Rules }, TransitionDefaultMinimumObjectSize: size },
      }),
    );
  const get = () => s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  const putXml = async (rule: string) => {
    const body = `<LifecycleConfiguration>${rule}</LifecycleConfiguration>`;
    const { status, body: answer } = await signedRequest({
      ...{ url: s3.url, method: 'PUT', path: `/${Bucket}?lifecycle=`, body },
    });
    return `${status} ${/<Code>(.*?)<\/Code>/.exec(answer)?.[1] ?? ''}`;
  };

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket);
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('is returned in the form in which it was put, also after a restart', async () => {
    const Rules: LifecycleRule[] = [
      { ID: 'old', Status, Prefix: 'a/', Expiration },
      { ID: 'all', Status, Filter: {}, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      { ID: 'some', Status, Filter: { Prefix: '' }, Transitions: [{ Days: 0, StorageClass: 'GLACIER' }] },
    ];
    expect(await put(Rules)).toMatchObject({
      TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K',
    });
    expect(await get()).toMatchObject({
      Rules,
      TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K',
    });
    const varies = { TransitionDefaultMinimumObjectSize: 'varies_by_storage_class' };
    expect(await put(Rules, 'varies_by_storage_class')).toMatchObject(varies);
    const { $metadata: _, ...read } = await get();
    expect(read).toEqual({ Rules, ...varies });
    s3.store.close();
    const store = ObjectStore.open({ directory: s3.directory, clock: realClock });
    const again = await startServices([s3Service({ store, clock: realClock })]);
    const client = new S3Client(again.options);
    expect(await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).toMatchObject(read);
    client.destroy();
    await again.close();
    store.close();
    await s3.close();
    s3 = await startS3();
    s3.store.createBucket(Bucket);
  });

  it.each<[name: string, code: string, rules: object[]]>([
    ['days that are none', 'InvalidArgument', [{ Filter, Expiration: { Days: 0 } }]],
    [
      'days before today',
      'InvalidArgument',
      [{ Filter, Transitions: [{ Days: -1, StorageClass: 'GLACIER' }] }],
    ],
    [
      'days too early for a class',
      'InvalidArgument',
      [{ Filter, Transitions: [{ Days: 29, StorageClass: 'STANDARD_IA' }] }],
    ],
    ['an ID that is too long', 'InvalidArgument', [{ ID: 'x'.repeat(256), Filter, Expiration }]],
    [
      'the same ID twice',
      'InvalidArgument',
      [
        { ID: 'one', Filter, Expiration },
        { ID: 'one', Filter, Expiration },
      ],
    ],
    ['neither a filter nor a prefix', 'MalformedXML', [{ ID: 'one', Expiration }]],
    ['both a filter and a prefix', 'MalformedXML', [{ Filter, Prefix: '', Expiration }]],
    [
      'days beside markers',
      'MalformedXML',
      [{ Filter, Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }],
    ],
    ['an unknown class', 'MalformedXML', [{ Filter, Transitions: [{ Days: 1, StorageClass: 'SLOW' }] }]],
    ['no action', 'InvalidRequest', [{ Filter }]],
    ['an empty expiration of versions', 'MalformedXML', [{ Filter, NoncurrentVersionExpiration: {} }]],
    ['a filter by tag', 'NotImplemented', [{ Filter: { Tag: { Key: 'a', Value: 'b' } }, Expiration }]],
    ['a filter by size', 'NotImplemented', [{ Filter: { ObjectSizeGreaterThan: 1 }, Expiration }]],
    [
      'a filter of several',
      'NotImplemented',
      [{ Filter: { And: { Prefix: 'a', Tags: [{ Key: 'a', Value: 'b' }] } }, Expiration }],
    ],
    [
      'transitions of versions',
      'NotImplemented',
      [
        {
          Filter,
          NoncurrentVersionTransitions: [
            { NoncurrentDays: 30, StorageClass: 'STANDARD_IA' },
            { NoncurrentDays: 60, StorageClass: 'GLACIER' },
          ],
        },
      ],
    ],
  ])('with %s is refused as %s', async (_, code, rules) => {
    const failure = await failureOf(put(rules.map((rule) => ({ Status, ...rule }))));
    expect(failure.name).toBe(code);
  });

  it('with an element twice that comes once is malformed, and an unknown one is refused by name', async () => {
    const rule = '<Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration>';
    expect(await putXml(`<Rule>${rule}</Rule>`)).toBe('200 ');
    expect(await putXml(`<Rule>${rule}<ID>a</ID><ID>b</ID></Rule>`)).toBe('400 MalformedXML');
    expect(await putXml(`<Rule>${rule}<__proto__>x</__proto__></Rule>`)).toBe('501 NotImplemented');
  });
});
