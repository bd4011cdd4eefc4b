import type { XmlElement } from '../../../protocol/xml.ts';
import type { Upload } from '../../model/MultipartUploads.ts';
import type { StoredObject } from '../../model/StoredObject.ts';
import { ownerElement } from '../xmlBodies.ts';

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
