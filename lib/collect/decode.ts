import { hash } from 'node:crypto';
import { stringifyDeep } from '../base/deepJson.ts';
import { tryParseExactJson } from '../base/exactJson.ts';
import { type DecodedBody, decodeBody, readBody } from '../wire/decodeBody.ts';
import type { Redaction } from '../wire/Redaction.ts';
import type { HttpRequest } from '../wire/sdkRequest.ts';
import { namesPrivateAttributes, stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';
import { CollectError } from './CollectError.ts';
import type { Received } from './receive.ts';

/**
 * The bytes of a request's body.
 *
 * @throws CollectError `SLUICE_COLLECT_BODY_MANGLED`.
 */
export function readBytes(http: HttpRequest): Uint8Array {
  const bytes = readBody(http);
  if (bytes === null) throw new CollectError('SLUICE_COLLECT_BODY_MANGLED');
  return bytes;
}

/**
 * Decodes a body: whatever an SDK or a proxy did to it, it is text then.
 *
 * @throws RequestError `SLUICE_BODY_…`.
 */
export function decode({ request }: Received, body: Uint8Array): DecodedBody {
  return decodeBody(body, request.markers);
}

/**
 * The form in which quarantine keeps a refused body: the body as it was sent, if it has nothing private. Private
 * attributes are removed if it parses as JSON. If they are named but cannot be removed, and always when redaction is
 * configured, only the {@link bodyFingerprint} is kept.
 *
 * @param body As it was sent.
 * @param text As it was decoded; null when it could not be decoded.
 * @param keyHash Hash of the SDK key. It is the salt of the fingerprint if no salt is configured.
 */
export function redactBody(
  body: Uint8Array,
  text: string | null,
  redaction: Redaction | null,
  keyHash: string,
): string | Uint8Array {
  if (redaction !== null) return bodyFingerprint(body, (sent) => redaction.hash(sent));
  if (!namesPrivateAttributes(text ?? Buffer.from(body).toString('latin1'))) return body;
  return (
    (text === null ? null : withoutPrivateAttributes(text)) ??
    bodyFingerprint(body, (sent) => hash('sha256', keyHash + sent))
  );
}

/** The JSON without private attributes; null when it is not JSON. */
function withoutPrivateAttributes(text: string): string | null {
  const parsed = tryParseExactJson(text);
  if (parsed === undefined) return null;
  stripPrivateAttributes(parsed, text);
  return stringifyDeep(parsed);
}

/**
 * Replaces a body that may contain private values in unknown places: its length and a salted hash, which identifies a
 * resend.
 *
 * @param hashOf Salts and hashes a text.
 */
function bodyFingerprint(body: Uint8Array, hashOf: (text: string) => string): string {
  return `withheld: ${body.length} bytes, ${hashOf(Buffer.from(body).toString('base64'))}`;
}
