/** The one place that sends replies: data in (reply.ts), messages out. */
import {
  AttachmentBuilder,
  type Client,
  type InteractionEditReplyOptions,
  type Message,
  type MessageComponentInteraction,
  type MessageCreateOptions,
  MessageFlags,
  type RepliableInteraction,
  type TextBasedChannel,
} from 'discord.js';
import type { Reply, ReplyFile } from './reply.ts';

/** Edits the acknowledged reply. A field that the reply lacks is emptied: what was there before was progress. Heavy
 *  payloads go this way, because a PATCH that discord.js repeats after a lost answer makes no second message. */
export async function editReply(interaction: RepliableInteraction, reply: Reply): Promise<Message> {
  return interaction.editReply({ ...toOptions(reply), attachments: [] } satisfies InteractionEditReplyOptions);
}

/** Changes the buttons below a message and leaves everything else, its attachments too, as it is. */
export async function editComponents(
  interaction: MessageComponentInteraction,
  { components = [] }: Reply,
): Promise<void> {
  await interaction.editReply({ components: [...components] });
}

/** A further message to the same interaction that only its person sees. */
export async function followUpPrivately(interaction: RepliableInteraction, reply: Reply): Promise<void> {
  await interaction.followUp({ ...toOptions(reply), flags: MessageFlags.Ephemeral });
}

/** An ordinary message by the bot itself.
 *  @param nonce equal nonces within minutes make one message, however often the call is repeated; at most 25 characters */
export async function postMessage(client: Client, channelId: string, reply: Reply, nonce: string): Promise<Message> {
  // Of several processes that share the servers, one speaks for jobs, also in servers that are another's.
  const channel = (await client.channels.fetch(channelId, { allowUnknownGuild: true })) as TextBasedChannel | null;
  if (!channel?.isSendable()) throw new RangeError(`Cannot post: channel ${channelId} takes no messages`);
  return channel.send({ ...toOptions(reply), nonce, enforceNonce: true } satisfies MessageCreateOptions);
}

export function toOptions({ content = '', embeds = [], components = [], files = [] }: Reply) {
  return { content, embeds: [...embeds], components: [...components], files: files.map(toAttachment) };
}

function toAttachment({ name, content, description }: ReplyFile): AttachmentBuilder {
  return new AttachmentBuilder('path' in content ? content.path : content.data, { name, description });
}
