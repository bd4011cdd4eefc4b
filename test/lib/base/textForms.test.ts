import { describe, expect, it } from '@jest/globals';
import { TEXT_FORMS, type TextFormName } from '../../../lib/base/textForms.ts';

const matches = (form: TextFormName, text: string) => new RegExp(TEXT_FORMS[form].pattern, 'u').test(text);

describe('a text in UTF-8 that was read as Latin-1', () => {
  it.each([
    'ZÃ¼rich',
    'caf\u00c3\u00a9',
    'Stra\u00c3\u009fe',
    '\u00c3\u009cber',
    'Ãœberweg',
    '12Â°',
    'itâ€™s',
    'ÐœÐ¾ÑÐºÐ²Ð°',
    'å¤§é˜ª',
    'Ð¼Ð¸Ñ€',
  ])('is one as %s', (text) => {
    expect(matches('mojibake', text)).toBe(true);
  });

  it.each([
    'Zürich',
    'São João',
    'IRMÃ',
    'AMANHÃ ❤',
    'IRMÃ…',
    '«MARCHÉ\u00a0»',
    'café\u00a0»',
    'Spaß«',
    'Москва',
    '東京',
    'Ångström',
    '5 Å² × 3 µm',
    '20 °C, ½ price: £3, 5 €',
    'Señor™',
    'Ö·Ä',
  ])('is none as %s', (text) => {
    expect(matches('mojibake', text)).toBe(false);
  });
});

describe('an e-mail address', () => {
  it.each([
    'ada@example.com',
    'Ada <ada.l+x@mail.example.co.uk>',
    'a@163.com',
    'A_B%c-d@X.DE',
    '1ada@b.com.',
    'to=ada@b.org',
  ])('is %s', (text) => {
    expect(matches('email', text)).toBe(true);
  });

  it.each([
    'logo@2x.png',
    'react@18.2.0',
    '@ada',
    'a@b',
    'a b@',
    'ada@localhost',
    '@types/node.js',
    'u@1.de',
    'mailto:support@shop.example',
    'https://abc123@o450.ingest.sentry.io/1',
    'git@github.com:a/b.git',
    'postgres://u:p@db.internal/x',
    'icon@dark.png',
    'bild@mobile.webp',
    '49170@s.whatsapp.net',
    'value@main.jsbundle:1:2',
    'value@main.js',
    'ada@b.com.png',
  ])('is not %s', (text) => {
    expect(matches('email', text)).toBe(false);
  });
});
