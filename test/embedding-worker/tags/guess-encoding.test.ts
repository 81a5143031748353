import { describe, expect, test } from 'vitest';
import { bytesOfText, hasUnknownBytes, textOfBytes } from '../../../embedding-worker/tags/byte-text.ts';
import { guessEncoding } from '../../../embedding-worker/tags/guess-encoding.ts';
import { encode } from './encode.ts';

const read = (bytes: Buffer): string => new TextDecoder(guessEncoding(bytes)).decode(bytes);

describe('guesses the encoding of names by the frequency of their characters', () => {
  test.each([
    ['windows-1251', 'Подмосковные вечера\nТрошин'],
    ['windows-1251', 'Кино'],
    ['windows-1251', 'КАТЮША'],
    ['windows-1251', 'Океан Ельзи\nОбійми'],
    ['windows-1251', 'Жанна Агузарова (live)\nЧудесная страна'],
    ['koi8-r', 'Группа крови\nКино'],
    ['ibm866', 'Группа крови\nКино'],
    ['windows-1253', 'Τα παιδιά του Πειραιά\nΜελίνα'],
    ['windows-1255', 'ירושלים של זהב'],
    ['windows-1256', 'أم كلثوم'],
    ['windows-874', 'เพลงชาติ'],
    ['windows-1250', 'Žluťoučký kůň'],
    ['gb18030', '月亮代表我的心\n邓丽君'],
    ['gb18030', '青花瓷\n周杰伦'],
    ['big5', '月亮代表我的心\n鄧麗君'],
    ['shift_jis', '残酷な天使のテーゼ\n高橋洋子'],
    ['shift_jis', 'ドラゴンボール'],
    ['euc-jp', 'さくら\n森山直太朗'],
    ['euc-kr', '강남스타일\n싸이'],
    ['euc-kr', '좋은 날\n아이유'],
  ])('%s: %s', (label, text) => {
    expect(read(encode(text, label))).toBe(text);
  });
});

describe('reads everything else as Windows-1252', () => {
  test.each([
    'Ça ira é\nÉdith Müller\nÉté',
    'Für Elise\nGröße\nÜbung',
    'Sigur Rós\nÁgætis byrjun',
    'Mötley Crüe',
    'ÆØÅ',
    'äöüß',
    'ÀÉÎÕÜ',
    '“Heroes” – Bowie',
    'Hyvää päivää ääniä',
    'Þórarinn Eldjárn – Ævisaga',
  ])('%s', (text) => {
    expect(read(encode(text, 'windows-1252'))).toBe(text);
  });
});

describe('text of unknown encoding', () => {
  test('is UTF-8 where it is valid, also when cut off within a character', () => {
    expect(textOfBytes(Buffer.from('Žofie'))).toBe('Žofie');
    const cut = Buffer.from('ěščřžýáíé').subarray(0, 9);
    expect(textOfBytes(Buffer.concat([cut, Buffer.alloc(3)]))).toBe('ěščř');
  });

  test('keeps every byte where it is not valid UTF-8', () => {
    for (const text of ['Café', 'é', 'Größe', '\xff\xfe\x80']) {
      const bytes = Buffer.from(text, 'latin1');
      expect(hasUnknownBytes(textOfBytes(bytes))).toBe(true);
      expect(bytesOfText(textOfBytes(bytes))).toEqual(bytes);
    }
  });
});
