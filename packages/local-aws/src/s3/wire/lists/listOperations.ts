import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { LIST_KEYS } from '../../limits.ts';
import { compareUtf8, type ListPage } from '../../model/KeyIndex.ts';
import { UPLOAD_ID, type Upload } from '../../model/MultipartUploads.ts';
import type { StoredObject } from '../../model/StoredObject.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { initiatorElement, ownerElement, xmlResponse } from '../xmlBodies.ts';

/** A count in the query, from 0 to `most`. Larger values are reduced to `most`, as in S3. Default `most`. */
export function countParameter(query: S3Call['query'], name: string, most: number): number {
  const text = query.get(name);
  if (text === null || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    throw s3Errors.invalidArgument(
      name,
      text,
      `Argument ${name} must be an integer between 0 and 2147483647`,
    );
  }
  return Math.min(Number(text), most);
}

/**
 * How names are written in the answer: unchanged, or, with `encoding-type=url`, percent-encoded as in a form but
 * with unencoded slashes.
 */
export function nameEncoder(query: S3Call['query']): (name: string) => string {
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
    const encode = nameEncoder(query);
    const prefix = parameter(query, 'prefix');
    const delimiter = parameter(query, 'delimiter');
    const startAfter = parameter(query, 'start-after');
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
        optional('EncodingType', parameter(query, 'encoding-type')),
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
    const encode = nameEncoder(query);
    const prefix = parameter(query, 'prefix');
    const delimiter = parameter(query, 'delimiter');
    const marker = parameter(query, 'marker');
    const limit = countParameter(query, 'max-keys', LIST_KEYS);
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
        optional('EncodingType', parameter(query, 'encoding-type')),
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

function checksumTypeElements(checksum: Upload['checksum']): readonly XmlElement[] {
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

/** Lists the uploads that are not completed or aborted. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: S3Operation = {
  name: 'ListMultipartUploads',
  on: 'bucket',
  method: 'GET',
  selectedBy: ['uploads'],
  query: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
  run({ store, bucket, query }) {
    const encode = nameEncoder(query);
    const prefix = parameter(query, 'prefix');
    const keyMarker = parameter(query, 'key-marker');
    // Without a key, S3 ignores the ID.
    const idMarker = keyMarker === '' ? '' : parameter(query, 'upload-id-marker');
    const limit = countParameter(query, 'max-uploads', LIST_KEYS);
    const { account } = store.bucket(bucket).info;
    const later = uploadsAfter(store.bucket(bucket).uploads.list(), keyMarker, idMarker).filter(({ key }) =>
      key.startsWith(prefix),
    );
    const page = later.slice(0, limit);
    const last = page.at(-1);
    return xmlResponse([
      'ListMultipartUploadsResult',
      [
        ['Bucket', bucket],
        ['KeyMarker', encode(keyMarker)],
        ['UploadIdMarker', idMarker],
        // The last page has it, too: localstack's test_list_multiparts_next_marker, recorded against AWS.
        ['NextKeyMarker', encode(last?.key ?? '')],
        ['NextUploadIdMarker', last?.uploadId ?? ''],
        ['Prefix', encode(prefix)],
        ['MaxUploads', limit],
        optional('EncodingType', parameter(query, 'encoding-type')),
        ['IsTruncated', page.length < later.length],
        ...page.map((upload): XmlElement => ['Upload', uploadElements(upload, account, encode)]),
      ],
    ]);
  },
};

/**
 * The uploads behind a marker, in their order. With an upload ID the marker names one upload; without an ID it stands for
 * all uploads of its key.
 *
 * @param uploads All uploads of the bucket, by key and start.
 * @param keyMarker Key of the marker; '' for none, which gives all uploads.
 * @param idMarker Upload ID of the marker; '' for none, and without a key.
 * @throws AwsError `InvalidArgument` for an ID that is of another key or that was never given out.
 */
function uploadsAfter(uploads: readonly Upload[], keyMarker: string, idMarker: string): readonly Upload[] {
  if (keyMarker === '') return uploads;
  if (idMarker === '') return uploads.filter(({ key }) => compareUtf8(key, keyMarker) > 0);
  const position = uploads.findIndex(({ uploadId }) => uploadId === idMarker);
  const isOfAnotherKey = position >= 0 && uploads[position]?.key !== keyMarker;
  if (isOfAnotherKey || !UPLOAD_ID.test(idMarker))
    throw s3Errors.invalidArgument('upload-id-marker', idMarker, 'Invalid uploadId marker');
  if (position >= 0) return uploads.slice(position + 1);
  // The place of an upload that has ended since is not known: the other uploads of its key are listed again.
  return uploads.filter(({ key }) => compareUtf8(key, keyMarker) >= 0);
}

function uploadElements(
  { key, uploadId, attributes, initiatedMs, checksum }: Upload,
  account: string,
  encode: (name: string) => string,
): (XmlElement | undefined)[] {
  return [
    ['Key', encode(key)],
    ['UploadId', uploadId],
    initiatorElement(account),
    ownerElement(account),
    ['StorageClass', attributes.storageClass ?? 'STANDARD'],
    ['Initiated', new Date(initiatedMs).toISOString()],
    ...checksumTypeElements(checksum),
  ];
}

/** The value of a parameter; '' for one that is absent. S3 treats an empty parameter as an absent one. */
function parameter(query: S3Call['query'], name: string): string {
  return query.get(name) ?? '';
}
