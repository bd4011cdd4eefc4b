/** Where delivered objects go: the local S3. */
export interface ObjectSink {
  /**
   * Resolves once the object is stored; an object of that key is replaced.
   *
   * @param body The bytes, or a file holding them, which may be deleted once the call has resolved.
   * @throws whatever keeps the object from being stored; the delivery is then tried again.
   */
  put(
    bucket: string,
    key: string,
    body: Uint8Array | { readonly file: string },
    options: { readonly contentType: string },
  ): Promise<void>;
}
