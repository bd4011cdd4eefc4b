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

/** The PutObject of a delivery, before the stream makes it. */
export interface DeliveryPut {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Key of the object. */
  readonly key: string;
}
