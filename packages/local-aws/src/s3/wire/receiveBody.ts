import { createHash } from 'node:crypto';
import { notImplemented } from '../../protocol/AwsError.ts';
import { type ChecksumAlgorithm, checksumAlgorithms, checksumBytes } from '../checksums/Checksum.ts';
import { s3Errors } from '../errors.ts';
import type { StagedFile } from '../model/stageBody.ts';
import { chunkedBody } from './chunkedBody.ts';
import type { S3Call } from './S3Operation.ts';

/** A body on its way in. */
export interface ReceivedBody {
  /** The object's bytes. Ends in an error when the payload isn't what was signed or announced. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The checksum that the client gives, in a header or in the trailer to come. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  /** Compares what arrived with what the client said of it. Call it once all bytes were read. */
  verify(measured: Pick<StagedFile, 'md5' | 'checksums'>): void;
}

const HEX_DIGEST = /^[0-9a-f]{64}$/;

/** The header of an algorithm, e.g. `x-amz-checksum-crc64nvme`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/**
 * Takes in the body of a request in whichever way it is sent: plain, or `aws-chunked` with or without chunk
 * signatures and trailer; and holds it to its signed hash, its length, Content-MD5 and its checksum.
 */
export function receiveBody(call: S3Call): ReceivedBody {
  const { headers, request } = call;
  const { payloadHash } = request.signature;
  const trailers = new Map<string, string>();
  const { algorithm, inTrailer } = announcedChecksum(headers);
  const streaming = payloadHash.startsWith('STREAMING-');
  const length = headers[streaming ? 'x-amz-decoded-content-length' : 'content-length'];
  // A body without either header has no bytes: only a chunked transfer hides a length.
  if (length === undefined && (streaming || 'transfer-encoding' in headers))
    throw s3Errors.missingContentLength();
  const expectedLength = Number(length ?? 0);
  // A refusal must still be answered: leaving off reading may not destroy the request, and its socket with it.
  const plain: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => request.body.iterator({ destroyOnReturn: false }),
  };

  async function* bytes(): AsyncGenerator<Uint8Array> {
    let received = 0;
    for await (const piece of decoded()) {
      received += piece.byteLength;
      if (received > expectedLength) break;
      yield piece;
    }
    if (received !== expectedLength) {
      throw s3Errors.incompleteBody(
        `The request body is not of the ${expectedLength} bytes that were announced.`,
      );
    }
  }

  function decoded(): AsyncIterable<Uint8Array> {
    const onTrailer = (name: string, value: string) => void trailers.set(name, value);
    switch (payloadHash) {
      case 'UNSIGNED-PAYLOAD':
        return plain;
      case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
        return chunkedBody(request.body, { trailer: true, onTrailer });
      case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
        return chunkedBody(request.body, { trailer: false, onTrailer, signature: request.signature });
      case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
        return chunkedBody(request.body, { trailer: true, onTrailer, signature: request.signature });
    }
    if (HEX_DIGEST.test(payloadHash)) return hashed(plain, payloadHash);
    if (streaming) throw notImplemented(`S3 x-amz-content-sha256: ${payloadHash}`);
    throw s3Errors.invalidArgument(
      'x-amz-content-sha256',
      payloadHash,
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING kind, or a valid sha256 value.',
    );
  }

  return {
    bytes: bytes(),
    algorithm,
    verify(measured) {
      const contentMd5 = headers['content-md5'];
      if (contentMd5 !== undefined) {
        const digest = Buffer.from(contentMd5, 'base64');
        if (digest.length !== 16) throw s3Errors.invalidDigest(contentMd5);
        if (!digest.equals(measured.md5)) throw s3Errors.badDigest('Content-MD5');
      }
      if (algorithm === undefined) return;
      const name = checksumHeader(algorithm);
      const expected = inTrailer ? trailers.get(name) : headers[name];
      if (expected === undefined)
        throw s3Errors.invalidRequest(`The trailer ${name} was announced and not sent.`);
      if (Buffer.from(expected, 'base64').length !== checksumBytes[algorithm]) {
        throw s3Errors.invalidRequest(`Value for ${name} header is invalid.`);
      }
      if (measured.checksums.get(algorithm) !== expected) throw s3Errors.badDigest(algorithm);
    },
  };
}

async function* hashed(source: AsyncIterable<Uint8Array>, claimed: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  const computed = hash.digest('hex');
  if (computed !== claimed) throw s3Errors.contentSha256Mismatch(claimed, computed);
}

function announcedChecksum(headers: S3Call['headers']): {
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly inTrailer: boolean;
} {
  const trailer = headers['x-amz-trailer']?.trim().toLowerCase();
  const inHeaders = checksumAlgorithms.filter((algorithm) => checksumHeader(algorithm) in headers);
  const trailing = checksumAlgorithms.find((algorithm) => checksumHeader(algorithm) === trailer);
  if (trailer !== undefined && trailing === undefined) {
    throw s3Errors.invalidRequest(
      `The value specified in the x-amz-trailer header is not supported: ${trailer}`,
    );
  }
  if (inHeaders.length + (trailing === undefined ? 0 : 1) > 1) {
    throw s3Errors.invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const algorithm = trailing ?? inHeaders[0];
  const announced = headers['x-amz-sdk-checksum-algorithm'];
  if (announced !== undefined && announced.toUpperCase() !== algorithm) {
    throw s3Errors.invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return { algorithm, inTrailer: trailing !== undefined };
}
