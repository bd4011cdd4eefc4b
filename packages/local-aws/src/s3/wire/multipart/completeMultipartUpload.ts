import { createHash } from 'node:crypto';
import type { AwsResponse } from '../../../protocol/AwsService.ts';
import { Checksum, checksumAlgorithms } from '../../checksums.ts';
import { s3Errors } from '../../errors.ts';
import { PART_COUNT, PART_MIN_BYTES, SINGLE_PUT_BYTES } from '../../limits.ts';
import type { Bucket } from '../../model/Bucket.ts';
import type { Part, Upload } from '../../model/MultipartUploads.ts';
import type { StagedFile } from '../../model/objectFiles.ts';
import type { StoredChecksum, StoredObject, WriteCondition } from '../../model/StoredObject.ts';
import { checksumHeader } from '../attributes/checksumHeaders.ts';
import { encryptionHeaders, requireKeyAccess } from '../attributes/objectEncryption.ts';
import { unquoteETag, writeCondition } from '../conditions.ts';
import { childText, type ParsedElement } from '../parseXml.ts';
import type { S3Call, S3Operation } from '../S3Operation.ts';
import { newVersionHeader } from '../versionHeaders.ts';
import { checksumElement, checksumElements, readXmlBody, xmlResponse } from '../xmlBodies.ts';

/** The checksum that S3 computes when the upload's start doesn't choose one. */
const DEFAULT_CHECKSUM = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' } as const;

/** Joins the listed parts into an object. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export const completeMultipartUpload: S3Operation = {
  name: 'CompleteMultipartUpload',
  on: 'object',
  method: 'POST',
  selectedBy: ['uploadId'],
  headers: ['x-amz-checksum-type', 'x-amz-mp-object-size'],
  async run(call) {
    const { store, key, query, headers } = call;
    const bucket = store.bucket(call.bucket);
    const uploadId = query.get('uploadId') ?? '';
    const condition = writeCondition(headers, 'CompleteMultipartUpload');
    // The checksum headers here describe the completed object, not this request's body.
    const body = await readXmlBody(
      { ...call, headers: withoutChecksums(headers) },
      'CompleteMultipartUpload',
    );
    const listed = body?.children ?? [];
    const earlier = bucket.completedBy(key, uploadId);
    if (earlier !== undefined) {
      requireKeyAccess(call, bucket, earlier.attributes.encryption, 'kms:Decrypt');
      // A process that is killed between the object and the end of its upload leaves the upload open.
      if (earlier.etag === listedETag(listed)) {
        bucket.uploads.endIfOpen(uploadId, key);
        return completed(call, earlier);
      }
    }
    const upload = bucket.uploads.get(uploadId, key);
    requireKeyAccess(call, bucket, upload.attributes.encryption, 'kms:Decrypt');
    const parts = chooseParts(listed, upload, bucket.uploads.parts(uploadId, key));
    return completed(call, await joinParts(bucket, upload, parts, headers, condition));
  },
};

/**
 * Makes an object of parts, and ends the upload. Of two completions at the same time, the first ends the upload; the second
 * returns the object of the first if it lists the same parts.
 *
 * @throws AwsError; `NoSuchUpload` when the upload has ended meanwhile in another way.
 */
async function joinParts(
  bucket: Bucket,
  upload: Upload,
  parts: readonly Part[],
  headers: S3Call['headers'],
  condition: WriteCondition,
): Promise<StoredObject> {
  const { uploadId, key } = upload;
  const etag = etagOf(parts);
  const sameCompletion = () => {
    const first = bucket.completedBy(key, uploadId);
    return first?.etag === etag ? first : undefined;
  };
  const choice = upload.checksum ?? DEFAULT_CHECKSUM;
  let staged: StagedFile;
  try {
    const bytes = bucket.uploads.read(uploadId, parts);
    staged = await bucket.stage(bytes, choice.algorithm, PART_COUNT * SINGLE_PUT_BYTES);
  } catch (error) {
    const first = sameCompletion();
    if (first === undefined) throw error;
    return first;
  }
  // From here on, nothing is asynchronous: no other completion comes between the look and the commit.
  let checksum: StoredChecksum;
  try {
    checksum = objectChecksum(choice, parts, staged);
    checkExpectations(headers, checksum, staged.size);
    const first = sameCompletion();
    if (first !== undefined) {
      bucket.discard(staged);
      return first;
    }
    bucket.uploads.get(uploadId, key);
  } catch (error) {
    bucket.discard(staged);
    throw error;
  }
  const object = bucket.commit({
    key,
    staged,
    etag,
    uploadId,
    attributes: upload.attributes,
    checksum,
    condition,
    replaces: upload.replaces,
    reason: 'CompleteMultipartUpload',
  });
  bucket.uploads.end(uploadId, key);
  return object;
}

/** The answer to a completion. */
function completed(call: S3Call, object: StoredObject): AwsResponse {
  const { bucket, key } = call;
  return xmlResponse(
    [
      'CompleteMultipartUploadResult',
      [
        ['Location', `http://${call.request.headers.host ?? 'localhost'}/${bucket}/${encodeURI(key)}`],
        ['Bucket', bucket],
        ['Key', key],
        ['ETag', `"${object.etag}"`],
        ...checksumElements(object.checksum),
      ],
    ],
    { ...encryptionHeaders(object.attributes), ...newVersionHeader(object) },
  );
}

/** The entity tag of an object of parts: MD5 of the MD5s of the parts, and their number. */
function etagOf(parts: readonly Pick<Part, 'etag'>[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/** The entity tag of an object of the parts that a client lists. */
function listedETag(listed: readonly ParsedElement[]): string {
  return etagOf(listed.map((element) => ({ etag: unquoteETag(childText(element, 'ETag') ?? '') })));
}

/** The parts that the client lists, each checked against the uploaded one. @throws AwsError for a list that does not fit. */
function chooseParts(listed: readonly ParsedElement[], upload: Upload, uploaded: readonly Part[]): Part[] {
  const byNumber = new Map(uploaded.map((part) => [part.partNumber, part]));
  if (listed.length === 0) throw s3Errors.malformedXml('it lists no part.');
  let previous = 0;
  const chosen = listed.map((element) => {
    const partNumber = Number(childText(element, 'PartNumber') ?? 'NaN');
    const etag = childText(element, 'ETag');
    if (element.name !== 'Part' || !Number.isInteger(partNumber) || etag === undefined) {
      throw s3Errors.malformedXml('a part is not a <Part> with PartNumber and ETag.');
    }
    if (partNumber <= previous) throw s3Errors.invalidPartOrder();
    previous = partNumber;
    const part = byNumber.get(partNumber);
    if (part === undefined || part.etag !== unquoteETag(etag)) throw s3Errors.invalidPart(partNumber);
    checkPartChecksum(element, upload, part);
    return part;
  });
  const tooSmall = chosen.slice(0, -1).find(({ size }) => size < PART_MIN_BYTES);
  if (tooSmall !== undefined) {
    throw s3Errors.entityTooSmall(tooSmall.partNumber, tooSmall.size, PART_MIN_BYTES);
  }
  return chosen;
}

/** Compares the checksum that a client lists for a part with the uploaded part's. @throws AwsError */
function checkPartChecksum(element: ParsedElement, upload: Upload, part: Part): void {
  for (const algorithm of checksumAlgorithms) {
    const expected = childText(element, checksumElement(algorithm));
    if (expected === undefined) {
      if (upload.checksum?.type === 'COMPOSITE' && upload.checksum.algorithm === algorithm) {
        throw s3Errors.invalidRequest(
          `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.partNumber} in the request.`,
        );
      }
    } else if (part.checksum?.algorithm !== algorithm || part.checksum.value !== expected) {
      throw s3Errors.invalidPart(part.partNumber);
    }
  }
}

/** The checksum of an object of parts. @param staged The object's bytes, measured with the algorithm. */
function objectChecksum(
  { algorithm, type }: NonNullable<Upload['checksum']>,
  parts: readonly Part[],
  staged: StagedFile,
): StoredChecksum {
  if (type === 'FULL_OBJECT') {
    if (staged.checksum?.algorithm !== algorithm)
      throw new TypeError(`The bytes were not measured by ${algorithm}.`);
    return staged.checksum;
  }
  const composite = new Checksum(algorithm);
  for (const { checksum } of parts) {
    if (checksum === undefined) throw new TypeError('A part of a composite checksum has none.');
    composite.update(Buffer.from(checksum.value, 'base64'));
  }
  return { algorithm, type, value: `${composite.digest()}-${parts.length}` };
}

/** Compares an object with what the client states about it. @throws AwsError */
function checkExpectations(headers: S3Call['headers'], checksum: StoredChecksum, size: number): void {
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type !== checksum.type) {
    throw s3Errors.invalidRequest(
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const expectedSize = headers['x-amz-mp-object-size'];
  if (expectedSize !== undefined && expectedSize !== String(size)) {
    throw s3Errors.invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${expectedSize} does not match what was computed: ${size}`,
    );
  }
  for (const algorithm of checksumAlgorithms) {
    const expected = headers[checksumHeader(algorithm)];
    if (expected === undefined) continue;
    const computed = checksum.algorithm === algorithm ? checksum.value : undefined;
    // A composite value may omit its number of parts.
    if (expected !== computed && expected !== computed?.replace(/-\d+$/, ''))
      throw s3Errors.badDigest(algorithm);
  }
}

/** The headers without those of checksums. */
function withoutChecksums(headers: S3Call['headers']): S3Call['headers'] {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !name.startsWith('x-amz-checksum-') && name !== 'x-amz-sdk-checksum-algorithm',
    ),
  );
}
