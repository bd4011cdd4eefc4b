import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import type { ListPage } from '../../model/listKeys.ts';
import type { S3Operation } from '../S3Operation.ts';
import { xmlResponse } from '../xmlBodies.ts';
import { lastModified, objectElements, optional } from './listElements.ts';
import { listParameters, OPTIONAL_ATTRIBUTES, parameter, requireKnownAttributes } from './listParameters.ts';

/** Prefix of every continuation token, by which a foreign token is recognised. */
const TOKEN = 'local1.';

/** Lists with an opaque continuation token. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2: S3Operation = {
  name: 'ListObjectsV2',
  on: 'bucket',
  method: 'GET',
  selectedBy: ['list-type'],
  query: [
    'prefix',
    'delimiter',
    'start-after',
    'continuation-token',
    'max-keys',
    'encoding-type',
    // Trino's Iceberg connector asks for owners: test/trino/staging.ts.
    'fetch-owner',
  ],
  headers: [OPTIONAL_ATTRIBUTES],
  run({ store, bucket, query, headers }) {
    const version = query.get('list-type');
    if (version !== '2') {
      throw s3Errors.invalidArgument('list-type', version ?? '', 'Invalid List Type specified in Request');
    }
    requireKnownAttributes(headers);
    const { encode, prefix, delimiter, limit, encodingType } = listParameters(query);
    const startAfter = parameter(query, 'start-after');
    const token = query.get('continuation-token');
    const after = token === null ? startAfter : readToken(token);
    const page = store.list(bucket, { prefix, delimiter, after, limit });
    return xmlResponse([
      'ListBucketResult',
      [
        ['Name', bucket],
        ['Prefix', encode(prefix)],
        optional('Delimiter', encode(delimiter)),
        optional('StartAfter', encode(startAfter)),
        optional('ContinuationToken', token ?? ''),
        optional('NextContinuationToken', page.next === undefined ? '' : writeToken(page.next)),
        ['KeyCount', page.entries.length],
        ['MaxKeys', limit],
        encodingType,
        ['IsTruncated', page.next !== undefined],
        ...entries(
          page,
          encode,
          query.get('fetch-owner') === 'true' ? store.bucket(bucket).info.account : undefined,
        ),
      ],
    ]);
  },
};

/** The elements of a page. @param owner The account of the bucket, if the caller asks for it. */
function entries(page: ListPage, encode: (name: string) => string, owner: string | undefined): XmlElement[] {
  return page.entries.map((entry): XmlElement => {
    if ('commonPrefix' in entry) return ['CommonPrefixes', [['Prefix', encode(entry.commonPrefix)]]];
    const { object } = entry;
    return [
      'Contents',
      [['Key', encode(object.key)], lastModified(object), ...objectElements(object, owner)],
    ];
  });
}

/** The token of a list's next page. @param after The last key or common prefix of the page. */
function writeToken(after: string): string {
  return Buffer.from(TOKEN + after).toString('base64url');
}

/** The key or common prefix after which a page begins. @throws AwsError `InvalidArgument` */
function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith(TOKEN)) {
    throw s3Errors.invalidArgument(
      'continuation-token',
      token,
      'The continuation token provided is incorrect',
    );
  }
  return text.slice(TOKEN.length);
}
