import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import type { AwsResponse } from '../../protocol/AwsService.ts';
import type { XmlElement } from '../../protocol/xml.ts';
import { s3Errors } from '../errors.ts';
import { DELETE_KEYS } from '../limits.ts';
import { checkKey } from '../model/ObjectStore.ts';
import { archivedClasses } from '../model/StoredObject.ts';
import { authorizeDeletion } from './authorize.ts';
import { checkReadConditions, isRangeConditionMet, unquoteETag, writeCondition } from './conditions.ts';
import {
  attributeHeaders,
  checkAcl,
  checksumHeaders,
  encrypted,
  encryptionHeaders,
  objectHeaders,
  overrideParameters,
  readAttributes,
  requireKeyAccess,
} from './objectAttributes.ts';
import { childText, type ParsedElement } from './parseXml.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { deletionHeaders, newVersionHeader, readVersionId, versionHeader } from './versionHeaders.ts';
import { readXmlBody, xmlResponse } from './xmlBodies.ts';

/** The checksum that S3 computes for an object uploaded without one. */
const DEFAULT_ALGORITHM = 'CRC64NVME';

/** Stages the body, checks it against the client's headers, then commits it under its condition. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: S3Operation = {
  name: 'PutObject',
  on: 'object',
  method: 'PUT',
  headers: attributeHeaders,
  async run(call) {
    const bucket = call.store.bucket(call.bucket);
    const attributes = encrypted(call, bucket, readAttributes(call.headers, 'PutObject'));
    checkAcl(call);
    const condition = writeCondition(call.headers, 'PutObject');
    const before = bucket.find(call.key);
    const received = receiveBody(call);
    const staged = await bucket.stage(received.bytes, received.algorithm ?? DEFAULT_ALGORITHM);
    try {
      received.verify(staged);
    } catch (error) {
      bucket.discard(staged);
      throw error;
    }
    const object = call.store.bucket(call.bucket).commit({
      key: call.key,
      staged,
      attributes,
      checksum: staged.checksum,
      condition,
      before,
      reason: 'PutObject',
    });
    return {
      status: 200,
      headers: {
        etag: `"${object.etag}"`,
        ...encryptionHeaders(attributes),
        ...checksumHeaders(object),
        ...newVersionHeader(object),
      },
    };
  },
};

/** The bytes of an object or of one range of it. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: S3Operation = {
  name: 'GetObject',
  on: 'object',
  method: 'GET',
  query: [...overrideParameters, 'versionId'],
  headers: ['x-amz-checksum-mode'],
  run: (call) => read(call, true),
};

/** The answer of getObject without the bytes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: S3Operation = {
  ...getObject,
  name: 'HeadObject',
  method: 'HEAD',
  run: (call) => read(call, false),
};

/** Headers and bytes are read in one step, so both belong to the same object even while it is being replaced. */
function read(call: S3Call, withBody: boolean): AwsResponse {
  const { headers } = call;
  const bucket = call.store.bucket(call.bucket);
  const object = bucket.get(call.key, readVersionId(call));
  const described = { ...objectHeaders(object, call), ...versionHeader(bucket, object) };
  const { storageClass, encryption } = object.attributes;
  if (withBody) {
    if (storageClass !== undefined && archivedClasses.has(storageClass))
      throw s3Errors.invalidObjectState(storageClass);
    requireKeyAccess(call, bucket, encryption, 'kms:Decrypt');
  }
  if (!checkReadConditions(object, headers, call.clock.now())) {
    const { etag = '', 'last-modified': modified = '' } = described;
    return {
      status: 304,
      headers: { etag, 'last-modified': modified, ...versionHeader(bucket, object) },
    };
  }
  const range = isRangeConditionMet(object, headers) ? readRange(headers['range'], object.size) : undefined;
  const length = range === undefined ? object.size : range.end - range.start + 1;
  // S3 sends the checksum of the whole object only with the whole object.
  const checksum =
    headers['x-amz-checksum-mode'] === 'ENABLED' && length === object.size ? checksumHeaders(object) : {};
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...described,
      ...checksum,
      'content-length': String(length),
      ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
    },
    ...(withBody ? { body: bucket.read(object, range) } : {}),
  };
}

/** First and last byte, both inclusive. */
export interface ByteRange {
  /** Offset of the first byte, from 0. */
  readonly start: number;
  /** Offset of the last byte. */
  readonly end: number;
}

const RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * Reads a `Range` header for an object of `size` bytes.
 *
 * @returns `undefined` for the whole object: without a header, and, as in S3, for a header that can't be parsed or
 * requests several ranges (https://github.com/awslabs/aws-c-s3/issues/257).
 * @throws AwsError `InvalidRange` when the range is outside the object.
 */
function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = RANGE.exec(header ?? '') ?? [];
  if (header === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Number(last);
    if (length === 0 || size === 0) throw s3Errors.invalidRange(header, size);
    return { start: Math.max(0, size - length), end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw s3Errors.invalidRange(header, size);
  return { start, end };
}

/** Removes one object or version. Succeeds when it doesn't exist. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: S3Operation = {
  name: 'DeleteObject',
  on: 'object',
  method: 'DELETE',
  query: ['versionId'],
  run(call) {
    const { store, key, headers } = call;
    const bucket = store.bucket(call.bucket);
    const condition = writeCondition(headers, 'DeleteObject');
    const versionId = readVersionId(call);
    const deletion =
      versionId === undefined
        ? bucket.delete(key, condition)
        : bucket.deleteVersion(key, versionId, condition);
    return { status: 204, headers: deletionHeaders(deletion) };
  },
};

/** Removes up to 1,000 objects independently. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: S3Operation = {
  name: 'DeleteObjects',
  on: 'bucket',
  method: 'POST',
  selectedBy: ['delete'],
  async run(call) {
    call.store.bucket(call.bucket);
    if (!('content-md5' in call.headers) && !Object.keys(call.headers).some((name) => CHECKSUM.test(name))) {
      throw s3Errors.invalidRequest(
        'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
      );
    }
    const body = await readXmlBody(call, 'Delete');
    const objects = body?.children.filter(({ name }) => name === 'Object') ?? [];
    if (body === undefined || objects.length === 0 || objects.length > DELETE_KEYS) {
      throw s3Errors.malformedXml(`expected from 1 to ${DELETE_KEYS} objects, got ${objects.length}.`);
    }
    const quiet = childText(body, 'Quiet')?.trim() === 'true';
    return xmlResponse([
      'DeleteResult',
      objects.map((object) => deleteOne(call, object)).filter(([name]) => !quiet || name === 'Error'),
    ]);
  },
};

const CHECKSUM = /^x-amz-(checksum-|trailer$)/;

const DELETE_MEMBERS: readonly string[] = ['Key', 'ETag', 'VersionId'];

/** What a deletion says of the delete marker that it left or removed; no elements without one. */
function markerElements(isMarker: boolean, versionId: string | undefined): XmlElement[] {
  if (!isMarker || versionId === undefined) return [];
  return [
    ['DeleteMarker', true],
    ['DeleteMarkerVersionId', versionId],
  ];
}

/** Keys succeed or fail independently: the answer lists failures beside successes. */
function deleteOne(call: S3Call, object: ParsedElement): XmlElement {
  const key = childText(object, 'Key');
  const versionId = childText(object, 'VersionId') || undefined;
  if (key === undefined) throw s3Errors.malformedXml('an object has no key.');
  try {
    for (const { name } of object.children) {
      if (!DELETE_MEMBERS.includes(name)) throw notImplemented(`S3 DeleteObjects with ${name}`);
    }
    checkKey(key);
    const etag = childText(object, 'ETag');
    authorizeDeletion(call, key, versionId, etag);
    const condition = etag === undefined ? {} : { ifMatch: unquoteETag(etag) };
    const bucket = call.store.bucket(call.bucket);
    if (versionId === undefined) {
      const { isMarker, versionId: marker } = bucket.delete(key, condition);
      return ['Deleted', [['Key', key], ...markerElements(isMarker, marker)]];
    }
    const { isMarker } = bucket.deleteVersion(key, versionId, condition);
    return ['Deleted', [['Key', key], ['VersionId', versionId], ...markerElements(isMarker, versionId)]];
  } catch (thrown) {
    if (!(thrown instanceof AwsError)) throw thrown;
    // Unlike DeleteObject, this doesn't distinguish an ID that never existed from one that is gone.
    const isUnknown = versionId !== undefined && thrown.members['ArgumentName'] === 'versionId';
    const error = isUnknown ? s3Errors.noSuchVersion(key, versionId) : thrown;
    return [
      'Error',
      [
        ['Key', key],
        versionId === undefined ? undefined : ['VersionId', versionId],
        ['Code', error.code],
        ['Message', error.message],
      ],
    ];
  }
}
