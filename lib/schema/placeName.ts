import * as z from 'zod';
import { PLACE_NAME, PLACE_NAME_LENGTH } from './names.ts';

/** The name of a source, a dataset or an export. */
export function placeName() {
  return z
    .string('a name')
    .regex(PLACE_NAME, 'a name of lower-case words joined by - or _, beginning with a letter')
    .max(PLACE_NAME_LENGTH, `a name of at most ${PLACE_NAME_LENGTH} characters`);
}
