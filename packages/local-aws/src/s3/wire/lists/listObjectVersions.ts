import type { XmlElement } from '../../../protocol/xml.ts';
import { s3Errors } from '../../errors.ts';
import { isMarker } from '../../model/VersionHistory.ts';
import { versionIdOf } from '../../model/versionIds.ts';
import type { VersionEntry } from '../../model/versionPages.ts';
import type { S3Operation } from '../S3Operation.ts';
import { ownerElement, xmlResponse } from '../xmlBodies.ts';
import { lastModified, objectElements, optional } from './listElements.ts';
import { listParameters, OPTIONAL_ATTRIBUTES, parameter, requireKnownAttributes } from './listParameters.ts';

/**
 * Lists versions and delete markers. Versions in a bucket that never had versions have the ID `null`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export const listObjectVersions: S3Operation = {
  name: 'ListObjectVersions',
  on: 'bucket',
  method: 'GET',
  selectedBy: ['versions'],
  query: ['prefix', 'delimiter', 'key-marker', 'version-id-marker', 'max-keys', 'encoding-type'],
  headers: [OPTIONAL_ATTRIBUTES],
  run({ store, bucket, query, headers }) {
    requireKnownAttributes(headers);
    const { encode, prefix, delimiter, limit, encodingType } = listParameters(query);
    const keyMarker = parameter(query, 'key-marker');
    const versionIdMarker = parameter(query, 'version-id-marker');
    if (query.has('version-id-marker') && keyMarker === '')
      throw s3Errors.invalidArgument(
        'version-id-marker',
        versionIdMarker,
        'A version-id marker cannot be specified without a key marker.',
      );
    if (query.has('version-id-marker') && versionIdMarker === '')
      throw s3Errors.invalidArgument('version-id-marker', '', 'A version-id marker cannot be empty.');
    const { info } = store.bucket(bucket);
    const asked = { prefix, delimiter, keyMarker, versionIdMarker, limit };
    const { entries, next } = store.bucket(bucket).listVersions(asked);
    return xmlResponse([
      'ListVersionsResult',
      [
        ['Name', bucket],
        ['Prefix', encode(prefix)],
        ['KeyMarker', encode(keyMarker)],
        ['VersionIdMarker', versionIdMarker],
        next === undefined ? undefined : ['NextKeyMarker', encode(next.key)],
        next?.versionId === undefined ? undefined : ['NextVersionIdMarker', next.versionId],
        optional('Delimiter', encode(delimiter)),
        ['MaxKeys', limit],
        encodingType,
        ['IsTruncated', next !== undefined],
        ...entries.map((entry) => versionElement(entry, encode, info.account)),
      ],
    ]);
  },
};

/** A version, a delete marker or a common prefix as S3 lists it. @param encode Writes a name for the answer. */
function versionElement(entry: VersionEntry, encode: (name: string) => string, owner: string): XmlElement {
  if ('commonPrefix' in entry) return ['CommonPrefixes', [['Prefix', encode(entry.commonPrefix)]]];
  const { version, isLatest } = entry;
  const head: XmlElement[] = [
    ['Key', encode(version.key)],
    ['VersionId', versionIdOf(version)],
    ['IsLatest', isLatest],
    lastModified(version),
  ];
  if (isMarker(version)) return ['DeleteMarker', [...head, ownerElement(owner)]];
  return ['Version', [...head, ...objectElements(version, owner)]];
}
