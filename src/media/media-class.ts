/** What kind of file a key names, by Mastodon's layout (`[cache/]<class>/<attachment>/<id in groups of three>/<style>/<name>`). A closed set. */
export const mediaClasses = [
  'avatars',
  'headers',
  'media_original',
  'media_small',
  'thumbnails',
  'custom_emojis',
  'preview_cards',
  'site_uploads',
  /** Media of other servers, whatever kind: Mastodon can fetch them again. */
  'cache',
  /** Account archives. */
  'backups',
  'imports',
  /** Whatever is not Mastodon's. */
  'other',
] as const;

export type MediaClass = (typeof mediaClasses)[number];

const byFolder: readonly (readonly [prefix: string, found: MediaClass])[] = [
  ['accounts/avatars/', 'avatars'],
  ['accounts/headers/', 'headers'],
  ['media_attachments/thumbnails/', 'thumbnails'],
  ['custom_emojis/', 'custom_emojis'],
  ['preview_cards/', 'preview_cards'],
  ['site_uploads/', 'site_uploads'],
  ['cache/', 'cache'],
  ['backups/', 'backups'],
  ['imports/', 'imports'],
];

const attachments = 'media_attachments/files/';

export function mediaClass(key: string): MediaClass {
  // Styles of an attachment are `original` and `small`; some versions also wrote `static` and `icon`, small ones.
  if (key.startsWith(attachments))
    return key.includes('/original/', attachments.length) ? 'media_original' : 'media_small';
  return byFolder.find(([prefix]) => key.startsWith(prefix))?.[1] ?? 'other';
}

/** Ids below are serial numbers from before Mastodon 2.0: no time is in them. Above: later than the year 2100. */
const leastSnowflake = Date.UTC(2016, 0) * 2 ** 16;
const mostSnowflake = Date.UTC(2100, 0) * 2 ** 16;

/**
 * When what the key names was made, in milliseconds since the epoch, as far as the id in its path tells: since Mastodon 2.0 the ids of
 * attachments and accounts begin with the time, in milliseconds, above 16 bits of sequence (`lib/mastodon/snowflake.rb`). An account's id
 * tells of the account, and not of its newest picture: only attachments are looked at.
 */
export function uploadedMs(key: string): number | undefined {
  const path = key.startsWith('cache/') ? key.slice('cache/'.length) : key;
  const digits = /^media_attachments\/(?:files|thumbnails)\/(\d{3}(?:\/\d{3}){5,6})\//.exec(path)?.[1];
  if (digits === undefined) return undefined;
  const id = Number(digits.replaceAll('/', ''));
  return id >= leastSnowflake && id < mostSnowflake ? Math.floor(id / 2 ** 16) : undefined;
}
