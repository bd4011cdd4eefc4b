/** Destination of delivered objects: the local S3. */
export interface ObjectSink {
  /**
   * Resolves once the object is stored; an existing object with that key is replaced.
   *
   * @throws Error of any kind that prevents storing the object; the delivery is then retried.
   */
  put(
    bucket: string,
    key: string,
    body: Uint8Array,
    options: { readonly contentType: string },
  ): Promise<void>;
}

/** A PutObject of a delivery stream, before it is made. */
export interface StreamCall {
  readonly bucket: string;
  readonly key: string;
}
