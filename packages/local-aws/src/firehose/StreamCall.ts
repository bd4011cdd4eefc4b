/** What a delivery stream asks of other services, for whoever records calls. */
export type StreamCall =
  | { readonly operation: 'GetTable'; readonly database: string; readonly table: string }
  | {
      readonly operation: 'PutObject';
      readonly bucket: string;
      readonly key: string;
      /** Whether it holds what could not be delivered. */
      readonly failures: boolean;
    };
