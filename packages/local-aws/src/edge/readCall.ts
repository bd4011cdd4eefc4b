import type { IncomingMessage } from 'node:http';
import type { AwsError } from '../protocol/AwsError.ts';
import { type Authorization, readAuthorization, type SignableRequest } from '../protocol/authorization.ts';
import { SignatureProblem } from '../protocol/signatureError.ts';

/** A request as far as its head describes it. */
export interface ReadCall {
  /** The parts that a signature covers. */
  readonly signable: SignableRequest;
  /** The query, decoded. */
  readonly query: URLSearchParams;
  /**
   * The parsed signature. It is undefined when the request is not signed, or when the signature can't be parsed: then
   * `problem` is set.
   */
  readonly authorization?: Authorization | undefined;
  /** Why the signature can't be read; undefined if it can. */
  readonly problem?: SignatureProblem | undefined;
  /** Why the request is refused before any other check. */
  readonly refused?: AwsError | undefined;
}

/** Reads the head of a request: its path, its query, and the signature that it states. */
export function readCall(message: IncomingMessage): ReadCall {
  const { method = 'GET', url = '/' } = message;
  const question = url.indexOf('?');
  const rawPath = question < 0 ? url : url.slice(0, question);
  const rawQuery = question < 0 ? '' : url.slice(question + 1);
  const query = new URLSearchParams(rawQuery);
  const signable = { method, rawPath, rawQuery, headers: headersByLine(message) };
  try {
    return { signable, query, authorization: readAuthorization(signable, query) };
  } catch (error) {
    if (!(error instanceof SignatureProblem)) throw error;
    return { signable, query, problem: error };
  }
}

/**
 * The headers, with each line of a header that comes on several lines. Node joins such lines with a comma and a space, or drops
 * all but the first. Clients such as AWS's SDK for Java sign the lines.
 */
function headersByLine({
  headers,
  headersDistinct,
  rawHeaders,
}: IncomingMessage): SignableRequest['headers'] {
  if (rawHeaders.length / 2 <= Object.keys(headers).length) return headers;
  const several = Object.entries(headersDistinct).filter(
    ([name, lines = []]) => lines.length > 1 && name !== 'host' && name !== 'authorization',
  );
  return { ...headers, ...Object.fromEntries(several) };
}
