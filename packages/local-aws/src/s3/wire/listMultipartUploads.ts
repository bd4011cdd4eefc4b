import type { XmlElement } from '../../protocol/xml.ts';
import { LIST_KEYS } from '../limits.ts';
import { compareUtf8 } from '../model/compareUtf8.ts';
import { countParameter, nameEncoder } from './listParameters.ts';
import { initiatorElement, ownerElement } from './owner.ts';
import type { S3Call, S3Operation } from './S3Operation.ts';
import { xmlResponse } from './xml.ts';

/** Lists the uploads that are neither completed nor aborted. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: S3Operation = {
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
              initiatorElement(store.bucket(bucket).info.account),
              ownerElement(store.bucket(bucket).info.account),
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

function text(query: S3Call['query'], name: string): string {
  return query.get(name) ?? '';
}
