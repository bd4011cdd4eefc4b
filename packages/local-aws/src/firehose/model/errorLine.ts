import type { Failure } from './DeliveryUnit.ts';
import type { Conversion } from './StreamSettings.ts';

/** One failed document, as it came. */
export interface FailedDocument {
  readonly failure: Failure;
  readonly data: Uint8Array;
  /** Epoch ms. */
  readonly arrivalMs: number;
}

/**
 * One line of an error object, line break included: the members that AWS writes, in its order.
 *
 * Failures of conversion follow what was captured from AWS (`lastErrorCode`, `lastErrorMessage`), where
 * https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html still prints
 * `ErrorCode` and `ErrorMessage`. Failures before it have `errorCode` and `errorMessage`.
 */
export function errorLine(
  { failure, data, arrivalMs }: FailedDocument,
  context: {
    /** When the attempt ended, epoch ms. */
    readonly endedMs: number;
    readonly conversion: Conversion | undefined;
    readonly account: string;
    readonly region: string;
  },
): string {
  const rawData = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
  const { conversion } = context;
  const document =
    failure.outputType === 'format-conversion-failed' && conversion !== undefined
      ? {
          attemptsMade: 1,
          arrivalTimestamp: arrivalMs,
          lastErrorCode: failure.code,
          lastErrorMessage: failure.message,
          attemptEndingTimestamp: context.endedMs,
          rawData,
          // Both are of records that come from a Kinesis stream.
          sequenceNumber: null,
          subSequenceNumber: null,
          dataCatalogTable: {
            catalogId: conversion.catalogId ?? context.account,
            databaseName: conversion.database,
            tableName: conversion.table,
            region: conversion.region ?? context.region,
            versionId: conversion.versionId,
            roleArn: conversion.roleArn ?? null,
          },
        }
      : {
          rawData,
          errorCode: failure.code,
          errorMessage: failure.message,
          attemptsMade: 1,
          arrivalTimestamp: arrivalMs,
          attemptEndingTimestamp: context.endedMs,
        };
  return `${JSON.stringify(document)}\n`;
}
