/** Characters of a quarantine row's texts, `raw` aside. Paths and SDK names that are longer are no such. */
export const MAX_TEXT_LENGTH = 1_024;
