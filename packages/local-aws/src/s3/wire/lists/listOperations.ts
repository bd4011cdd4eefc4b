import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { LIST_KEYS } from '../../limits.ts';
import type { ListPage } from '../../model/KeyIndex.ts';
import type { Upload } from '../../model/MultipartUploads.ts';
import type { StoredObject } from '../../model/StoredObject.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { ownerElement, xmlResponse } from '../xmlBodies.ts';

/** The greatest count that S3 reads: a number of 32 bits. */
const MOST_COUNT = 2 ** 31 - 1;

/** A count in the query, from 0 to `most`. Larger values are reduced to `most`, as in S3. Default `most`. */
function countParameter(query: S3Call['query'], name: string, most: number): number {
  const text = query.get(name);
  if (text === null || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > MOST_COUNT) {
    throw s3Errors.invalidArgument(
      name,
      text,
      `Argument ${name} must be an integer between 0 and ${MOST_COUNT}`,
    );
  }
  return Math.min(Number(text), most);
}

/**
 * How names are written in the answer: unchanged, or, with `encoding-type=url`, percent-encoded as in a form but
 * with unencoded slashes.
 */
function nameEncoder(query: S3Call['query']): (name: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (name) => name;
  if (type !== 'url') {
    throw s3Errors.invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
  }
  return (name) =>
    encodeURIComponent(name)
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+');
}

/** The parameters that every list has. */
export interface ListParameters {
  /** Writes a name for the answer. */
  readonly encode: (name: string) => string;
  /** Only keys that begin with it are listed; '' for every key. */
  readonly prefix: string;
  /** '' for none. */
  readonly delimiter: string;
  /** The most entries of a page. */
  readonly limit: number;
  /** The element that says how names are encoded; undefined if the request does not ask for it. */
  readonly encodingType: XmlElement | undefined;
}

/**
 * Reads the parameters of a list.
 *
 * @param count The name of the parameter with the most entries of a page.
 * @throws AwsError `InvalidArgument`
 */
export function listParameters(query: S3Call['query'], count = 'max-keys'): ListParameters {
  return {
    encode: nameEncoder(query),
    prefix: parameter(query, 'prefix'),
    delimiter: parameter(query, 'delimiter'),
    limit: countParameter(query, count, LIST_KEYS),
    encodingType: optional('EncodingType', parameter(query, 'encoding-type')),
  };
}

/** Prefix of every continuation token, by which a foreign token is recognised. */
const TOKEN = 'local1.';

const ATTRIBUTES = 'x-amz-optional-object-attributes';

/** The header that requests attributes besides the attributes of every list. */
export const optionalAttributes = {
  header: ATTRIBUTES,
  /** Nothing is ever restored here, and S3 returns no status for an object that isn't restored. */
  check(headers: S3Call['headers']): void {
    for (const wanted of headers[ATTRIBUTES]?.split(',') ?? []) {
      if (wanted.trim() !== 'RestoreStatus')
        throw s3Errors.invalidArgument(ATTRIBUTES, wanted, 'Invalid attribute name specified.');
    }
  },
};

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
    optionalAttributes.check(headers);
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

/** The first version of the list, with a marker. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: S3Operation = {
  name: 'ListObjects',
  on: 'bucket',
  method: 'GET',
  query: ['prefix', 'delimiter', 'marker', 'max-keys', 'encoding-type'],
  headers: [ATTRIBUTES],
  run({ store, bucket, query, headers }) {
    optionalAttributes.check(headers);
    const { encode, prefix, delimiter, limit, encodingType } = listParameters(query);
    const marker = parameter(query, 'marker');
    const page = store.list(bucket, { prefix, delimiter, after: marker, limit });
    return xmlResponse([
      'ListBucketResult',
      [
        ['Name', bucket],
        ['Prefix', encode(prefix)],
        ['Marker', encode(marker)],
        // Without a delimiter the last key is the marker. S3 returns one only where it could be a common prefix.
        optional('NextMarker', delimiter === '' ? '' : encode(page.next ?? '')),
        optional('Delimiter', encode(delimiter)),
        ['MaxKeys', limit],
        encodingType,
        ['IsTruncated', page.next !== undefined],
        ...entries(page, encode, store.bucket(bucket).info.account),
      ],
    ]);
  },
};

/** @param owner Account to name with each object; undefined for none. */
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

/** When an object or a delete marker was made, in whole seconds. */
export function lastModified({ modifiedMs }: Pick<StoredObject, 'modifiedMs'>): XmlElement {
  return ['LastModified', new Date(Math.floor(modifiedMs / 1000) * 1000).toISOString()];
}

/** What lists say of an object besides its name and date. @param owner Account to name; undefined for none. */
export function objectElements(
  { etag, size, checksum, attributes }: StoredObject,
  owner: string | undefined,
): (XmlElement | undefined)[] {
  return [
    ['ETag', `"${etag}"`],
    ...checksumTypeElements(checksum),
    ['Size', size],
    owner === undefined ? undefined : ownerElement(owner),
    ['StorageClass', attributes.storageClass ?? 'STANDARD'],
  ];
}

/** The algorithm and the type of a checksum; no elements without a checksum. */
export function checksumTypeElements(checksum: Upload['checksum']): readonly XmlElement[] {
  if (checksum === undefined) return [];
  return [
    ['ChecksumAlgorithm', checksum.algorithm],
    ['ChecksumType', checksum.type],
  ];
}

/** An element, unless its text is empty. */
export function optional(name: string, text: string): XmlElement | undefined {
  return text === '' ? undefined : [name, text];
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

/** The value of a parameter; '' for one that is absent. S3 treats an empty parameter as an absent one. */
export function parameter(query: S3Call['query'], name: string): string {
  return query.get(name) ?? '';
}
