/** One version of an object. Of a bucket without versions, every object has one with the ID `null`. */
export interface StoredVersion {
  readonly key: string;
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
  readonly contentType: string | undefined;
  /** Headers with which readers get it. */
  readonly headers: Readonly<
    Partial<
      Record<
        'CacheControl' | 'ContentDisposition' | 'ContentEncoding' | 'ContentLanguage',
        string | undefined
      >
    >
  >;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined: S3's standard. */
  readonly storageClass: string | undefined;
}

/** All versions of some objects; delete markers are left out. */
export interface ObjectVersions {
  readonly key: string;
  /** The newest first. */
  readonly versions: readonly StoredVersion[];
}

/** AWS denied a call for one object, such as one whose KMS key is disabled, or one under Object Lock. */
export interface Denied {
  /** AWS's message. */
  readonly denied: string;
}

/** The deployment's bucket, as the erasure uses it. Methods throw the other errors of S3's client. */
export interface EraseBucket {
  readonly name: string;
  /** Every object below a prefix in the order of keys, with all versions of it; those after a key. Pages of some hundred. */
  objects(prefix: string, after: string | undefined): AsyncIterable<readonly ObjectVersions[]>;
  /** The versions of one object. */
  versions(key: string): Promise<readonly StoredVersion[]>;
  /** Writes the bytes of a version to a file. Null if it is gone; `archived` if S3 cannot read it. */
  fetch(version: StoredVersion, path: string): Promise<ObjectAttributes | Denied | 'archived' | null>;
  /**
   * Replaces an object by a file, if it is still that version.
   *
   * @returns The new ETag, and whether the old version still exists beside the new one; null if somebody else has changed the
   *   object.
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
   * @param ifRead Only the object that was read, which has the same ID as another in its place where there are no versions. Default:
   *   whatever has the ID.
   */
  remove(
    version: Pick<StoredVersion, 'key' | 'versionId' | 'eTag'>,
    ifRead?: boolean,
  ): Promise<Denied | 'changed' | null>;
}
