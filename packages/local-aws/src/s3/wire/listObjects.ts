import type { XmlElement } from '../../protocol/xml.ts';
import { s3Errors } from '../errors.ts';
import { LIST_KEYS } from '../limits.ts';
import type { ListPage } from '../model/listKeys.ts';
import { countParameter, nameEncoder } from './listParameters.ts';
import { ownerElement } from './owner.ts';
import type { S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** Begins every continuation token, so that a token of something else is known for one. */
const TOKEN = 'sluice1.';

/** What is asked for besides what every list tells. */
const ATTRIBUTES = 'x-amz-optional-object-attributes';

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
    'fetch-owner',
  ],
  headers: [ATTRIBUTES],
  run({ store, bucket, query, headers }) {
    const version = query.get('list-type');
    if (version !== '2') {
      throw s3Errors.invalidArgument('list-type', version ?? '', 'Invalid List Type specified in Request');
    }
    // Nothing is ever restored here, and S3 says nothing of what isn't.
    const wanted = headers[ATTRIBUTES] ?? 'RestoreStatus';
    if (wanted !== 'RestoreStatus')
      throw s3Errors.invalidArgument(ATTRIBUTES, wanted, 'Invalid attribute name specified.');
    const encode = nameEncoder(query);
    const text = (name: string) => query.get(name) ?? '';
    const [prefix, delimiter, startAfter] = [text('prefix'), text('delimiter'), text('start-after')];
    const token = query.get('continuation-token');
    const limit = countParameter(query, 'max-keys', LIST_KEYS);
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
        optional('EncodingType', text('encoding-type')),
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

/** The first version of the list, with a marker. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: S3Operation = {
  name: 'ListObjects',
  on: 'bucket',
  method: 'GET',
  query: ['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type'],
  run({ store, bucket, query }) {
    const encode = nameEncoder(query);
    const text = (name: string) => query.get(name) ?? '';
    const [prefix, delimiter, marker] = [text('prefix'), text('delimiter'), text('marker')];
    const limit = countParameter(query, 'max-keys', LIST_KEYS);
    const page = store.list(bucket, { prefix, delimiter, after: marker, limit });
    return xmlResponse([
      'ListBucketResult',
      [
        ['Name', bucket],
        ['Prefix', encode(prefix)],
        ['Marker', encode(marker)],
        // Without a delimiter the last key does; S3 says the marker only where it could be a common prefix.
        optional('NextMarker', delimiter === '' ? '' : encode(page.next ?? '')),
        optional('Delimiter', encode(delimiter)),
        ['MaxKeys', limit],
        optional('EncodingType', text('encoding-type')),
        ['IsTruncated', page.next !== undefined],
        ...entries(page, encode, store.bucket(bucket).info.account),
      ],
    ]);
  },
};

/** @param owner Account that is named with each object; undefined: none is. */
function entries(page: ListPage, encode: (name: string) => string, owner: string | undefined): XmlElement[] {
  return page.entries.map((entry): XmlElement => {
    if ('commonPrefix' in entry) return ['CommonPrefixes', [['Prefix', encode(entry.commonPrefix)]]];
    const { key, modifiedMs, etag, size, checksum, attributes } = entry.object;
    return [
      'Contents',
      [
        ['Key', encode(key)],
        ['LastModified', new Date(Math.floor(modifiedMs / 1000) * 1000).toISOString()],
        ['ETag', `"${etag}"`],
        checksum === undefined ? undefined : ['ChecksumAlgorithm', checksum.algorithm],
        checksum === undefined ? undefined : ['ChecksumType', checksum.type],
        ['Size', size],
        owner === undefined ? undefined : ownerElement(owner),
        ['StorageClass', attributes.storageClass ?? 'STANDARD'],
      ],
    ];
  });
}

function optional(name: string, text: string): XmlElement | undefined {
  return text === '' ? undefined : [name, text];
}

function writeToken(after: string): string {
  return Buffer.from(TOKEN + after).toString('base64url');
}

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
