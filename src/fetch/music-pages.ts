/** Sites whose links lead to a page with a player and never to a recording. They are recognised by their host, without a
 *  request. Pure. */

const sites: ReadonlySet<string> = new Set([
  ...[
    'youtube.com',
    'youtu.be',
    'youtube-nocookie.com',
    'yt.be',
    'vimeo.com',
    'dailymotion.com',
    'dai.ly',
    'rumble.com',
  ],
  ...['bilibili.com', 'b23.tv', 'nicovideo.jp', 'nico.ms', 'twitch.tv', 'odysee.com'],
  ...[
    'spotify.com',
    'spotify.link',
    'spoti.fi',
    'spotify.app.link',
    'soundcloud.com',
    'soundcloud.app.goo.gl',
    'snd.sc',
  ],
  ...['music.apple.com', 'itunes.apple.com', 'podcasts.apple.com', 'deezer.com', 'deezer.page.link', 'dzr.page.link'],
  ...['tidal.com', 'qobuz.com', 'napster.com', 'pandora.com', 'pandora.app.link', 'audiomack.com', 'mixcloud.com'],
  ...[
    'bandlab.com',
    'jamendo.com',
    'audius.co',
    'smule.com',
    'suno.com',
    'udio.com',
    'beatport.com',
    'vk.com',
    'vk.ru',
  ],
  ...['music.yandex.ru', 'music.yandex.com', 'gaana.com', 'jiosaavn.com', 'anghami.com', 'boomplay.com', 'joox.com'],
  ...['y.qq.com', 'music.163.com', 'kugou.com', 'melon.com', 'genie.co.kr'],
  ...['song.link', 'album.link', 'odesli.co', 'ffm.to', 'fanlink.to', 'hypeddit.com'],
  ...['shazam.com', 'genius.com', 'last.fm', 'discogs.com', 'rateyourmusic.com', 'musixmatch.com', 'whosampled.com'],
  ...['tiktok.com', 'instagram.com', 'instagr.am', 'facebook.com', 'fb.watch', 'fb.com', 'threads.net', 'threads.com'],
  ...['twitter.com', 'x.com', 'reddit.com', 'redd.it', 'snapchat.com', 'pinterest.com', 'tumblr.com'],
]);

/** Sites with a host for each artist. */
const sitesOfHosts: readonly string[] = ['bandcamp.com', 'lnk.to'];

/** Hosts of the same pages for phones, embedding or another design. Other hosts of these sites may serve recordings, for example
 *  feeds.soundcloud.com and geo-samples.beatport.com. */
const pagePrefix =
  /^(www|m|mobile|music|open|play|player|listen|embed|link|web|app|on|w|geo|vm|vt|clips|old|new|[a-z]{2})\./;

/** Amazon's hosts contain a country. */
const amazonMusic = /^music\.amazon\.(com|ca|in|[a-z]{2}|co\.[a-z]{2}|com\.[a-z]{2})$/;

/** @param hostname in lower case, as in URL */
export function isMusicPage(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (sites.has(host) || sites.has(host.replace(pagePrefix, '')) || amazonMusic.test(host)) return true;
  return sitesOfHosts.some((site) => host === site || host.endsWith(`.${site}`));
}
