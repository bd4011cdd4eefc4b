/** Bytes of a file's end that are fetched first: most footers are in them. */
export const FOOTER_GUESS_BYTES = 64 * 1_024;
/** Bytes of row groups that a preview fetches: the first group whatever its size, more of them up to here. */
export const PREVIEW_BYTES = 32 * 1_024 * 1_024;
/** Bytes of one row group, or of one footer, beyond which a preview gives up: it is on somebody's own machine. */
export const LARGEST_PART_BYTES = 1_024 * 1_024 * 1_024;
