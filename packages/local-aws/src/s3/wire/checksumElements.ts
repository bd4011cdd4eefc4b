import type { XmlElement } from '../../protocol/xml.ts';
import type { ChecksumAlgorithm } from '../checksums/Checksum.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';

/** `ChecksumCRC32` and its like, as the XML names the value of an algorithm. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

/** A checksum and its type in XML; nothing when there is none. */
export function checksumElements(checksum: StoredChecksum | undefined): XmlElement[] {
  return checksum === undefined
    ? []
    : [
        [checksumElement(checksum.algorithm), checksum.value],
        ['ChecksumType', checksum.type],
      ];
}
