/** What is left of the first bytes of gzip (1f 8b) and zstd (28 b5 2f fd) in a text: no JSON begins like that. */
const MANGLED_MAGIC = ['\u001f\ufffd', '(\ufffd/\ufffd'];

/** Formats without first bytes of their own: a stream of theirs may begin like JSON. */
const WITHOUT_MAGIC = /\b(br|deflate)\b/i;

/** Control characters but white space. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/**
 * Whether a body that came as text was binary: a gateway that takes a compressed body for text replaces each byte
 * that is no UTF-8 by U+FFFD, and nothing brings it back. Brotli and deflate have no magic of their own, so there the
 * header and a replacement character in what is no JSON tell it.
 *
 * @param contentEncoding Header `Content-Encoding`, '' when there is none.
 */
export function isMangled(text: string, contentEncoding: string): boolean {
  if (MANGLED_MAGIC.some((magic) => text.startsWith(magic))) return true;
  return WITHOUT_MAGIC.test(contentEncoding) && text.includes('\ufffd') && !looksLikeJsonText(text);
}

/** Whether a text begins and ends as JSON does, and has nothing that JSON has to escape. It is not parsed: that may cost much. */
function looksLikeJsonText(text: string): boolean {
  const trimmed = text.trim();
  return /^[{[]/.test(trimmed) && /[}\]]$/.test(trimmed.slice(-1)) && !CONTROL.test(trimmed);
}
