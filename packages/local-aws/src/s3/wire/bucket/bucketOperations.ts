import { AwsError, notImplemented } from '../../../protocol/AwsError.ts';
import { newBucketSettings, objectOwnerships } from '../../model/bucketSettings.ts';
import type { S3Operation } from '../S3Operation.ts';
import { childText, ownerElement, readXmlBody, xmlResponse } from '../xmlBodies.ts';

/** The region of a bucket without a location constraint. */
const HOME_REGION = 'us-east-1';

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
    headers: ['x-amz-object-ownership'],
    async run(call) {
      const asked = call.headers['x-amz-object-ownership'];
      const ownership = objectOwnerships.find((name) => name === (asked ?? 'BucketOwnerEnforced'));
      if (ownership === undefined)
        throw notImplemented(`S3 CreateBucket with x-amz-object-ownership: ${asked}`);
      const configuration = await readXmlBody(call, 'CreateBucketConfiguration');
      for (const { name } of configuration?.children ?? []) {
        if (name !== 'LocationConstraint') throw notImplemented(`S3 CreateBucket with ${name}`);
      }
      const constraint =
        configuration === undefined ? undefined : childText(configuration, 'LocationConstraint');
      const region = constraint === undefined || constraint === '' ? HOME_REGION : constraint;
      if (region !== call.request.region) {
        throw new AwsError(
          'IllegalLocationConstraintException',
          400,
          `The ${region === HOME_REGION ? 'unspecified' : region} location constraint is incompatible for the region specific endpoint this request was sent to.`,
        );
      }
      const { bucket, store, caller } = call;
      // Only us-east-1 answers the creation of a bucket that the caller already owns as if it were new.
      const own = store.hasBucket(bucket) && store.bucket(bucket).info.account === caller.account;
      if (!own || region !== HOME_REGION) {
        const OwnershipControls = { Rules: [{ ObjectOwnership: ownership }] };
        const settings =
          asked === undefined ? newBucketSettings : { ...newBucketSettings, OwnershipControls };
        store.createBucket(bucket, { region, account: caller.account, settings });
      }
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
