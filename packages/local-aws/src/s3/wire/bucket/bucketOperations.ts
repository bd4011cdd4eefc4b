import { notImplemented } from '../../../protocol/AwsError.ts';
import { s3Errors } from '../../errors.ts';
import { newBucketSettings } from '../../model/bucketSettings.ts';
import { childText } from '../parseXml.ts';
import type { S3Operation } from '../S3Operation.ts';
import { ownerElement, readXmlBody, xmlResponse } from '../xmlBodies.ts';

/** The region of a bucket without a location constraint. */
const HOME_REGION = 'us-east-1';

/** The form of a region's name. */
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/**
 * The region of a new bucket. Localstack recorded the errors against AWS: test_s3.snapshot.json,
 * test_different_location_constraint and test_create_bucket_with_invalid_location_constraint.
 *
 * @param constraint '' for none.
 * @param region Of the endpoint.
 */
function placeOf(constraint: string, region: string): string {
  if (region === HOME_REGION) {
    if (constraint === '') return HOME_REGION;
    if (constraint === HOME_REGION || !REGION.test(constraint)) throw s3Errors.invalidLocation(constraint);
  }
  if (constraint !== region) throw s3Errors.illegalLocation(constraint === '' ? 'unspecified' : constraint);
  return region;
}

/** ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
export const bucketOperations: readonly S3Operation[] = [
  {
    name: 'ListBuckets',
    on: 'service',
    method: 'GET',
    run: ({ store, caller }) =>
      xmlResponse([
        'ListAllMyBucketsResult',
        [
          ownerElement(caller.account),
          [
            'Buckets',
            store
              .buckets()
              .filter(({ account }) => account === caller.account)
              .map(({ name, createdMs, region }) => [
                'Bucket',
                [
                  ['Name', name],
                  ['CreationDate', new Date(createdMs).toISOString()],
                  ['BucketRegion', region],
                ],
              ]),
          ],
        ],
      ]),
  },
  {
    name: 'CreateBucket',
    on: 'bucket',
    method: 'PUT',
    async run(call) {
      const configuration = await readXmlBody(call, 'CreateBucketConfiguration');
      for (const { name } of configuration?.children ?? []) {
        if (name !== 'LocationConstraint') throw notImplemented(`S3 CreateBucket with ${name}`);
      }
      const constraint =
        configuration === undefined ? undefined : childText(configuration, 'LocationConstraint');
      const region = placeOf(constraint ?? '', call.request.region);
      const { bucket, store, caller } = call;
      // Only us-east-1 answers the creation of a bucket that the caller already owns as if it were new.
      const isOwned = store.hasBucket(bucket) && store.bucket(bucket).info.account === caller.account;
      if (!isOwned || region !== HOME_REGION)
        store.createBucket(bucket, { region, account: caller.account, settings: newBucketSettings });
      return { status: 200, headers: { location: `/${bucket}` } };
    },
  },
  {
    name: 'HeadBucket',
    on: 'bucket',
    method: 'HEAD',
    run: ({ bucket, store }) => ({
      status: 200,
      headers: {
        'x-amz-bucket-region': store.bucket(bucket).info.region,
        'x-amz-access-point-alias': 'false',
        'content-type': 'application/xml',
      },
    }),
  },
  {
    name: 'DeleteBucket',
    on: 'bucket',
    method: 'DELETE',
    run({ bucket, store }) {
      store.deleteBucket(bucket);
      return { status: 204 };
    },
  },
  {
    name: 'GetBucketLocation',
    on: 'bucket',
    method: 'GET',
    selectedBy: ['location'],
    run({ bucket, store }) {
      const { region } = store.bucket(bucket).info;
      return xmlResponse(['LocationConstraint', region === HOME_REGION ? '' : region]);
    },
  },
];
