/** One object of a customer's bucket, as a list call shows it. */
export interface DropObject {
  /** The whole key, not URL-encoded. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotes, as `If-Match` takes it back. */
  readonly eTag: string;
  readonly lastModified: Date;
  /** `STANDARD` when S3 names none. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
  readonly storageClass?: string | undefined;
  /** Whether a copy of it that was restored from an archive can be read, whose class is still the archive's. Default not. */
  readonly isRestored?: boolean;
}
