import type { AwsResponse } from '../../protocol/AwsService.ts';
import { s3Errors } from '../errors.ts';
import { archivedClasses } from '../model/StoredObject.ts';
import { checkAcl } from './attributes/checkAcl.ts';
import { checksumHeaders } from './attributes/checksumHeaders.ts';
import { attributeHeaders, objectHeaders, readAttributes } from './attributes/objectAttributes.ts';
import { encryptionHeaders, requireKeyAccess, withEncryption } from './attributes/objectEncryption.ts';
import { checkReadConditions, writeCondition } from './conditions.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { newVersionHeader, readVersionId, versionHeader } from './versionHeaders.ts';

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
    const attributes = withEncryption(call, bucket, readAttributes(call.headers, 'PutObject'));
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
  query: ['versionId'],
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
  const described = { ...objectHeaders(object), ...versionHeader(bucket, object) };
  const { storageClass, encryption } = object.attributes;
  if (withBody) {
    if (storageClass !== undefined && archivedClasses.has(storageClass))
      throw s3Errors.invalidObjectState(storageClass);
    requireKeyAccess(call, bucket, encryption, 'kms:Decrypt');
  }
  if (!checkReadConditions(object, headers)) {
    const { etag = '', 'last-modified': modified = '' } = described;
    return {
      status: 304,
      headers: { etag, 'last-modified': modified, ...versionHeader(bucket, object) },
    };
  }
  const range = readRange(headers['range'], object.size);
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
interface ByteRange {
  /** Offset of the first byte, from 0. */
  readonly start: number;
  /** Offset of the last byte. */
  readonly end: number;
}

/** One range of bytes: `bytes=0-99`, `bytes=100-`, or `bytes=-100` for the last ones. */
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
