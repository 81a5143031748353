/** Guesses the encoding of tags with a missing or wrong declaration. Pure.
 *
 *  Most tags are Windows-1252, so this is the fallback. If most letters are not ASCII and come in runs, the text is in another
 *  script; then the encoding whose characters are most often common ones of its script wins. Detectors for whole pages (tried:
 *  chardet) guess at random on two words: "Подмосковные вечера" became ISO-8859-5, at a confidence of 11 %.
 */
export interface EncodingCandidate {
  /** As for TextDecoder. */
  readonly label: string;
  /** Evidence of a character for this encoding, up to 1; negative: against it. */
  weigh(character: string, before: string): number;
}

const fallback = 'windows-1252';
/** Added if the text has bytes without a character in Windows-1252. */
const centralEuropean = 'windows-1250';

/** Below this score the fallback is used. Measured on the names in test/embedding-worker/tags. */
const scoreMin = 0.5;
/** Stricter limit for few characters: "äöüß" are also Greek letters. */
const fewCharacters = 6;
const scoreMinOfFew = 0.75;

/** Western names have one or two non-ASCII letters per word; four in a row mean another script. */
const runMin = 4;
const shareMin = 0.6;

/** Bytes that Windows-1252 has no character for. */
const undefinedBytes = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

const common = {
  cyrillic: 'оеаинтсрвлкмдпуяіыьгОАСКПВМНИТБДЛР',
  greek: 'αοιετσνηυρπκμλςάόίέήύώ',
  hebrew: 'יוהלארתבשמםנ',
  arabic: 'اليمونرتبةع',
  thai: 'านรอกเงมยลวดทสตะ่้ัิี',
  hangul:
    '이다는의가을에고하지리사로도아기나시자스어한인일라그대해람우정수소보랑너노마봄날오여면들서여장부만게세내안주구신전음무루미호바다싸강남타년단방별꽃밤',
  han: '的一是不了我在有人这中大来上国和地到他时要出就你会可生天心月愛爱情花夜风風雨海山水夢梦歌曲春秋雪星光日你好想相思代表亮君杰周邓鄧丽麗王李张張林陈陳刘劉青白红紅黑东東西南北无無為为後后見见飛飞空色世界年',
} as const;

/** Words do not change case or script between adjacent letters. */
const oddPair = /^(\p{Ll}\p{Lu}|[A-Za-z].)$/u;

/** @param often characters that are strong evidence for it */
function script(label: string, letters: RegExp, often: string, rest: number): EncodingCandidate {
  const common = new Set(often);
  return {
    label,
    weigh: (character, before) => {
      if (!letters.test(character)) return /[\p{P}\p{Zs}]/u.test(character) ? 0 : -1;
      if (oddPair.test(before + character)) return -1;
      return common.has(character) ? 1 : rest;
    },
  };
}

const candidates: readonly EncodingCandidate[] = [
  script('windows-1251', /\p{Script=Cyrillic}/u, common.cyrillic, 0.4),
  script('koi8-r', /\p{Script=Cyrillic}/u, common.cyrillic, 0.35),
  script('ibm866', /\p{Script=Cyrillic}/u, common.cyrillic, 0.35),
  script('windows-1253', /\p{Script=Greek}/u, common.greek, 0.4),
  script('windows-1255', /\p{Script=Hebrew}/u, common.hebrew, 0.4),
  script('windows-1256', /\p{Script=Arabic}/u, common.arabic, 0.4),
  script('windows-874', /\p{Script=Thai}/u, common.thai, 0.4),
];

/** Full-width characters only: half-width ones are single bytes, which occur in any text. */
const kana = /[\u3040-\u30ff]/;

/** Each code table lists common characters first, and names consist of these.
 *  @see the code tables of GB 2312, Big5 and KS X 1001 */
const multiByte: readonly { label: string; letters: RegExp; often: string; leads: readonly [number, number] }[] = [
  { label: 'shift_jis', letters: kana, often: '', leads: [0x88, 0x97] },
  { label: 'euc-jp', letters: kana, often: '', leads: [0xb0, 0xcf] },
  { label: 'gb18030', letters: /\p{Script=Han}/u, often: common.han, leads: [0xb0, 0xd7] },
  { label: 'big5', letters: /\p{Script=Han}/u, often: common.han, leads: [0xa4, 0xc6] },
  { label: 'euc-kr', letters: /\p{Script=Hangul}/u, often: common.hangul, leads: [0xb0, 0xc8] },
];

/** @param bytes of all tags of one file that are not UTF-8, joined by line feeds
 *  @returns a label for TextDecoder */
export function guessEncoding(bytes: Uint8Array): string {
  const isUndefined = bytes.some((byte) => undefinedBytes.has(byte));
  const isFew = bytes.filter((byte) => byte >= 0x80).length < fewCharacters;
  let best = { label: isUndefined ? centralEuropean : fallback, score: isFew ? scoreMinOfFew : scoreMin };
  if (!isUndefined && !looksForeign(bytes)) return best.label;
  for (const candidate of candidates) {
    const score = scoreOf(bytes, candidate);
    if (score > best.score) best = { label: candidate.label, score };
  }
  for (const { label, ...parts } of multiByte) {
    const score = multiByteScore(bytes, label, parts);
    if (score > best.score) best = { label, score };
  }
  return best.label;
}

function looksForeign(bytes: Uint8Array): boolean {
  let [run, longest, high, ascii] = [0, 0, 0, 0];
  for (const byte of bytes) {
    if (byte >= 0x80) {
      run++;
      high++;
      longest = Math.max(longest, run);
    } else {
      run = 0;
      if (/[A-Za-z]/.test(String.fromCharCode(byte))) ascii++;
    }
  }
  return longest >= runMin && high / (high + ascii) >= shareMin;
}

function scoreOf(bytes: Uint8Array, { label, weigh }: EncodingCandidate): number {
  const text = decode(bytes, label);
  if (text === null) return Number.NEGATIVE_INFINITY;
  let [sum, count, before] = [0, 0, ''];
  for (const character of text) {
    if (character > '\x7f') {
      sum += weigh(character, before);
      count++;
    }
    before = character;
  }
  return sum / count;
}

/** Iterates by bytes, because the lead byte shows how common a character is. */
function multiByteScore(
  bytes: Uint8Array,
  label: string,
  { letters, often, leads: [first, last] }: Omit<(typeof multiByte)[number], 'label'>,
): number {
  const text = decode(bytes, label);
  if (text === null) return Number.NEGATIVE_INFINITY;
  const isJapanese = often === '';
  let [sum, count, at, kanas] = [0, 0, 0, 0];
  for (const character of text) {
    const lead = bytes[at] as number;
    at += character > '\x7f' ? bytesOf(label, lead) : 1;
    if (character <= '\x7f') continue;
    count++;
    // Punctuation and full-width forms.
    if (/[\u3000-\u303f\uff00-\uff60]/.test(character)) continue;
    if (isJapanese && letters.test(character)) kanas++;
    if (letters.test(character))
      sum += often.includes(character) || isJapanese ? 1 : lead <= last && lead >= first ? 0.7 : 0;
    else if (isJapanese && /\p{Script=Han}/u.test(character)) sum += lead >= first && lead <= last ? 0.7 : 0.3;
    else sum -= 1;
  }
  // Without kana it may also be Chinese.
  if (isJapanese && kanas === 0) return Number.NEGATIVE_INFINITY;
  return sum / count;
}

function bytesOf(label: string, lead: number): number {
  return label === 'shift_jis' && lead >= 0xa1 && lead <= 0xdf ? 1 : 2;
}

function decode(bytes: Uint8Array, label: string): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
