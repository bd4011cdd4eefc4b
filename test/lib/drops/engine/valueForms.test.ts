import { describe, expect, it } from '@jest/globals';
import { valueForm } from '../../../../lib/drops/engine/valueForms.ts';

describe('the form of a value', () => {
  it.each([
    { text: '0', form: 'zero' },
    { text: '-0.00', form: 'zero' },
    { text: '0e0', form: 'zero' },
    { text: '.0', form: 'zero' },
    { text: '+0', form: 'zero' },
    { text: '1001.0', form: 'whole numbers that end in .0' },
    { text: '+7.00', form: 'whole numbers that end in .0' },
    { text: '-7.00', form: 'negative numbers' },
    { text: '-.5e3', form: 'negative numbers' },
    { text: '12,50', form: 'numbers with a decimal comma' },
    { text: '-1.204,5', form: 'numbers with a decimal comma' },
    { text: '+1,2345', form: 'numbers with a decimal comma' },
    { text: 'NULL', form: 'words for no value' },
    { text: 'None', form: 'words for no value' },
    { text: 'NaN', form: 'words for no value' },
    { text: 'nil', form: 'words for no value' },
    { text: 'undefined', form: 'words for no value' },
    { text: 'n/a', form: 'words for no value' },
    { text: 'True', form: 'true or false' },
    { text: 'FALSE', form: 'true or false' },
    { text: '2026-11-20', form: 'dates, or times at midnight' },
    { text: '2026-11-20 00:00:00.000', form: 'dates, or times at midnight' },
    { text: '2026-11-20T00:00Z', form: 'dates, or times at midnight' },
    { text: '2026-11-20 00:00:00+00', form: 'dates, or times at midnight' },
    { text: '2026-11-20 00:00:00 Z', form: 'dates, or times at midnight' },
    { text: '2026-11-20 00:00:00-05:30', form: 'dates, or times at midnight' },
    { text: '2026-11-20 00:00:01', form: 'times as text' },
    { text: '2026-1-2T08:15:00Z', form: 'times as text' },
    { text: '0f8fad5b-d9cb-469f-a165-70867728950e', form: 'UUIDs' },
    { text: 'B10A8DB164E0754105B7A99BE72E3FE5', form: 'hexadecimal digests' },
    { text: '2ef7bde608ce5404e97d5f042f95f89f1c232871', form: 'hexadecimal digests' },
    { text: 'ab'.repeat(64), form: 'hexadecimal digests' },
    { text: 'a'.repeat(31), form: 'in small letters' },
    { text: 'a'.repeat(129), form: 'in small letters' },
    { text: '0f8fad5b-d9cb-469f-a165-70867728950e1', form: 'in small letters' },
    { text: 'ada@example.com', form: 'e-mail addresses' },
    { text: 'info@müller.de', form: 'e-mail addresses' },
    { text: 'ada@163.com', form: 'e-mail addresses' },
    { text: 'ZÃ¼rich', form: 'texts in UTF-8 that were read as Latin-1' },
    { text: '"{\\"a\\":1}"', form: 'JSON' },
    { text: '{"a":"me@x.example"}', form: 'JSON' },
    { text: '["a"]', form: 'JSON' },
    { text: 'call me@x.example', form: 'in small letters' },
    { text: 'https://abc123@o450.ingest.sentry.io/1', form: 'in small letters' },
    { text: 'logo@2x.png', form: 'in small letters' },
    { text: ' u1', form: 'texts with a space at an end' },
    { text: 'u1 ', form: 'texts with a space at an end' },
    { text: '0F8FAD5B-D9CB-469F-A165-70867728950E', form: 'in capital letters' },
    { text: 'ÄRA 1', form: 'in capital letters' },
    { text: 'usd-2', form: 'in small letters' },
  ])('$text is: $form', ({ text, form }) => {
    expect(valueForm(text)).toBe(form);
  });

  it.each(['1001', '10.5', '100', '1.05', 'Ada', '12-34', '1,204', '2026-11-203', '-'])(
    '%s has none',
    (text) => {
      expect(valueForm(text)).toBeNull();
    },
  );
});
