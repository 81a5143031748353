/** Components and embeds as Discord returns them: omitted fields have their defaults, null fields are removed, and media have
 *  links. */
import { ComponentType as C } from 'discord-api-types/v10';

type Fields = Readonly<Record<string, unknown>>;
/** Resolves an `attachment://` or web link to a media object. */
export type MediaOf = (url: string) => Fields;

/** Converts nested components too. */
export function answerComponent(component: unknown, mediaOf: MediaOf): Fields {
  // `required` is a field of modals only.
  const { required: _, ...body } = withoutNulls(component as Fields);
  const { components, accessory, media, file, items } = body;
  return {
    ...defaults(body.type as C, body),
    ...body,
    ...(Array.isArray(components) ? { components: components.map((each) => answerComponent(each, mediaOf)) } : {}),
    ...(accessory ? { accessory: answerComponent(accessory, mediaOf) } : {}),
    ...(media ? { media: mediaOf((media as { url: string }).url) } : {}),
    ...(file
      ? { file: mediaOf((file as { url: string }).url), ...fileFields(mediaOf((file as { url: string }).url)) }
      : {}),
    ...(Array.isArray(items) ? { items: items.map((each) => answerItem(each as Fields, mediaOf)) } : {}),
  };
}

export function answerEmbed(embed: object, mediaOf: MediaOf): Fields {
  const body = withoutNulls(embed as Fields);
  const { image, thumbnail, author, footer, fields, timestamp } = body;
  const media = (part: unknown) => {
    // Media of embeds have only their links.
    const { id: _, attachment_id: __, name: ___, size: ____, ...rest } = mediaOf((part as { url: string }).url);
    return rest;
  };
  const icon = (part: unknown) => {
    const { icon_url: url, ...rest } = withoutNulls(part as Fields);
    if (typeof url !== 'string') return rest;
    const found = mediaOf(url);
    return { ...rest, icon_url: found.url, proxy_icon_url: found.proxy_url };
  };
  return {
    type: 'rich',
    ...body,
    ...(image ? { image: media(image) } : {}),
    ...(thumbnail ? { thumbnail: media(thumbnail) } : {}),
    ...(author ? { author: icon(author) } : {}),
    ...(footer ? { footer: icon(footer) } : {}),
    ...(Array.isArray(fields) ? { fields: fields.map((field) => ({ inline: false, ...withoutNulls(field) })) } : {}),
    ...(typeof timestamp === 'string' ? { timestamp: new Date(timestamp).toISOString() } : {}),
  };
}

function answerItem(item: Fields, mediaOf: MediaOf): Fields {
  return {
    description: null,
    spoiler: false,
    ...withoutNulls(item),
    media: mediaOf((item.media as { url: string }).url),
  };
}

function defaults(type: C, body: Fields): Fields {
  switch (type) {
    case C.StringSelect:
    case C.UserSelect:
    case C.RoleSelect:
    case C.MentionableSelect:
    case C.ChannelSelect:
      return {
        min_values: 1,
        max_values: 1,
        ...(Array.isArray(body.options) ? { options: body.options.map(withoutNulls) } : {}),
      };
    case C.Thumbnail:
      return { description: null, spoiler: false };
    case C.File:
      return { spoiler: false };
    case C.Container:
      return { accent_color: null, spoiler: false };
    case C.Separator:
      return { spacing: 1, divider: true };
    default:
      return {};
  }
}

function fileFields({ name = null, size = null }: Fields): Fields {
  return { name, size };
}

function withoutNulls(body: Fields): Fields {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined));
}
