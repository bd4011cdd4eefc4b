import type { XmlElement } from '../../protocol/xml.ts';
import { LIST_KEYS, PART_COUNT } from '../limits.ts';
import { checksumElement } from './checksumElements.ts';
import { countParameter, nameEncoder } from './listParameters.ts';
import { initiatorElement, ownerElement } from './owner.ts';
import type { S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** Lists the parts that are there. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const listParts: S3Operation = {
  name: 'ListParts',
  on: 'object',
  method: 'GET',
  selectedBy: ['uploadId'],
  query: ['max-parts', 'part-number-marker', 'encoding-type'],
  run({ store, bucket, key, query }) {
    const encode = nameEncoder(query);
    const uploadId = query.get('uploadId') ?? '';
    const { uploads, info } = store.bucket(bucket);
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
        initiatorElement(info.account),
        ownerElement(info.account),
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
