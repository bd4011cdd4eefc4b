import type { ChecksumAlgorithm, ChecksumType } from '../checksums/Checksum.ts';
import { s3Errors } from '../errors.ts';
import { LIST_KEYS, PART_COUNT } from '../limits.ts';
import { compareUtf8 } from '../model/compareUtf8.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';
import { checksumElement } from './checksumElements.ts';
import { readAlgorithm } from './copyObject.ts';
import { countParameter, nameEncoder } from './listParameters.ts';
import { attributeHeaders, checksumHeaders, encryptionHeaders, readAttributes } from './objectAttributes.ts';
import { initiatorElement, ownerElement } from './owner.ts';
import { receiveBody } from './receiveBody.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { type XmlElement, xmlResponse } from './xml.ts';

const createMultipartUpload: S3Operation = {
  name: 'CreateMultipartUpload',
  on: 'object',
  method: 'POST',
  selectedBy: ['uploads'],
  headers: [...attributeHeaders, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  run({ store, bucket, key, headers }) {
    const attributes = readAttributes(headers, 'CreateMultipartUpload');
    const checksum = readChecksumChoice(headers);
    const upload = store
      .bucket(bucket)
      .uploads.begin({ key, attributes, ...(checksum === undefined ? {} : { checksum }) });
    return xmlResponse(
      [
        'InitiateMultipartUploadResult',
        [
          ['Bucket', bucket],
          ['Key', key],
          ['UploadId', upload.uploadId],
        ],
      ],
      {
        ...encryptionHeaders(attributes),
        ...(checksum === undefined
          ? {}
          : { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type }),
      },
    );
  },
};

const uploadPart: S3Operation = {
  name: 'UploadPart',
  on: 'object',
  method: 'PUT',
  selectedBy: ['partNumber', 'uploadId'],
  async run(call) {
    const { store, key, query } = call;
    const bucket = store.bucket(call.bucket);
    const uploadId = query.get('uploadId') ?? '';
    const partNumber = readPartNumber(query);
    const upload = bucket.uploads.get(uploadId, key);
    const received = receiveBody(call);
    const expected = upload.checksum?.algorithm;
    if (received.algorithm !== undefined && expected !== undefined && received.algorithm !== expected) {
      throw s3Errors.invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${received.algorithm.toLowerCase()}`,
      );
    }
    const algorithm = received.algorithm ?? expected;
    const staged = await bucket.stage(received.bytes, algorithm === undefined ? [] : [algorithm]);
    try {
      received.verify(staged);
      const value = algorithm === undefined ? undefined : staged.checksums.get(algorithm);
      const checksum: StoredChecksum | undefined =
        algorithm === undefined || value === undefined
          ? undefined
          : { algorithm, type: 'FULL_OBJECT', value };
      const part = bucket.uploads.addPart(uploadId, key, staged, {
        partNumber,
        ...(checksum === undefined ? {} : { checksum }),
      });
      // Of a part S3 sends the value only, never a type.
      const { 'x-amz-checksum-type': _, ...sums } = checksumHeaders(part);
      return {
        status: 200,
        headers: { etag: `"${part.etag}"`, ...encryptionHeaders(upload.attributes), ...sums },
      };
    } finally {
      bucket.discard(staged);
    }
  },
};

const abortMultipartUpload: S3Operation = {
  name: 'AbortMultipartUpload',
  on: 'object',
  method: 'DELETE',
  selectedBy: ['uploadId'],
  run({ store, bucket, key, query }) {
    store.bucket(bucket).uploads.end(query.get('uploadId') ?? '', key);
    return { status: 204 };
  },
};

const listParts: S3Operation = {
  name: 'ListParts',
  on: 'object',
  method: 'GET',
  selectedBy: ['uploadId'],
  query: ['max-parts', 'part-number-marker', 'encoding-type'],
  run({ store, bucket, key, query }) {
    const encode = nameEncoder(query);
    const uploadId = query.get('uploadId') ?? '';
    const { uploads } = store.bucket(bucket);
    const { checksum } = uploads.get(uploadId, key);
    const limit = countParameter(query, 'max-parts', LIST_KEYS);
    const marker = query.has('part-number-marker')
      ? countParameter(query, 'part-number-marker', PART_COUNT)
      : 0;
    const later = uploads.parts(uploadId, key).filter(({ partNumber }) => partNumber > marker);
    const page = later.slice(0, limit);
    return xmlResponse([
      'ListPartsResult',
      [
        ['Bucket', bucket],
        ['Key', encode(key)],
        ['UploadId', uploadId],
        initiatorElement,
        ownerElement,
        ['StorageClass', 'STANDARD'],
        ['PartNumberMarker', marker],
        ['NextPartNumberMarker', page.at(-1)?.partNumber ?? marker],
        ['MaxParts', limit],
        ['IsTruncated', page.length < later.length],
        checksum === undefined ? undefined : ['ChecksumAlgorithm', checksum.algorithm],
        checksum === undefined ? undefined : ['ChecksumType', checksum.type],
        ...page.map(
          (part): XmlElement => [
            'Part',
            [
              ['PartNumber', part.partNumber],
              ['LastModified', new Date(part.modifiedMs).toISOString()],
              ['ETag', `"${part.etag}"`],
              ['Size', part.size],
              part.checksum === undefined
                ? undefined
                : [checksumElement(part.checksum.algorithm), part.checksum.value],
            ],
          ],
        ),
      ],
    ]);
  },
};

const listMultipartUploads: S3Operation = {
  name: 'ListMultipartUploads',
  on: 'bucket',
  method: 'GET',
  selectedBy: ['uploads'],
  query: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
  run({ store, bucket, query }) {
    const encode = nameEncoder(query);
    const [prefix, keyMarker, idMarker] = [
      text(query, 'prefix'),
      text(query, 'key-marker'),
      text(query, 'upload-id-marker'),
    ];
    const limit = countParameter(query, 'max-uploads', LIST_KEYS);
    const matching = store
      .bucket(bucket)
      .uploads.list()
      .filter(({ key }) => key.startsWith(prefix));
    // With an upload ID the marker names one upload; alone it stands for all uploads of its key.
    const marked = matching.findIndex(({ key, uploadId }) => key === keyMarker && uploadId === idMarker);
    const later =
      marked >= 0
        ? matching.slice(marked + 1)
        : matching.filter(({ key }) => keyMarker === '' || compareUtf8(key, keyMarker) > 0);
    const page = later.slice(0, limit);
    const last = page.length < later.length ? page.at(-1) : undefined;
    return xmlResponse([
      'ListMultipartUploadsResult',
      [
        ['Bucket', bucket],
        ['KeyMarker', encode(keyMarker)],
        ['UploadIdMarker', idMarker],
        last === undefined ? undefined : ['NextKeyMarker', encode(last.key)],
        last === undefined ? undefined : ['NextUploadIdMarker', last.uploadId],
        ['Prefix', encode(prefix)],
        ['MaxUploads', limit],
        ['IsTruncated', last !== undefined],
        ...page.map(
          (upload): XmlElement => [
            'Upload',
            [
              ['Key', encode(upload.key)],
              ['UploadId', upload.uploadId],
              initiatorElement,
              ownerElement,
              ['StorageClass', 'STANDARD'],
              ['Initiated', new Date(upload.initiatedMs).toISOString()],
              upload.checksum === undefined ? undefined : ['ChecksumAlgorithm', upload.checksum.algorithm],
              upload.checksum === undefined ? undefined : ['ChecksumType', upload.checksum.type],
            ],
          ],
        ),
      ],
    ]);
  },
};

export const multipartOperations: readonly S3Operation[] = [
  createMultipartUpload,
  uploadPart,
  abortMultipartUpload,
  listParts,
  listMultipartUploads,
];

function text(query: S3Call['query'], name: string): string {
  return query.get(name) ?? '';
}

function readPartNumber(query: S3Call['query']): number {
  const given = text(query, 'partNumber');
  const partNumber = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (partNumber < 1 || partNumber > PART_COUNT) {
    throw s3Errors.invalidArgument(
      'partNumber',
      given,
      `Part number must be an integer between 1 and ${PART_COUNT}, inclusive`,
    );
  }
  return partNumber;
}

/** What each algorithm can be of. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#full-object-checksums */
const TYPES: Readonly<Record<ChecksumAlgorithm, readonly [ChecksumType, ...ChecksumType[]]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

function readChecksumChoice(
  headers: S3Call['headers'],
): { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | undefined {
  const algorithm = readAlgorithm(headers['x-amz-checksum-algorithm']);
  const asked = headers['x-amz-checksum-type'];
  if (algorithm === undefined) {
    if (asked === undefined) return undefined;
    throw s3Errors.invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const type = asked === undefined ? TYPES[algorithm][0] : TYPES[algorithm].find((known) => known === asked);
  if (type === undefined) {
    throw s3Errors.invalidRequest(
      `The ${asked} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type };
}
