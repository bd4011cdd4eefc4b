/** The header with the source of a copy. */
export const COPY_SOURCE = 'x-amz-copy-source';

/** The source of a copy. */
export interface CopySource {
  /** Name of the bucket of the source. */
  readonly bucket: string;
  /** Key of the source. */
  readonly key: string;
  /** Default: the current object. */
  readonly versionId?: string | undefined;
}

/** The version in `x-amz-copy-source`. */
const COPIED_VERSION = /\?versionId=([^&]*)$/;

/**
 * Parses `x-amz-copy-source`. Bucket and key are decoded as a whole because the slash may be encoded, too. A question
 * mark that is not encoded begins the version. Undefined for a text that can't be parsed.
 */
export function splitCopySource(header: string): CopySource | undefined {
  const [version, versionId] = COPIED_VERSION.exec(header) ?? [''];
  try {
    const path = decodeURIComponent(header.slice(0, header.length - version.length)).replace(/^\//, '');
    const slash = path.indexOf('/');
    if (slash < 1 || slash === path.length - 1) return undefined;
    return {
      bucket: path.slice(0, slash),
      key: path.slice(slash + 1),
      ...(versionId === undefined ? {} : { versionId: decodeURIComponent(versionId) }),
    };
  } catch {
    return undefined;
  }
}
