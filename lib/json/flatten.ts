/**
 * The same text, copied together. V8 keeps a concatenation as a tree of its pieces and walks the tree at each
 * use; reading a character makes it put the pieces together for good. Worth it for texts used more than once.
 */
export function flatten(text: string): string {
  text.charCodeAt(0);
  return text;
}
