/**
 * What Athena asks of Glue and S3 as whoever asked Athena, for whoever records calls.
 * https://docs.aws.amazon.com/athena/latest/ug/access.html
 */
export type QueryCall =
  | {
      readonly service: 'glue';
      /** Glue's name of the operation, and its input. */
      readonly operation: string;
      readonly input: Readonly<Record<string, string>>;
    }
  | {
      readonly service: 's3';
      /** An object that a table's rows are in, or one that the query writes. */
      readonly operation: 'GetObject' | 'PutObject';
      readonly bucket: string;
      readonly key: string;
      /** It is a result that is asked for, whose place is known without looking. */
      readonly isResult?: true;
    };
