/** One version of an object. In a bucket without versioning every object has one version with the ID `null`. */
export interface StoredVersion {
  /** The object's whole key. */
  readonly key: string;
  /** `null`, as a text, for a version from before versioning. */
  readonly versionId: string;
  /** Whether it is the object that readers get. */
  readonly isLatest: boolean;
  /** Bytes. */
  readonly size: number;
  /** With its quotes, as `If-Match` expects it. */
  readonly eTag: string;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

/** Attributes that an object keeps when it is replaced. Tags are lost. */
export interface ObjectAttributes {
  /** The header `Content-Type`; undefined without one. */
  readonly contentType: string | undefined;
  /** Headers that readers of the object get. */
  readonly headers: Readonly<
    Partial<
      Record<
        'CacheControl' | 'ContentDisposition' | 'ContentEncoding' | 'ContentLanguage',
        string | undefined
      >
    >
  >;
  /** The headers `x-amz-meta-…`, by their names without that. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined: S3's standard class. */
  readonly storageClass: string | undefined;
}

/** An object with all its versions; delete markers are left out. */
export interface ObjectVersions {
  /** The object's whole key. */
  readonly key: string;
  /** The newest first. */
  readonly versions: readonly StoredVersion[];
}

/**
 * AWS denied a call for one object, for example because its KMS key is disabled, or because it is under Object Lock.
 */
export interface Denied {
  /** AWS's message. */
  readonly denied: string;
}

/** The deployment's bucket, as the erasure uses it. Methods throw the other errors of S3's client. */
export interface EraseBucket {
  /** Its name in S3. */
  readonly name: string;
  /**
   * Every object below a prefix in the order of keys, with all its versions, in pages of some hundred. With `after`,
   * only objects whose keys come after it.
   */
  objects(prefix: string, after: string | undefined): AsyncIterable<readonly ObjectVersions[]>;
  /** The versions of one object. */
  versions(key: string): Promise<readonly StoredVersion[]>;
  /** Writes the bytes of a version to a file. Null if the version is gone; `archived` if S3 cannot read it. */
  fetch(version: StoredVersion, path: string): Promise<ObjectAttributes | Denied | 'archived' | null>;
  /**
   * Replaces an object by a file, if it is still that version.
   *
   * @returns The new ETag, and whether the old version still exists beside the new one; null if somebody else has
   *   changed the object.
   */
  replace(
    version: StoredVersion,
    path: string,
    attributes: ObjectAttributes,
  ): Promise<{ readonly eTag: string; readonly isKept: boolean } | Denied | null>;
  /** Hides an object behind a delete marker, if it still has this ETag. Its versions stay. */
  hide(version: Pick<StoredVersion, 'key' | 'eTag'>): Promise<Denied | 'changed' | null>;
  /**
   * Deletes one version for good.
   *
   * @param ifRead Deletes only the version that was read: where there are no versions, another object in its place has
   * the same ID. Default: whatever has the ID is deleted.
   */
  remove(
    version: Pick<StoredVersion, 'key' | 'versionId' | 'eTag'>,
    ifRead?: boolean,
  ): Promise<Denied | 'changed' | null>;
}
