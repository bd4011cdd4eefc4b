/** A record that doesn't become a row, under Firehose's own code. Never leaves the conversion. */
export class ConversionError extends Error {
  readonly code: 'DataFormatConversion.ParseError' | 'DataFormatConversion.MalformedData';

  constructor(code: ConversionError['code'], message: string) {
    super(message);
    this.name = 'ConversionError';
    this.code = code;
  }
}

/** A value that its column can't hold; AWS begins these messages so. */
export function mismatch(detail: string): ConversionError {
  return new ConversionError(
    'DataFormatConversion.MalformedData',
    `Data does not match the schema. ${detail}`,
  );
}

/** What isn't JSON. */
export function parseError(detail: string): ConversionError {
  return new ConversionError('DataFormatConversion.ParseError', `Encountered malformed JSON. ${detail}`);
}
