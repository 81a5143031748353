/** Audio formats that are accepted: one table of extensions, containers and codecs, which decides the files that a library lists
 *  and the demuxers and decoders that ffmpeg may use. A test compares it with the ffmpeg of this machine and with the types that
 *  Discord accepts. Imports nothing.
 *
 *  Excluded on purpose: formats that refer to other files or addresses (hls, dash, concat, image sequences, playlists, lavfi);
 *  scores that need a synthesiser (MIDI, tracker modules, game music); raw samples without a header, because any bytes match;
 *  all decoders of pictures and subtitles.
 */

interface AudioFormat {
  /** Lower-case, without the dot. */
  readonly extensions: readonly string[];
  /** ffmpeg's names, as of 5.1 and later. */
  readonly demuxers: readonly string[];
  /** Decoders of the codecs that are usual in it. ffmpeg ignores unknown names. */
  readonly decoders: readonly string[];
}

const pcm = [
  ...['pcm_alaw', 'pcm_mulaw', 'pcm_s8', 'pcm_u8', 'pcm_s16be', 'pcm_s16le', 'pcm_s24be', 'pcm_s24le'],
  ...['pcm_s32be', 'pcm_s32le', 'pcm_s64be', 'pcm_s64le', 'pcm_u16be', 'pcm_u16le', 'pcm_u24be', 'pcm_u24le'],
  ...['pcm_u32be', 'pcm_u32le', 'pcm_f32be', 'pcm_f32le', 'pcm_f64be', 'pcm_f64le', 'pcm_f16le', 'pcm_f24le'],
  ...['pcm_s8_planar', 'pcm_s16be_planar', 'pcm_s16le_planar', 'pcm_s24le_planar', 'pcm_s32le_planar'],
];

const mpegAudio = [
  'mp1',
  'mp1float',
  'mp2',
  'mp2float',
  'mp3',
  'mp3float',
  'mp3adu',
  'mp3adufloat',
  'mp3on4',
  'mp3on4float',
];

export const audioFormats: readonly AudioFormat[] = [
  { extensions: ['mp3', 'mp2', 'mp1', 'mpa', 'mpga'], demuxers: ['mp3'], decoders: mpegAudio },
  { extensions: ['aac', 'adts', 'loas', 'latm'], demuxers: ['aac', 'loas'], decoders: ['aac', 'aac_latm'] },
  {
    extensions: ['mp4', 'm4a', 'm4b', 'm4p', 'm4r', 'm4v', 'mov', 'qt', '3gp', '3g2', '3gpp'],
    demuxers: ['mov'],
    decoders: ['aac', 'alac', 'als', 'adpcm_ima_qt', 'mace3', 'mace6', 'qdm2', 'qdmc', 'qcelp', 'evrc'],
  },
  { extensions: ['flac', 'fla'], demuxers: ['flac'], decoders: ['flac'] },
  {
    extensions: ['ogg', 'oga', 'ogv', 'ogx', 'opus', 'spx'],
    demuxers: ['ogg'],
    decoders: ['vorbis', 'libvorbis', 'opus', 'libopus', 'speex', 'libspeex', 'flac'],
  },
  {
    extensions: ['mka', 'mkv', 'mk3d', 'webm', 'weba'],
    demuxers: ['matroska'],
    decoders: ['opus', 'vorbis', 'aac', 'ac3', 'eac3', 'dca', 'truehd', 'mlp', 'flac', 'tta', 'wavpack'],
  },
  {
    extensions: ['wav', 'wave', 'bwf', 'bwav', 'rf64', 'w64'],
    demuxers: ['wav', 'w64'],
    decoders: [
      ...pcm,
      ...['adpcm_ms', 'adpcm_ima_wav', 'adpcm_yamaha', 'adpcm_swf', 'g722', 'adpcm_g722', 'g726', 'adpcm_g726'],
      ...['gsm', 'gsm_ms', 'libgsm', 'libgsm_ms', 'truespeech', 'dca', 'ac3', 'atrac3'],
    ],
  },
  { extensions: ['aif', 'aiff', 'aifc', 'aff'], demuxers: ['aiff'], decoders: pcm },
  { extensions: ['caf'], demuxers: ['caf'], decoders: [...pcm, 'alac', 'adpcm_ima_qt', 'ilbc'] },
  { extensions: ['au', 'snd'], demuxers: ['au'], decoders: pcm },
  { extensions: ['voc'], demuxers: ['voc'], decoders: pcm },
  { extensions: ['sf', 'ircam'], demuxers: ['ircam'], decoders: pcm },
  { extensions: ['sph', 'nist'], demuxers: ['nistsphere'], decoders: pcm },
  {
    extensions: ['wma', 'wmv', 'asf'],
    demuxers: ['asf', 'xwma'],
    decoders: ['wmav1', 'wmav2', 'wmapro', 'wmalossless', 'wmavoice'],
  },
  { extensions: ['ape'], demuxers: ['ape'], decoders: ['ape'] },
  { extensions: ['wv'], demuxers: ['wv'], decoders: ['wavpack'] },
  { extensions: ['mpc', 'mp+', 'mpp'], demuxers: ['mpc', 'mpc8'], decoders: ['mpc7', 'mpc8'] },
  { extensions: ['tta'], demuxers: ['tta'], decoders: ['tta'] },
  { extensions: ['tak'], demuxers: ['tak'], decoders: ['tak'] },
  { extensions: ['shn'], demuxers: ['shn'], decoders: ['shorten'] },
  {
    extensions: ['dsf', 'dff', 'dsdiff'],
    demuxers: ['dsf', 'iff'],
    decoders: ['dsd_lsbf', 'dsd_msbf', 'dsd_lsbf_planar', 'dsd_msbf_planar', 'dst'],
  },
  { extensions: ['ac3', 'eac3', 'ec3'], demuxers: ['ac3', 'eac3'], decoders: ['ac3', 'eac3'] },
  { extensions: ['dts', 'dtshd'], demuxers: ['dts', 'dtshd'], decoders: ['dca'] },
  { extensions: ['thd', 'truehd', 'mlp'], demuxers: ['truehd', 'mlp'], decoders: ['truehd', 'mlp'] },
  { extensions: ['amr', 'awb'], demuxers: ['amr'], decoders: ['amrnb', 'amrwb'] },
  {
    extensions: ['ra', 'rm', 'rmvb'],
    demuxers: ['rm'],
    decoders: ['cook', 'sipr', 'ra_144', 'ra_288', 'real_144', 'real_288', 'atrac3', 'ralf'],
  },
  {
    extensions: ['oma', 'aa3', 'at3', 'aea'],
    demuxers: ['oma', 'aea'],
    decoders: ['atrac1', 'atrac3', 'atrac3al', 'atrac3p', 'atrac3pal', 'atrac3plus', 'atrac3plusal'],
  },
  { extensions: ['avi', 'divx'], demuxers: ['avi'], decoders: ['mp3', 'ac3', ...pcm] },
  { extensions: ['flv', 'f4v'], demuxers: ['flv'], decoders: ['nellymoser', 'adpcm_swf', 'speex'] },
  {
    extensions: ['mpg', 'mpeg', 'vob', 'ts', 'm2ts', 'mts', 'm2t'],
    demuxers: ['mpeg', 'mpegts'],
    decoders: ['mp2', 'ac3', 'eac3', 'dca', 'truehd', 'pcm_bluray', 'pcm_dvd', 's302m', 'aac_latm'],
  },
];

/** Extensions that are treated as recordings. */
export const audioExtensions: ReadonlySet<string> = new Set(audioFormats.flatMap(({ extensions }) => extensions));
/** For ffmpeg's -format_whitelist. */
export const audioDemuxers: readonly string[] = [...new Set(audioFormats.flatMap(({ demuxers }) => demuxers))];
/** For ffmpeg's -codec_whitelist. */
export const audioDecoders: readonly string[] = [...new Set(audioFormats.flatMap(({ decoders }) => decoders))];
