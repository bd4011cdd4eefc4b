/** Draws a text of hexadecimal digits. @param random Draws a number from 0 to 1 (exclusive). */
export function randomHex(random: () => number, digits: number): string {
  let text = '';
  while (text.length < digits) {
    const drawn = Math.floor(random() * 2 ** 32).toString(16);
    text += drawn.padStart(8, '0');
  }
  return text.slice(0, digits);
}
