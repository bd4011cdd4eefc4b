const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(character)
    ? character
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** Percent-encodes bytes (one per character, latin1) as SigV4 wants them: everything but unreserved characters. */
export function encodeRfc3986(bytes: string): string {
  let encoded = '';
  for (let i = 0; i < bytes.length; i++) encoded += ENCODED[bytes.charCodeAt(i) & 0xff] ?? '';
  return encoded;
}

/** Percent-decodes to bytes, one per character (latin1); what isn't a valid escape stays as it is. */
export function decodePercent(text: string): string {
  return text.includes('%')
    ? text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}
